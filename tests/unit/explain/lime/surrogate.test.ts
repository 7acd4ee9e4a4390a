import { describe, expect, test } from "vitest";
import { fitSurrogate } from "../../../../domain/explain/lime/surrogate.ts";
import type { Observations } from "../../../../domain/explain/lime/normal-equations.ts";
import { SELECTIONS } from "../../../../domain/explain/lime/select-features.ts";
import { seededRandom, type Random } from "../../../../domain/statistics/random.ts";
import { studentTQuantile } from "../../../../domain/statistics/student-t.ts";
import vectors from "../../vectors/explain/lime-surrogate.json";

const gaussianKernel = (distances: readonly number[], width: number): Float64Array =>
  Float64Array.from(distances, (distance) => Math.exp(-(distance ** 2) / (2 * width ** 2)));

/** Scores that bend in their columns, with noise that grows with the first. */
function bentRows(rows: number, columns: number, random: Random): Observations {
  const design = Float64Array.from({ length: rows * columns }, () => random.normal());
  const at = (row: number, column: number): number => design[row * columns + column] ?? 0;
  const scores = Float64Array.from({ length: rows }, (_, row) => {
    const bend = 2 * at(row, 0) - at(row, 1) + at(row, 0) * at(row, 2);
    return bend + 0.5 * (1 + Math.abs(at(row, 0))) * random.normal();
  });
  const weights = Float64Array.from({ length: rows }, (_, row) => Math.exp(-(at(row, 1) ** 2) / 4));
  return { design, scores, weights };
}

function without({ design, scores, weights }: Observations, row: number): Observations {
  const columns = design.length / scores.length;
  return {
    design: design.filter((_, at) => Math.floor(at / columns) !== row),
    scores: scores.filter((_, at) => at !== row),
    weights: weights.filter((_, at) => at !== row),
  };
}

