/** An explanation as far as it has come. A player is whatever gets a share: a feature, a group, a segment, a word. */
export type Estimate = {
  /** What the score is taken to be where nothing is known of the instance. */
  base: number;
  /** The score of the instance itself. */
  prediction: number;
  /** The contribution of each player; for an additive method `base` and these add up to `prediction`. */
  values: Float64Array;
  /** Half the width of a 95 % confidence interval of each value, 0 where it is exact; null where the method knows none. */
  half_widths: Float64Array | null;
  /** Rows that the model has run for it so far. */
  rows: number;
  /** `players` x `players`, symmetric, where they were asked for: row sums are the values, the diagonal holds main effects. */
  interactions?: Float64Array;
  /** How well a surrogate fits around the instance (LIME). */
  fit?: { intercept: number; local_prediction: number; r2: number };
};

/**
 * Ever better estimates of one explanation; the last is the best. Each is a value of its own, so
 * that a reader may keep it. Who has enough ends the loop, which ends the work.
 */
export type Estimates = AsyncGenerator<Estimate, void, void>;

/** What is left unexplained by an additive explanation. */
export const residualOf = ({ base, prediction, values }: Estimate): number =>
  prediction - values.reduce((sum, value) => sum + value, base);

/** The last of the estimates. */
export async function lastEstimate(estimates: Estimates): Promise<Estimate> {
  let last: Estimate | undefined;
  for await (const estimate of estimates) last = estimate;
  if (last === undefined) throw new Error("an explainer ended without an estimate");
  return last;
}
