import { expect, test } from "vitest";
import {
  coefficientsAt,
  leastAnglePath,
  type NormalEquations,
} from "../../../../domain/explain/shap/least-angle.ts";
import { addProducts } from "../../../../domain/explain/shap/least-squares.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { apart } from "./games.ts";

const SIZE = 6;

/** Columns with much in common, so that some leave the lasso's path; the last may be the first once more. */
function problem(seed: number, collinear = false): NormalEquations {
  const random = seededRandom(seed);
  const gram = new Float64Array(SIZE * SIZE);
  const products = new Float64Array(SIZE);
  let square = 0;
  for (let row = 0; row < 9; row += 1) {
    const shared = random.normal();
    const values = Float64Array.from({ length: SIZE }, () => random.normal() + 1.5 * shared);
    if (collinear) values[SIZE - 1] = values[0] ?? 0;
    const target = random.normal() + shared;
    addProducts(gram, products, values, 1, target);
    square += target * target;
  }
  return { size: SIZE, gram, products, square };
}

/** Each variable's product with what the coefficients leave. */
const leftOf = ({ gram, products }: NormalEquations, coefficients: Float64Array): Float64Array =>
  products.map((product, row) =>
    coefficients.reduce(
      (left, coefficient, column) => left - (gram[row * SIZE + column] ?? 0) * coefficient,
      product,
    ),
  );

const lasso = { most: 100, lasso: true };

test("on the lasso's path every variable taken has the level's product, with its sign, and no other a larger", () => {
  let drops = 0;
  for (let seed = 0; seed < 60; seed += 1) {
    const equations = problem(seed);
    const path = leastAnglePath(equations, lasso);
    const taken = path.map(({ coefficients }) => coefficients.filter((one) => one !== 0).length);
    // A step takes one in, unless another is dropped.
    drops += taken.filter((count, at) => count <= (taken[at - 1] ?? -1)).length;
    const levels = path.flatMap(({ level }, at) => [
      level,
      (level + (path[at + 1]?.level ?? level)) / 2,
    ]);
    for (const level of levels) {
      const coefficients = coefficientsAt(path, level);
      for (const [at, left] of leftOf(equations, coefficients).entries()) {
        const coefficient = coefficients[at] ?? NaN;
        if (coefficient === 0) expect(Math.abs(left), `seed ${seed}`).toBeLessThan(level + 1e-9);
        else expect(left * Math.sign(coefficient), `seed ${seed}`).toBeCloseTo(level, 8);
      }
    }
    expect(path.at(-1)?.level).toBeLessThan(1e-8 * (path[0]?.level ?? 0));
  }
  expect(drops).toBeGreaterThan(10);
});

test("without the lasso one variable more is taken at each step, and the end is least squares", () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const equations = problem(seed);
    const path = leastAnglePath(equations, { most: 100, lasso: false });
    expect(path.map(({ coefficients }) => coefficients.filter((one) => one !== 0).length)).toEqual([
      0, 1, 2, 3, 4, 5, 6,
    ]);
    const left = leftOf(equations, path.at(-1)?.coefficients ?? new Float64Array());
    expect(apart(left, new Float64Array(SIZE))).toBeLessThan(1e-9);
    const short = leastAnglePath(equations, { most: 3, lasso: false });
    expect(short).toEqual(path.slice(0, 4));
  }
});

test("a variable that is another once more stays out, and the path goes on", () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const equations = problem(seed, true);
    for (const options of [lasso, { ...lasso, lasso: false }]) {
      const end = leastAnglePath(equations, options).at(-1);
      expect(end?.coefficients.filter((one) => one !== 0)).toHaveLength(5);
      const left = leftOf(equations, end?.coefficients ?? new Float64Array());
      expect(apart(left, new Float64Array(SIZE)), `seed ${seed}`).toBeLessThan(1e-7);
    }
  }
});
