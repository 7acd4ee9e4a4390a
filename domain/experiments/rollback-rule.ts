import type { RollbackPolicy } from "./experiment.ts";
import { errorRate, type RequestCounts } from "./request-counts.ts";

/** Running totals of one variant, as far as the rule reads them. */
export type GuardedTotals = {
  variant_id: string;
  counts: RequestCounts;
  latency_p95_ms: number | null;
};

export type Breach = {
  variant_id: string;
  guardrail: "error_rate" | "latency_p95_ms";
  value: number;
  /** What the value must not exceed. */
  limit: number;
  control_value: number | null;
  /** Requests of the variant when it was judged. */
  requests: number;
};

/**
 * The first variant that breaks the policy: its error rate is over the threshold, or its p95
 * latency is over the control's by more than the tolerated share. Asked after every outcome, it
 * answers a fixed threshold and makes no statistical claim.
 */
export function findBreach(
  policy: RollbackPolicy,
  control: GuardedTotals,
  variants: readonly GuardedTotals[],
): Breach | null {
  const fewest = Math.max(1, policy.min_requests);
  for (const { variant_id, counts, latency_p95_ms } of variants) {
    const { requests } = counts;
    const judged = { variant_id, requests };
    const rate = errorRate(counts, fewest);
    if (rate === null) continue;
    if (rate > policy.error_rate_threshold) {
      const limit = policy.error_rate_threshold;
      const control_value = errorRate(control.counts);
      return { ...judged, guardrail: "error_rate", value: rate, limit, control_value };
    }
    if (control.counts.requests < fewest) continue;
    if (latency_p95_ms === null || control.latency_p95_ms === null) continue;
    const control_value = control.latency_p95_ms;
    const limit = control_value * (1 + policy.latency_degradation_threshold);
    if (latency_p95_ms > limit)
      return {
        ...judged,
        guardrail: "latency_p95_ms",
        value: latency_p95_ms,
        limit,
        control_value,
      };
  }
  return null;
}

/** The breach as a sentence for events, logs and the reply. */
export function describeBreach({
  guardrail,
  value,
  limit,
  control_value,
  requests,
}: Breach): string {
  if (guardrail === "error_rate") {
    const against = control_value === null ? "" : ` (control ${percent(control_value)})`;
    return `error rate ${percent(value)}${against} is over ${percent(limit)} after ${requests} requests`;
  }
  return `p95 latency ${milliseconds(value)} is over ${milliseconds(limit)} (control ${milliseconds(control_value ?? 0)}) after ${requests} requests`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
