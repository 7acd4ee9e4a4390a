import { seededRandom } from "../../statistics/random.ts";
import type { Explained, ExplanationType, Method } from "../explanation.ts";
import { attributionDrift, type AttributionDrift } from "../summary/attribution-drift.ts";
import { tableFrom } from "./summarise-explanations.ts";

export type DriftRequest = { alpha: number; ndcg_limit: number; seed: number };

/** Whether a model explains live rows by other features than it did those of its baseline. */
export type DriftExplained = AttributionDrift & {
  method: Method;
  method_version: number;
  explanation_type: ExplanationType;
  seed: number;
  model_rows: number;
};

export function driftOfExplanations(
  baseline: readonly Explained[],
  live: readonly Explained[],
  { alpha, ndcg_limit, seed }: DriftRequest,
): DriftExplained {
  const before = tableFrom(baseline);
  const { table } = tableFrom(live);
  const random = seededRandom(`drift ${seed}`);
  const { method, method_version, explanation_type } = before.first;
  return {
    method,
    method_version,
    explanation_type,
    seed,
    model_rows: [...baseline, ...live].reduce((sum, { model_rows }) => sum + model_rows, 0),
    ...attributionDrift(before.table, table, { random, alpha, ndcg_limit }),
  };
}
