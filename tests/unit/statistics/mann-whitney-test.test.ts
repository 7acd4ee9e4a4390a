import { array, assert, constantFrom, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { evidencePValue } from "../../../domain/statistics/e-values.ts";
import {
  mannWhitneyTest,
  type Histogram,
  type MannWhitneyTest,
} from "../../../domain/statistics/mann-whitney-test.ts";
import { binOf } from "../../../domain/statistics/quantile-sketch.ts";
import { sequentialQuantileTest } from "../../../domain/statistics/sequential-quantile-test.ts";
import type { Alternative } from "../../../domain/statistics/two-proportion-z-test.ts";
import vectors from "../vectors/statistics/mann_whitney.json";
import { relativeError } from "./relative-error.ts";

const each = (values: readonly number[]): Histogram => values.map((value) => [value, 1]);

function compare(
  control: readonly number[],
  variant: readonly number[],
  alternative: Alternative = "two-sided",
  method?: "normal",
): MannWhitneyTest {
  const test = mannWhitneyTest(each(control), each(variant), alternative, method);
  if (!test.ok) throw new Error(test.error.code);
  return test.value;
}

describe("mannWhitneyTest", () => {
  it.each(vectors.cases)("of $control and $variant", ({ control, variant, u, ...vector }) => {
    const expected: [Alternative, number, number | null][] = [
      ["two-sided", vector.asymptotic_two_sided, vector.exact_two_sided],
      ["larger", vector.asymptotic_larger, vector.exact_larger],
      ["smaller", vector.asymptotic_smaller, vector.exact_smaller],
    ];
    for (const [alternative, normal, exact] of expected) {
      const approximate = compare(control, variant, alternative, "normal");
      expect(approximate.u).toBe(u);
      expect(approximate.method).toBe("normal");
      expect(relativeError(approximate.pValue, normal)).toBeLessThan(1e-12);
      if (exact === null || control.length * variant.length > 2_500) continue;
      const found = compare(control, variant, alternative);
      expect(found.method).toBe("exact");
      expect(relativeError(found.pValue, exact)).toBeLessThan(1e-12);
    }
  });

  it("counts pairs, ties as one half", () => {
    const values = array(integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 });
    assert(
      property(values, values, (control, variant) => {
        const pairs = control.flatMap((c) =>
          variant.map((v) => (v > c ? 1 : v === c ? 0.5 : 0) as number),
        );
        const test = mannWhitneyTest(each(control), each(variant));
        if (!test.ok) {
          expect(test.error.code).toBe("no_variation");
          return;
        }
        const u = pairs.reduce((sum, pair) => sum + pair, 0);
        expect(test.value.u).toBe(u);
        expect(test.value.effectSize).toBeCloseTo(u / pairs.length, 14);
      }),
    );
  });

  it("sees values only through their order, and repeated values through their counts", () => {
    const values = array(integer({ min: 0, max: 30 }), { minLength: 2, maxLength: 12 });
    const alternatives = constantFrom<Alternative>("two-sided", "larger", "smaller");
    assert(
      property(values, values, alternatives, (control, variant, alternative) => {
        const stretch = (all: readonly number[]): Histogram => each(all.map((x) => Math.exp(x)));
        const counted = (all: readonly number[]): Histogram =>
          [...new Set(all)].map((x) => [x, all.filter((y) => y === x).length]);
        const plain = mannWhitneyTest(each(control), each(variant), alternative);
        expect(mannWhitneyTest(stretch(control), stretch(variant), alternative)).toEqual(plain);
        expect(mannWhitneyTest(counted(control), counted(variant), alternative)).toEqual(plain);
        const mirror = { larger: "smaller", smaller: "larger", "two-sided": "two-sided" } as const;
        const swapped = mannWhitneyTest(each(variant), each(control), mirror[alternative]);
        const p = plain.ok ? plain.value.pValue : 1;
        expect(relativeError(swapped.ok ? swapped.value.pValue : 1, p)).toBeLessThan(1e-12);
      }),
    );
  });

  it("stays accurate for millions of values", () => {
    const control: Histogram = [
      [1, 3e6],
      [2, 2e6],
    ];
    const variant: Histogram = [
      [1, 2e6],
      [2, 3e6],
    ];
    const test = mannWhitneyTest(control, variant);
    expect(test).toMatchObject({
      ok: true,
      value: { u: 15e12, effectSize: 0.6, method: "normal" },
    });
    expect(test.ok && test.value.pValue).toBe(Number.MIN_VALUE);
  });

  it.each<[Histogram, string]>([
    [[], "no_observations"],
    [[[1, 0]], "no_observations"],
    [[[5, 3]], "no_variation"],
    [[[NaN, 3]], "invalid_sample"],
    [[[1, -3]], "invalid_sample"],
  ])("refuses %j: %s", (variant, code) => {
    expect(mannWhitneyTest([[5, 2]], variant)).toEqual({ ok: false, error: { code } });
  });
});

