import { describe, expect, it } from "vitest";
import { cohenH, type Proportion } from "../../../domain/statistics/proportion.ts";
import {
  twoProportionZTest,
  type Alternative,
} from "../../../domain/statistics/two-proportion-z-test.ts";
import vectors from "../vectors/statistics/two_proportion_z.json";
import { relativeError } from "./relative-error.ts";

type Vector = (typeof vectors.cases)[number];

const controlOf = ({ x1, n1 }: Vector): Proportion => ({ successes: x1, trials: n1 });
const variantOf = ({ x2, n2 }: Vector): Proportion => ({ successes: x2, trials: n2 });

describe("twoProportionZTest", () => {
  it.each(vectors.cases.filter(({ z }) => z !== null))(
    "compares $x1/$n1 with $x2/$n2",
    (vector) => {
      const expected: [Alternative, string | null | undefined][] = [
        ["two-sided", vector.p_two_sided],
        ["larger", vector.p_larger],
        ["smaller", vector.p_smaller],
      ];
      for (const [alternative, pValue] of expected) {
        const test = twoProportionZTest(controlOf(vector), variantOf(vector), alternative);
        const { z, ...found } = test.ok ? test.value : { z: NaN, pValue: NaN };
        expect(relativeError(z, vector.z ?? NaN)).toBeLessThan(1e-15);
        expect(relativeError(found.pValue, pValue ?? NaN)).toBeLessThan(1e-13);
      }
    },
  );

  it.each(vectors.cases.filter(({ z }) => z === null))(
    "finds no variation in $x1/$n1 and $x2/$n2",
    (vector) => {
      expect(twoProportionZTest(controlOf(vector), variantOf(vector))).toEqual({
        ok: false,
        error: { code: "no_variation" },
      });
    },
  );

  it.each([
    [0, 0, "no_observations"],
    [3, 2, "invalid_sample"],
    [-1, 2, "invalid_sample"],
    [NaN, 2, "invalid_sample"],
    [1, Infinity, "invalid_sample"],
  ])("refuses %d successes in %d trials: %s", (successes, trials, code) => {
    const sound = { successes: 1, trials: 2 };
    const broken = { successes, trials };
    expect(twoProportionZTest(sound, broken)).toEqual({ ok: false, error: { code } });
    expect(twoProportionZTest(broken, sound)).toEqual({ ok: false, error: { code } });
  });
});

describe("cohenH", () => {
  it("is pi from never to always, and positive upwards", () => {
    const never = { successes: 0, trials: 5 };
    const always = { successes: 7, trials: 7 };
    expect(cohenH(never, always)).toBeCloseTo(Math.PI, 15);
    expect(cohenH(always, never)).toBeCloseTo(-Math.PI, 15);
  });
});
