/**
 * (a - 1)! b! / (a + b)! at `a * side + b`: the Shapley value of each of `a` players who are all
 * needed where none of `b` others may be there. For each of the others it is minus that at
 * `b * side + a`. Zero for a = 0.
 */
export function needWeights(side: number): Float64Array {
  const weights = new Float64Array(side * side);
  for (let a = 1; a < side; a += 1) {
    weights[a * side] = 1 / a;
    for (let b = 1; b < side; b += 1)
      weights[a * side + b] = ((weights[a * side + b - 1] ?? 0) * b) / (a + b);
  }
  return weights;
}