/**
 * Arrays from issues of another canary judge, which passed each of them although its users saw a regression. What can be
 * said of so few values: each arm has 6 to 15.
 */
describe("arrays on which a canary judge was found too lenient", () => {
  const cases = {
    // https://github.com/spinnaker/spinnaker/issues/6278
    "seven of ten a hundred times slower": {
      control: Array.from({ length: 10 }, () => 1),
      variant: [...Array.from({ length: 7 }, () => 100), 1, 1, 1],
    },
    // https://github.com/spinnaker/kayenta/issues/426
    "three errors where there were none": {
      control: [0, 0, 0, 0, 0, 0],
      variant: [0, 1, 2, 1, 0, 0],
    },
    // https://github.com/spinnaker/kayenta/issues/780
    "a control that is all over the place": {
      control: [1, 100, 4, 101, 5, 102, 6, 103, 7, 104, 8, 105, 9, 106, 17],
      variant: [...tenths(10, 7), ...tenths(17, 8)],
    },
  };

  function tenths(from: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => from + i / 10);
  }

  const always = (control: readonly number[], variant: readonly number[], q: number): number => {
    const stratum = {
      control: control.map((x) => [binOf(x), 1] as const),
      variant: variant.map((x) => [binOf(x), 1] as const),
    };
    const test = sequentialQuantileTest([stratum], q, 0.25);
    return test.ok ? evidencePValue(test.value.logEValue) : NaN;
  };

  it("Mann-Whitney, one-sided, finds the first at 0.1%, the second at 5% and nothing in the third", () => {
    const p = Object.values(cases).map(
      ({ control, variant }) => compare(control, variant, "larger").pValue,
    );
    const effects = Object.values(cases).map(
      ({ control, variant }) => compare(control, variant).effectSize,
    );
    console.log(`lenient judge: Mann-Whitney p ${p.join(", ")}; effects ${effects.join(", ")}`);
    expect(p[0]).toBeLessThan(0.001);
    expect(p[1]).toBeGreaterThan(0.025);
    expect(p[1]).toBeLessThan(0.05);
    expect(p[2]).toBeGreaterThan(0.2);
    expect(effects[0]).toBe(0.85);
    expect(effects[1]).toBe(0.75);
  });

  it("the always-valid test of the median or the p95 needs more values than any of them has", () => {
    for (const { control, variant } of Object.values(cases))
      for (const q of [0.5, 0.95]) expect(always(control, variant, q)).toBeGreaterThan(0.3);
  });

  it("ten times as many values like the first are enough", () => {
    const { control, variant } = cases["seven of ten a hundred times slower"];
    const tenTimes = (values: readonly number[]): number[] =>
      Array.from({ length: 10 }, () => values).flat();
    const p = always(tenTimes(control), tenTimes(variant), 0.5);
    expect(p).toBeLessThan(0.05);
  });
});
