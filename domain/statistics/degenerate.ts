/**
 * Why samples allow no test: nothing was observed, too little for a variance, every observation was the same, or the
 * numbers describe no sample (not finite, or more successes than trials).
 */
export type Degenerate = {
  code: "no_observations" | "too_few_observations" | "no_variation" | "invalid_sample";
};
