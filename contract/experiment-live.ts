import type { Verdict } from "../domain/experiments/guard.ts";
import type { RampDecision } from "../domain/experiments/ramp.ts";
import type { SampleRatioReport } from "../domain/experiments/sample-ratio.ts";
import type { ExperimentSummary } from "../domain/experiments/summary.ts";

/** What a live connection sends: the experiment as it stands, when it opens and after changes. */
export type LiveFrame = ExperimentSummary & {
  type: "experiment";
  /** RFC 3339 UTC. */
  at: string;
  ramp: RampDecision | null;
  guardrails: Verdict[];
  /** Of all guardrails together; a rollback takes `log_threshold`. */
  log_e_value: number | null;
  log_threshold: number | null;
  sample_ratio: SampleRatioReport | null;
  last_event: { type: string; at: string; data: Record<string, unknown> } | null;
};
