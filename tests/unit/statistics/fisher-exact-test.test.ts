import { assert, double, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { fisherExactTest } from "../../../domain/statistics/fisher-exact-test.ts";
import type { Proportion } from "../../../domain/statistics/proportion.ts";
import type { Alternative } from "../../../domain/statistics/two-proportion-z-test.ts";
import vectors from "../vectors/statistics/fisher_exact.json";
import { relativeError } from "./relative-error.ts";

const pValue = (control: Proportion, variant: Proportion, alternative?: Alternative): number => {
  const test = fisherExactTest(control, variant, alternative);
  return test.ok ? test.value.pValue : NaN;
};

describe("fisherExactTest", () => {
  it.each(vectors.cases)("of $control and $variant: $p_two_sided", ({ control, variant, ...p }) => {
    const most = Math.max(control.trials, variant.trials);
    // The terms are 2^-53 of deviances of up to some hundreds; a billion trials lose more in the recurrence.
    const tolerance = most > 1e6 ? 1e-9 : 1e-11;
    expect(relativeError(pValue(control, variant), p.p_two_sided)).toBeLessThan(tolerance);
    expect(relativeError(pValue(control, variant, "larger"), p.p_larger)).toBeLessThan(tolerance);
    expect(relativeError(pValue(control, variant, "smaller"), p.p_smaller)).toBeLessThan(tolerance);
  });

  it("sums what its definition says, in small tables", () => {
    const counts = integer({ min: 0, max: 12 });
    assert(
      property(counts, counts, counts, counts, (a, b, c, d) => {
        if (a + b === 0 || c + d === 0) return;
        const [control, variant] = [
          { successes: a, trials: a + b },
          { successes: c, trials: c + d },
        ];
        const weight = (k: number): number => choose(a + b, a + c - k) * choose(c + d, k);
        const tables = Array.from({ length: a + c + 1 }, (_, k) => k);
        const all = tables.reduce((sum, k) => sum + weight(k), 0);
        const sum = (belongs: (k: number) => boolean): number =>
          tables.reduce((most, k) => most + (belongs(k) ? weight(k) : 0), 0) / all;
        const found = [pValue(control, variant, "larger"), pValue(control, variant, "smaller")];
        expect(found[0]).toBeCloseTo(
          sum((k) => k >= c),
          12,
        );
        expect(found[1]).toBeCloseTo(
          sum((k) => k <= c),
          12,
        );
        expect(pValue(control, variant)).toBeCloseTo(
          sum((k) => weight(k) <= weight(c) * (1 + 1e-9)),
          12,
        );
      }),
    );
  });

  it("does not mind which arm is which, nor what counts as success", () => {
    const counts = integer({ min: 1, max: 1_000_000 });
    const change = double({ min: 0.99, max: 1.01, noNaN: true });
    assert(
      property(counts, counts, change, change, (a, b, ofSuccesses, ofMisses) => {
        const c = Math.round(a * ofSuccesses);
        const d = Math.round(b * ofMisses);
        const [control, variant] = [
          { successes: a, trials: a + b },
          { successes: c, trials: c + d },
        ];
        const p = pValue(control, variant);
        expect(relativeError(pValue(variant, control), p)).toBeLessThan(1e-9);
        const misses = [
          { successes: b, trials: a + b },
          { successes: d, trials: c + d },
        ] as const;
        expect(relativeError(pValue(...misses), p)).toBeLessThan(1e-9);
        const larger = pValue(control, variant, "larger");
        expect(relativeError(pValue(variant, control, "smaller"), larger)).toBeLessThan(1e-9);
      }),
    );
  });

  it("never says a p-value of 0", () => {
    const never = { successes: 0, trials: 1_000_000 };
    const always = { successes: 1_000_000, trials: 1_000_000 };
    expect(pValue(never, always)).toBe(Number.MIN_VALUE);
    expect(pValue(never, always, "larger")).toBe(Number.MIN_VALUE);
    expect(pValue(never, always, "smaller")).toBe(1);
  });

  it("tells the odds ratio where there is one", () => {
    const control = { successes: 1, trials: 3 };
    const variant = { successes: 3, trials: 4 };
    const odds = (test: ReturnType<typeof fisherExactTest>): number | null | undefined =>
      test.ok ? test.value.oddsRatio : undefined;
    expect(odds(fisherExactTest(control, variant))).toBe(6);
    expect(odds(fisherExactTest({ ...control, successes: 0 }, variant))).toBeNull();
    expect(odds(fisherExactTest(control, { ...variant, successes: 0 }))).toBe(0);
  });

  it.each([
    [0, 0, "no_observations"],
    [3, 2, "invalid_sample"],
    [0.5, 2, "invalid_sample"],
    [NaN, 2, "invalid_sample"],
  ])("refuses %d successes in %d trials: %s", (successes, trials, code) => {
    const sound = { successes: 1, trials: 2 };
    expect(fisherExactTest(sound, { successes, trials })).toEqual({ ok: false, error: { code } });
    expect(fisherExactTest({ successes, trials }, sound)).toEqual({ ok: false, error: { code } });
  });
});

function choose(n: number, k: number): number {
  if (k < 0 || k > n) return 0;
  return Array.from({ length: k }, (_, i) => (n - i) / (i + 1)).reduce(
    (all, each) => all * each,
    1,
  );
}