describe("the surrogate is lime's", () => {
  test.each(vectors.cases)("$name", (vector) => {
    const observations = {
      design: Float64Array.from(vector.design),
      scores: Float64Array.from(vector.scores),
      weights: gaussianKernel(vector.distances, vector.kernel_width),
    };
    const compared = Object.entries(vector.expected).filter(
      ([, expected]) => expected !== undefined,
    );
    expect(compared.length).toBeGreaterThanOrEqual(4);
    for (const [name, expected] of compared) {
      const selection = SELECTIONS.find((one) => one === name) ?? "none";
      const found = fitSurrogate({ ...observations, features: vector.features, selection });
      for (const [column, coefficient] of expected.coefficients.entries())
        expect(found.coefficients[column], `${name}: column ${column}`).toBeCloseTo(
          coefficient,
          10,
        );
      expect(found.intercept).toBeCloseTo(expected.intercept, 10);
      expect(found.r2).toBeCloseTo(expected.r2, 10);
      expect(found.local_prediction).toBeCloseTo(expected.local_prediction, 10);
    }
  });

  test("among columns that say the same the lasso path takes one", () => {
    const observations = bentRows(60, 2, seededRandom("the same twice"));
    const twice = Float64Array.from({ length: 60 * 4 }, (_, at) =>
      at % 4 === 3
        ? 5
        : (observations.design[Math.floor(at / 4) * 2 + (at % 4 === 1 ? 1 : 0)] ?? 0),
    );
    const { coefficients } = fitSurrogate({
      ...observations,
      design: twice,
      features: 2,
      selection: "lasso_path",
    });
    expect([...coefficients].map((coefficient) => coefficient !== 0)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("the intervals of the coefficients", () => {
  test("are the jackknife's: the squared changes when each row is left out, summed", () => {
    const observations = bentRows(25, 3, seededRandom("jackknife"));
    const options = { features: 3, selection: "none" } as const;
    const all = fitSurrogate({ ...observations, ...options });
    const variances = new Float64Array(3);
    for (let row = 0; row < 25; row += 1) {
      const { coefficients } = fitSurrogate({ ...without(observations, row), ...options });
      for (const [at, coefficient] of coefficients.entries())
        variances[at] = (variances[at] ?? 0) + (coefficient - (all.coefficients[at] ?? 0)) ** 2;
    }
    const { weights } = observations;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const effective = total ** 2 / weights.reduce((sum, weight) => sum + weight ** 2, 0);
    const quantile = studentTQuantile(0.975, effective - 4);
    for (const [at, variance] of variances.entries())
      expect(all.half_widths[at]).toBeCloseTo(quantile * Math.sqrt(variance), 10);
  });

  test("hold what endless sampling would find in 95 % of the samples", () => {
    const random = seededRandom("coverage");
    const [rows, columns, many, repeats] = [120, 4, 60_000, 400];
    const options = { features: columns, selection: "none" } as const;
    const limit = fitSurrogate({
      ...bentRows(many, columns, random),
      ...options,
      alpha: many / rows,
    });
    let held = 0;
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const found = fitSurrogate({ ...bentRows(rows, columns, random), ...options });
      for (const [at, coefficient] of limit.coefficients.entries())
        if (Math.abs(coefficient - (found.coefficients[at] ?? 0)) <= (found.half_widths[at] ?? 0))
          held += 1;
    }
    const coverage = held / (repeats * columns);
    expect(coverage).toBeGreaterThan(0.93);
    expect(coverage).toBeLessThan(0.97);
  });

  test("a column that is left out has the coefficient 0 by choice, and no interval", () => {
    const observations = bentRows(100, 4, seededRandom("left out"));
    const { coefficients, half_widths } = fitSurrogate({
      ...observations,
      features: 2,
      selection: "forward_selection",
    });
    expect([...coefficients].filter((coefficient) => coefficient !== 0)).toHaveLength(2);
    expect([...half_widths].map((half) => half > 0)).toEqual(
      [...coefficients].map((coefficient) => coefficient !== 0),
    );
  });
});

describe("what is hard on a fit", () => {
  test("scores that do not vary are explained by the intercept", () => {
    const { design, weights } = bentRows(50, 3, seededRandom("constant"));
    const found = fitSurrogate({
      design,
      weights,
      scores: new Float64Array(50).fill(0.1),
      features: 2,
      selection: "auto",
    });
    expect(found.intercept).toBeCloseTo(0.1, 15);
    expect([...found.coefficients, ...found.half_widths]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(found.r2).toBe(1);
    expect(found.local_prediction).toBe(found.intercept);
  });

  test.each(SELECTIONS)("fewer rows than columns, %s", (selection) => {
    const observations = bentRows(4, 9, seededRandom("few rows"));
    const found = fitSurrogate({ ...observations, features: 8, selection });
    for (const number of [...found.coefficients, ...found.half_widths, found.r2, found.intercept])
      expect(number).toSatisfy(Number.isFinite);
  });

  test("without a penalty, a column that others tell gets nothing and the rest is exact", () => {
    const random = seededRandom("no penalty");
    const design = new Float64Array(40 * 3);
    const scores = new Float64Array(40);
    for (let row = 0; row < 40; row += 1) {
      const [one, other] = [random.normal(), random.normal()];
      design.set([one, other, 0.3 * one - 0.7 * other], row * 3);
      scores[row] = 1 + 2 * one + 3 * other;
    }
    const weights = new Float64Array(40).fill(1);
    const found = fitSurrogate({
      design,
      scores,
      weights,
      features: 3,
      selection: "none",
      alpha: 0,
    });
    for (const [at, planted] of [2, 3, 0].entries())
      expect(found.coefficients[at]).toBeCloseTo(planted, 12);
    expect(found.intercept).toBeCloseTo(1, 12);
    expect(found.r2).toBeCloseTo(1, 12);
  });

  test("large means cost no digits", () => {
    const observations = bentRows(80, 3, seededRandom("shifted"));
    const options = { features: 2, selection: "auto" } as const;
    const plain = fitSurrogate({ ...observations, ...options });
    const shifted = fitSurrogate({
      ...observations,
      design: observations.design.map((value) => value + 1e6),
      ...options,
    });
    for (const [at, coefficient] of plain.coefficients.entries())
      expect(shifted.coefficients[at]).toBeCloseTo(coefficient, 8);
  });
});

describe("what is refused", () => {
  const observations = bentRows(10, 3, seededRandom("refused"));
  const options = { ...observations, features: 2, selection: "none" } as const;

  test.each([
    ["features", { features: 0 }],
    ["features", { features: 1.5 }],
    ["features", { features: Number.NaN }],
    ["alpha", { alpha: -1 }],
    ["alpha", { alpha: Number.NaN }],
    ["kernel_width", { weights: new Float64Array(10) }],
  ])("%s: %o", (field, wrong) => {
    expect(() => fitSurrogate({ ...options, ...wrong })).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({ code: "option_invalid", field }),
      }),
    );
  });

  test.each([Number.NaN, Infinity])("a score of %s", (value) => {
    const scores = observations.scores.with(3, value);
    expect(() => fitSurrogate({ ...options, scores })).toThrow(/row 3 is (NaN|Infinity)/u);
  });
});
