import { isCollinear, ridge, sweep, type NormalEquations } from "./normal-equations.ts";

/** How the features that a surrogate keeps are found. */
export const SELECTIONS = [
  "auto",
  "forward_selection",
  "highest_weights",
  "lasso_path",
  "none",
] as const;
export type Selection = (typeof SELECTIONS)[number];

/** Up to so many features are looked for one by one where the selection is "auto". */
const MOST_FORWARD = 6;
const SELECTION_ALPHA = 0.01;

/** The columns to keep, at most `features` of them, in ascending order. `instance` is the row that is explained. */
export function selectFeatures(
  equations: NormalEquations,
  instance: Float64Array,
  features: number,
  selection: Selection,
): number[] {
  const all = Array.from({ length: equations.columns }, (_, column) => column);
  const chosen = ((): number[] => {
    switch (selection) {
      case "none":
        return all;
      case "forward_selection":
        return forwardSelection(equations, features);
      case "highest_weights":
        return highestWeights(equations, all, instance, features);
      case "lasso_path":
        return lassoPath(equations, features);
      case "auto":
        return features <= MOST_FORWARD
          ? forwardSelection(equations, features)
          : highestWeights(equations, all, instance, features);
    }
  })();
  return chosen.toSorted((a, b) => a - b);
}

/** One by one the column that raises R2 most; sweeping leaves what each has yet to tell. */
function forwardSelection({ columns, products }: NormalEquations, features: number): number[] {
  const size = columns + 1;
  const matrix = products.slice();
  const chosen: number[] = [];
  while (chosen.length < Math.min(features, columns)) {
    let best = -1;
    let most = -1;
    for (let column = 0; column < columns; column += 1) {
      if (chosen.includes(column)) continue;
      const gain = gainOf(matrix, products, size, column);
      if (gain <= most) continue;
      best = column;
      most = gain;
    }
    chosen.push(best);
    if (most > 0) sweep(matrix, size, best);
  }
  return chosen;
}

/** By how much a column lowers the sum of squared residuals. */
function gainOf(
  matrix: Float64Array,
  products: Float64Array,
  size: number,
  column: number,
): number {
  const pivot = matrix[column * size + column] ?? 0;
  if (isCollinear(pivot, products[column * size + column] ?? 0)) return 0;
  return (matrix[column * size + size - 1] ?? 0) ** 2 / pivot;
}

/** The columns of the largest contributions to the instance in a fit of all. */
function highestWeights(
  equations: NormalEquations,
  all: readonly number[],
  instance: Float64Array,
  features: number,
): number[] {
  const { coefficients } = ridge(equations, all, SELECTION_ALPHA);
  const share = (column: number): number =>
    Math.abs((coefficients[column] ?? 0) * (instance[column] ?? 0));
  return all.toSorted((a, b) => share(b) - share(a)).slice(0, features);
}

/**
 * The support at the smallest penalty of the lasso path at which a column enters or leaves and
 * that has at most `features` columns. The path is followed from penalty to penalty (LARS with the
 * lasso's modification, Efron, Hastie, Johnstone and Tibshirani 2004; the homotopy of Osborne,
 * Presnell and Turlach 2000): between two of them the coefficients are linear in the penalty.
 */
function lassoPath(equations: NormalEquations, features: number): number[] {
  const { columns, products } = equations;
  const size = columns + 1;
  const matrix = products.slice();
  const signs = new Int8Array(columns);
  let found: number[] = [];
  let penalty = Infinity;
  // A path has about as many steps as columns; only one that turns in circles by rounding has more.
  for (let step = 0; step <= 8 * columns; step += 1) {
    const next = nextEvent(matrix, products, signs, penalty);
    if (next !== null && next.sign === 0) signs[next.column] = 0;
    const support = [...signs.keys()].filter((column) => signs[column] !== 0);
    if (support.length <= features) found = support;
    if (next === null) break;
    sweep(matrix, size, next.column, next.sign === 0 ? -1 : 1);
    signs[next.column] = next.sign;
    penalty = next.penalty;
  }
  return found;
}

/** A column enters with a sign, or leaves (0), at a penalty. */
type PathEvent = { readonly column: number; readonly sign: number; readonly penalty: number };

/** The first event below the penalty; null where none is left and the path ends in the fit without a penalty. */
function nextEvent(
  matrix: Float64Array,
  products: Float64Array,
  signs: Int8Array,
  penalty: number,
): PathEvent | null {
  const columns = signs.length;
  const size = columns + 1;
  let best: PathEvent | null = null;
  const offer = (column: number, sign: number, at: number): void => {
    const reached = Math.min(at, penalty);
    if (reached > (best?.penalty ?? 0)) best = { column, sign, penalty: reached };
  };
  for (let column = 0; column < columns; column += 1) {
    // With the penalty p, the coefficient of an active column is free - p * slope (its slope's
    // sign turned, see `sweep`); the product of an inactive one with the residuals is free + p * slope.
    const free = matrix[column * size + columns] ?? 0;
    let slope = 0;
    for (let active = 0; active < columns; active += 1)
      slope += (matrix[column * size + active] ?? 0) * (signs[active] ?? 0);
    const own = signs[column] ?? 0;
    if (own !== 0) {
      if (own * slope > 0) offer(column, 0, -free / slope);
      continue;
    }
    if (isCollinear(matrix[column * size + column] ?? 0, products[column * size + column] ?? 0))
      continue;
    for (const sign of [1, -1])
      if (sign * slope < 1) offer(column, sign, (sign * free) / (1 - sign * slope));
  }
  return best;
}
