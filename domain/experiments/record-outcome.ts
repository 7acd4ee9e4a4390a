/**
 * What is known of one request. The platform notes that it served the request; the caller reports
 * what came of it. Both name the same request, so the report completes the note and is counted once.
 */
export type Outcome = {
  request_id: string;
  variant_id: string;
  epoch: number;
  success: boolean;
  latency_ms: number | null;
  metrics: Record<string, number>;
  /** A report of a higher revision replaces the one before. */
  revision: number;
  /** The unit's value of the primary metric from before the experiment, for CUPED. */
  covariate: number | null;
};

export type OutcomeSource = "served" | "reported";
export type RecordedOutcome = Outcome & {
  source: OutcomeSource;
  /** The platform could not serve it, whatever its caller says. */
  unserved: boolean;
};

export type OutcomeVerdict =
  | { kind: "new"; after: RecordedOutcome }
  | { kind: "completed"; before: RecordedOutcome; after: RecordedOutcome }
  | { kind: "duplicate" }
  | { kind: "rejected"; code: "variant_mismatch" };

/**
 * How one outcome changes what is known of its request. Repeating an outcome changes nothing; a
 * report completes what serving noted, a later revision corrects it, and a request that failed to
 * be served stays failed, whichever is heard of first. The epoch is the one first heard of.
 */
export function recordOutcome(
  known: RecordedOutcome | undefined,
  outcome: Outcome,
  source: OutcomeSource,
): OutcomeVerdict {
  const unserved = source === "served" && !outcome.success;
  if (!known) return { kind: "new", after: { ...outcome, source, unserved } };
  const sameVariant = known.variant_id === outcome.variant_id;
  if (source === "served") {
    if (!sameVariant || known.unserved || !unserved) return { kind: "duplicate" };
    return { kind: "completed", before: known, after: { ...known, success: false, unserved } };
  }
  if (known.source === "reported" && outcome.revision <= known.revision)
    return { kind: "duplicate" };
  if (!sameVariant) return { kind: "rejected", code: "variant_mismatch" };
  const after: RecordedOutcome = {
    ...outcome,
    epoch: known.epoch,
    success: !known.unserved && outcome.success,
    latency_ms: outcome.latency_ms ?? known.latency_ms,
    covariate: outcome.covariate ?? known.covariate,
    source,
    unserved: known.unserved,
  };
  return { kind: "completed", before: known, after };
}
