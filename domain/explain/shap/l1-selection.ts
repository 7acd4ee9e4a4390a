import { ExplainFault } from "../explain-fault.ts";
import { coefficientsAt, leastAnglePath, type NormalEquations } from "./least-angle.ts";
import { addProducts, solveSymmetric } from "./least-squares.ts";

/** Which players a regression keeps, by the ways of shap's `l1_reg`. */
export type Selection =
  | { kind: "none" }
  /** The first `count` of least-angle regression. */
  | { kind: "num_features"; count: number }
  /** The lasso with the best information criterion. */
  | { kind: "aic" | "bic" }
  /** The lasso with the penalty `alpha`, on the scale of half the mean squared error. */
  | { kind: "lasso"; alpha: number };

/** Throws `ExplainFault` (option_invalid) for a number out of range. */
export function checkSelection(selection: Selection): void {
  const { kind } = selection;
  if (kind === "num_features" && (!Number.isInteger(selection.count) || selection.count < 1))
    throw new ExplainFault(
      "option_invalid",
      `l1.count is ${selection.count}, and has to be a whole number of players from 1`,
      "l1.count",
    );
  if (kind === "lasso" && !(selection.alpha > 0 && selection.alpha < Infinity))
    throw new ExplainFault(
      "option_invalid",
      `l1.alpha is ${selection.alpha}, and has to be a number above 0`,
      "l1.alpha",
    );
}

/** Coalitions and what they win more than the empty one; `gain` is what all win. */
export type WeighedGains = {
  masks: Uint8Array;
  weights: Float64Array;
  gains: Float64Array;
  gain: number;
};

/** The players kept, in ascending order. */
export function selectedPlayers(
  players: number,
  from: WeighedGains,
  selection: Selection,
): number[] {
  const all = Array.from({ length: players }, (_, player) => player);
  if (selection.kind === "none" || players < 2) return all;
  const kept = coefficientsOf(augmented(players, from), selection);
  return all.filter((player) => kept[player] !== 0);
}

function coefficientsOf(rows: WeighedRows, selection: Exclude<Selection, { kind: "none" }>) {
  if (selection.kind === "num_features") {
    const path = leastAnglePath(normalEquations(rows), { most: selection.count, lasso: false });
    return path.at(-1)?.coefficients ?? [];
  }
  if (selection.kind === "lasso") {
    const path = leastAnglePath(normalEquations(centred(rows, false)), LASSO);
    return coefficientsAt(path, selection.alpha * rows.targets.length);
  }
  return bestByCriterion(centred(rows, true), selection.kind);
}

const LASSO = { most: 500, lasso: true };

type WeighedRows = { size: number; rows: Float64Array; targets: Float64Array };

/**
 * The constrained regression without its constraint: each coalition once by what it wins more than
 * the empty one, and once by what it wins less than the full one, with the weights of joining and
 * of leaving.
 */
function augmented(players: number, { masks, weights, gains, gain }: WeighedGains): WeighedRows {
  const count = weights.length;
  const rows = new Float64Array(2 * count * players);
  const targets = new Float64Array(2 * count);
  for (let coalition = 0; coalition < count; coalition += 1) {
    const mask = masks.subarray(coalition * players, (coalition + 1) * players);
    const size = mask.reduce((sum, known) => sum + known, 0);
    const weight = weights[coalition] ?? 0;
    const [joins, leaves] = [Math.sqrt(weight * (players - size)), Math.sqrt(weight * size)];
    for (const [player, known] of mask.entries()) {
      rows[coalition * players + player] = joins * known;
      rows[(count + coalition) * players + player] = leaves * (known - 1);
    }
    targets[coalition] = joins * (gains[coalition] ?? 0);
    targets[count + coalition] = leaves * ((gains[coalition] ?? 0) - gain);
  }
  return { size: players, rows, targets };
}

/** Columns and targets around their means, and where `scaled` the columns by their standard deviations. */
function centred({ size, rows, targets }: WeighedRows, scaled: boolean): WeighedRows {
  const count = targets.length;
  const around = rows.slice();
  for (let column = 0; column < size; column += 1) {
    let [sum, squares] = [0, 0];
    for (let at = column; at < rows.length; at += size) sum += rows[at] ?? 0;
    for (let at = column; at < rows.length; at += size)
      squares += ((rows[at] ?? 0) - sum / count) ** 2;
    const scale = scaled && squares > 0 ? Math.sqrt(squares / count) : 1;
    for (let at = column; at < rows.length; at += size)
      around[at] = ((rows[at] ?? 0) - sum / count) / scale;
  }
  const mean = targets.reduce((sum, target) => sum + target, 0) / count;
  return { size, rows: around, targets: targets.map((target) => target - mean) };
}

function normalEquations({ size, rows, targets }: WeighedRows): NormalEquations {
  const gram = new Float64Array(size * size);
  const products = new Float64Array(size);
  let square = 0;
  for (const [at, target] of targets.entries()) {
    addProducts(gram, products, rows.subarray(at * size, (at + 1) * size), 1, target);
    square += target * target;
  }
  return { size, gram, products, square };
}

/**
 * Akaike's or Schwarz's criterion over the lasso's knots, with the noise of the full regression and
 * as many degrees of freedom as coefficients (Zou, Hastie & Tibshirani 2007).
 */
function bestByCriterion(rows: WeighedRows, criterion: "aic" | "bic"): Float64Array {
  const equations = normalEquations(rows);
  const count = rows.targets.length;
  const full = solveSymmetric(equations.gram, equations.products);
  const free = count - equations.size - 1;
  if (full === null || free < 1)
    throw new ExplainFault(
      "option_invalid",
      `${count / 2} coalitions do not determine the noise that l1 "${criterion}" asks for: raise samples`,
      "samples",
    );
  const noise = leftBy(equations, full) / free;
  const price = criterion === "aic" ? 2 : Math.log(count);
  const path = leastAnglePath(equations, LASSO);
  // Without noise no cost is a number, and the full regression stays.
  let [best, least] = [full, Infinity];
  for (const { coefficients } of path) {
    const taken = coefficients.reduce((sum, value) => sum + Number(value !== 0), 0);
    const cost = leftBy(equations, coefficients) / noise + price * taken;
    if (cost < least) [best, least] = [coefficients, cost];
  }
  return best;
}

/** The sum of squares that coefficients leave. */
function leftBy(
  { size, gram, products, square }: NormalEquations,
  coefficients: Float64Array,
): number {
  let left = square;
  for (let row = 0; row < size; row += 1) {
    let product = -2 * (products[row] ?? 0);
    for (let column = 0; column < size; column += 1)
      product += (gram[row * size + column] ?? 0) * (coefficients[column] ?? 0);
    left += product * (coefficients[row] ?? 0);
  }
  return Math.max(0, left);
}
