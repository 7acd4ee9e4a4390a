import { fail, ok, type Result } from "../result.ts";
import type { Degenerate } from "./degenerate.ts";
import { normalSf } from "./normal.ts";
import { degeneracy, rateDifference, type Proportion } from "./proportion.ts";

/** The side of the alternative hypothesis: "larger" says that the variant's rate is above the control's. */
export type Alternative = "two-sided" | "larger" | "smaller";

/**
 * The pooled two-proportion z test of variant against control.
 * Fails with `no_observations`, `invalid_sample`, or `no_variation` when all trials ended alike.
 */
export function twoProportionZTest(
  control: Proportion,
  variant: Proportion,
  alternative: Alternative = "two-sided",
): Result<{ z: number; pValue: number }, Degenerate> {
  const reason = degeneracy(control) ?? degeneracy(variant);
  if (reason) return fail({ code: reason });
  const trials = control.trials + variant.trials;
  const successes = control.successes + variant.successes;
  if (successes === 0 || successes === trials) return fail({ code: "no_variation" });

  const pooledVariance = (successes / trials) * ((trials - successes) / trials);
  const perTrial = 1 / control.trials + 1 / variant.trials;
  const z = rateDifference(control, variant) / Math.sqrt(pooledVariance * perTrial);
  // The smallest double stands for anything smaller.
  return ok({ z, pValue: Math.max(Number.MIN_VALUE, pValue(z, alternative)) });
}

function pValue(z: number, alternative: Alternative): number {
  if (alternative === "larger") return normalSf(z);
  if (alternative === "smaller") return normalSf(-z);
  return 2 * normalSf(Math.abs(z));
}
