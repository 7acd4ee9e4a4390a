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
};

export type OutcomeSource = "served" | "reported";
export type RecordedOutcome = Outcome & { source: OutcomeSource };

export type OutcomeVerdict =
  | { kind: "new"; after: RecordedOutcome }
  | { kind: "completed"; before: RecordedOutcome; after: RecordedOutcome }
  | { kind: "duplicate" }
  | { kind: "rejected"; code: "variant_unknown" | "variant_mismatch" };

/**
 * How one outcome changes what is known of its request. Repeating an outcome changes nothing; a
 * report completes what serving noted, and a request that failed to be served stays failed,
 * whichever of the two is heard of first.
 */
export function recordOutcome(
  known: RecordedOutcome | undefined,
  outcome: Outcome,
  source: OutcomeSource,
): OutcomeVerdict {
  if (!known) return { kind: "new", after: { ...outcome, source } };
  const sameVariant = known.variant_id === outcome.variant_id;
  if (source === "served") {
    if (!sameVariant || !known.success || outcome.success) return { kind: "duplicate" };
    return { kind: "completed", before: known, after: { ...known, success: false } };
  }
  if (known.source === "reported") return { kind: "duplicate" };
  if (!sameVariant) return { kind: "rejected", code: "variant_mismatch" };
  const after: RecordedOutcome = {
    ...outcome,
    epoch: known.epoch,
    success: known.success && outcome.success,
    latency_ms: outcome.latency_ms ?? known.latency_ms,
    source,
  };
  return { kind: "completed", before: known, after };
}
