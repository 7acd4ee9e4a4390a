import { studentTQuantile } from "../../statistics/student-t.ts";

/** Means and sums of squared deviations of independent draws, of several variables at once. */
export type RunningMoments = {
  counts: Float64Array;
  means: Float64Array;
  squares: Float64Array;
};

export const noDraws = (variables: number): RunningMoments => ({
  counts: new Float64Array(variables),
  means: new Float64Array(variables),
  squares: new Float64Array(variables),
});

/** Welford's update (1962). */
export function addDraw(
  { counts, means, squares }: RunningMoments,
  variable: number,
  value: number,
): void {
  const count = (counts[variable] ?? 0) + 1;
  const before = value - (means[variable] ?? 0);
  counts[variable] = count;
  means[variable] = (means[variable] ?? 0) + before / count;
  squares[variable] = (squares[variable] ?? 0) + before * (value - (means[variable] ?? 0));
}

/** A draw of every variable. */
export function addDraws(moments: RunningMoments, draw: Float64Array): void {
  for (let variable = 0; variable < draw.length; variable += 1)
    addDraw(moments, variable, draw[variable] ?? 0);
}

/** The unbiased sample variance of one draw; NaN for fewer than two. */
export const varianceOf = ({ counts, squares }: RunningMoments, variable: number): number =>
  (squares[variable] ?? 0) / ((counts[variable] ?? 0) - 1);

/** Half the width of Student's 95 % interval of each mean; null where a variable has fewer than two draws. */
export function halfWidthsOf(moments: RunningMoments): Float64Array | null {
  if (moments.counts.some((count) => count < 2)) return null;
  let [quantile, of] = [0, 0];
  return moments.counts.map((count, variable) => {
    if (count !== of) [quantile, of] = [studentTQuantile(0.975, count - 1), count];
    return quantile * Math.sqrt(varianceOf(moments, variable) / count);
  });
}
