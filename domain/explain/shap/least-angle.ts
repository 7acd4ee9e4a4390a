import { solveSymmetric } from "./least-squares.ts";

/** A least-squares problem by its sums: Gram matrix, products with the target, and the target's own square. */
export type NormalEquations = {
  size: number;
  gram: Float64Array;
  products: Float64Array;
  square: number;
};

/** Where the path turns: the coefficients, and the largest product of a variable with what they leave. */
export type Knot = { coefficients: Float64Array; level: number };

/** Below this share of the first, a level is what rounding leaves. */
const NO_LEVEL = 1e-9;
/** What rounding may take from a product, as a share of the first level. */
const ROUNDED = 1e-10;

/**
 * The knots of least-angle regression, all coefficients 0 first; `lasso` takes a variable out where
 * its coefficient passes zero (Efron, Hastie, Johnstone & Tibshirani 2004). Ends after `most` steps,
 * or at the least-squares solution. A variable that is a combination of those taken stays out.
 */
export function leastAnglePath(
  { size, gram, products }: NormalEquations,
  { most, lasso }: { most: number; lasso: boolean },
): Knot[] {
  const path: Knot[] = [{ coefficients: new Float64Array(size), level: largest(products) }];
  const active: number[] = [];
  const out = new Set<number>();
  const left = products.slice();
  let dropped: number | undefined;
  for (let knot = path[0]; knot !== undefined && path.length <= most; knot = path.at(-1)) {
    const { coefficients, level } = knot;
    const first = path[0]?.level ?? 0;
    if (level <= NO_LEVEL * first) break;
    if (dropped === undefined) enter(left, level - ROUNDED * first, active, out);
    if (active.length === 0) break;
    const signs = Float64Array.from(active, (one) => Math.sign(left[one] ?? 0));
    const direction = solveSymmetric(among(gram, size, active), signs);
    if (direction === null) {
      out.add(active.pop() ?? 0);
      continue;
    }
    const slopes = slopesOf(gram, size, active, direction);
    const step = stepToNext(left, slopes, level, new Set([...active, ...out]));
    const turn = lasso ? firstTurn(coefficients, active, direction) : NO_TURN;
    const length = Math.min(step, turn.step);
    const next = coefficients.slice();
    for (const [at, one] of active.entries())
      next[one] = (next[one] ?? 0) + length * (direction[at] ?? 0);
    for (let at = 0; at < size; at += 1) left[at] = (left[at] ?? 0) - length * (slopes[at] ?? 0);
    dropped = turn.step < step ? active.splice(turn.index, 1)[0] : undefined;
    if (dropped !== undefined) {
      next[dropped] = 0;
      // Without it, those that it made up may come in.
      out.clear();
    }
    path.push({ coefficients: next, level: level - length });
  }
  return path;
}

/** The lasso's coefficients where the penalty is `level`, between two knots of its path. */
export function coefficientsAt(path: readonly Knot[], level: number): Float64Array {
  const after = path.findIndex((knot) => knot.level <= level);
  const [before, next] = [path[after - 1], path[after]];
  if (before === undefined || next === undefined)
    return (next ?? path.at(-1))?.coefficients ?? new Float64Array();
  const share = (before.level - level) / (before.level - next.level);
  return before.coefficients.map(
    (from, at) => from + share * ((next.coefficients[at] ?? 0) - from),
  );
}

/** Takes in the variable that has most to do with what is left, if that is at least `level`. */
function enter(
  left: Float64Array,
  level: number,
  active: number[],
  out: ReadonlySet<number>,
): void {
  let [best, most] = [-1, level];
  for (const [at, value] of left.entries())
    if (Math.abs(value) > most && !active.includes(at) && !out.has(at))
      [best, most] = [at, Math.abs(value)];
  if (best >= 0) active.push(best);
}

/**
 * How far until another variable has as much to do with what is left as the active ones; at most to
 * nothing left. One that was just dropped has a slope beyond theirs, so that it comes back from the
 * other side only.
 */
function stepToNext(
  left: Float64Array,
  slopes: Float64Array,
  level: number,
  except: ReadonlySet<number>,
): number {
  let step = level;
  for (const [at, value] of left.entries()) {
    if (except.has(at)) continue;
    const slope = slopes[at] ?? 0;
    // What is left over how fast it closes; a difference below 0 is rounding of 0.
    if (slope < 1) step = Math.min(step, Math.max(0, level - value) / (1 - slope));
    if (slope > -1) step = Math.min(step, Math.max(0, level + value) / (1 + slope));
  }
  return step;
}

const NO_TURN = { step: Infinity, index: -1 };

/** The first active coefficient on its way to zero, and how far that is. */
function firstTurn(
  coefficients: Float64Array,
  active: readonly number[],
  direction: Float64Array,
): { step: number; index: number } {
  let first = NO_TURN;
  for (const [index, one] of active.entries()) {
    const step = -(coefficients[one] ?? 0) / (direction[index] ?? 1);
    if (step > 0 && step < first.step) first = { step, index };
  }
  return first;
}

function slopesOf(
  gram: Float64Array,
  size: number,
  active: readonly number[],
  direction: Float64Array,
): Float64Array {
  const slopes = new Float64Array(size);
  for (const [at, one] of active.entries())
    for (let other = 0; other < size; other += 1)
      slopes[other] = (slopes[other] ?? 0) + (gram[one * size + other] ?? 0) * (direction[at] ?? 0);
  return slopes;
}

const among = (gram: Float64Array, size: number, active: readonly number[]): Float64Array =>
  Float64Array.from(
    active.flatMap((row) => active.map((column) => gram[row * size + column] ?? 0)),
  );

const largest = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
