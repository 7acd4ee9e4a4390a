import { describe, expect, test } from "vitest";
import { lastEstimate, residualOf, type Estimate } from "../../../../domain/explain/estimate.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import {
  integratedGradients,
  type IntegratedGradientsOptions,
} from "../../../../domain/explain/gradients/integrated-gradients.ts";
import { PATH_RULES, type PathRuleName } from "../../../../domain/explain/gradients/path-rules.ts";
import { inputXGradient, saliency } from "../../../../domain/explain/gradients/saliency.ts";
import { openScoreGradient } from "../../../../domain/explain/gradients/score-gradient.ts";
import { buildNetwork } from "../../../../domain/onnx/train/architectures/build-network.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
import { backgroundOf, gradientFor, layoutFor, layoutWith, type Smooth } from "./gradients-of.ts";

const RULES = Object.keys(PATH_RULES) as PathRuleName[];

const SLOPES = [2, -1, 0.5];
const LINEAR: Smooth = {
  size: 3,
  value: (x) => 4 + x.reduce((sum, value, at) => sum + value * (SLOPES[at] ?? 0), 0),
  slopes: () => SLOPES,
};

/** (x0 + 2 x1)^2 + x2^3. */
const CURVED: Smooth = {
  size: 3,
  value: ([a = 0, b = 0, c = 0]) => (a + 2 * b) ** 2 + c ** 3,
  slopes: ([a = 0, b = 0, c = 0]) => [2 * (a + 2 * b), 4 * (a + 2 * b), 3 * c * c],
};

async function explain(
  smooth: Smooth,
  x: readonly number[],
  options: IntegratedGradientsOptions,
): Promise<Estimate[]> {
  const estimates: Estimate[] = [];
  const instance = Float64Array.from(x);
  for await (const estimate of integratedGradients(
    gradientFor(smooth),
    layoutFor(smooth),
    instance,
    options,
  ))
    estimates.push(estimate);
  return estimates;
}

function expectNear(found: ArrayLike<number>, expected: readonly number[], digits = 12): void {
  expect(found.length).toBe(expected.length);
  for (const [at, value] of expected.entries())
    expect(found[at], `${at}`).toBeCloseTo(value, digits);
}

describe("integrated gradients", () => {
  test("of a linear score are slope times change, whatever the rule and the steps", async () => {
    for (const rule of RULES.filter((name) => name !== "captum_trapezoid")) {
      const options = { baseline: backgroundOf([1, 1, 1]), rule, steps: 3 };
      const [estimate] = await explain(LINEAR, [2, 5, -1], options);
      expectNear(estimate?.values ?? [], [2, -4, -1]);
      expect(estimate).toMatchObject({ base: 5.5, prediction: 2.5, half_widths: null, rows: 5 });
    }
  });

  test("captum's trapezoid falls short by a share of 1 / n, and is called so", async () => {
    const options = {
      baseline: backgroundOf([1, 1, 1]),
      rule: "captum_trapezoid",
      steps: 4,
    } as const;
    const [estimate] = await explain(LINEAR, [2, 5, -1], options);
    expectNear(
      estimate?.values ?? [],
      [2, -4, -1].map((value) => (value * 3) / 4),
    );
  });

  test("of a polynomial are exact by few Gauss-Legendre nodes, and share out products by halves", async () => {
    const options = { baseline: backgroundOf([0, 0, 0]), steps: 2 };
    const [estimate] = await explain(CURVED, [1, 2, 3], options);
    // a^2 + 4ab + 4b^2: 1 + half of 8, 16 + half of 8.
    expectNear(estimate?.values ?? [], [5, 20, 27]);
  });

  test("over several baselines are the mean by their weights", async () => {
    const baseline = {
      ...backgroundOf([0, 0, 0], [1, 1, 1]),
      weights: Float64Array.of(0.25, 0.75),
    };
    const [both] = await explain(CURVED, [1, 2, 3], { baseline, steps: 4 });
    const [zero] = await explain(CURVED, [1, 2, 3], {
      baseline: backgroundOf([0, 0, 0]),
      steps: 4,
    });
    const [one] = await explain(CURVED, [1, 2, 3], { baseline: backgroundOf([1, 1, 1]), steps: 4 });
    expectNear(
      both?.values ?? [],
      [0, 1, 2].map((at) => 0.25 * (zero?.values[at] ?? 0) + 0.75 * (one?.values[at] ?? 0)),
    );
    expect(both?.base).toBe(7.5);
    expect(both?.rows).toBe(1 + 2 + 8);
  });

  test("of groups are sums, without the numbers that no group has", async () => {
    const options = { baseline: backgroundOf([0, 0, 0]), steps: 4, groups: [[0, 2], [1]] };
    expectNear((await explain(CURVED, [1, 2, 3], options))[0]?.values ?? [], [32, 20]);
    const less = { ...options, groups: [[2]] };
    expectNear((await explain(CURVED, [1, 2, 3], less))[0]?.values ?? [], [27]);
  });

  test("come with a quarter of the steps first, and go on by twice as many where they may", async () => {
    const baseline = backgroundOf([0, 0, 0]);
    const rowsOf = async (steps: number, max_steps: number) =>
      (await explain(CURVED, [1, 2, 3], { baseline, steps, max_steps })).map(
        ({ rows }) => rows - 2,
      );
    expect(await rowsOf(50, 50)).toEqual([12, 62]);
    expect(await rowsOf(8, 8)).toEqual([8]);
    expect(await rowsOf(40, 200)).toEqual([10, 50, 130, 290, 490]);
  });

  test("the error of a smooth network falls with the steps; 50 Gauss-Legendre nodes leave less than 1e-4 of the change", async () => {
    const config = { kind: "mlp", hidden: [16, 16], activation: "tanh" } as const;
    const input = { features: 8 };
    const model = buildNetwork({ architecture: config, input, output: { classes: 3 }, seed: 5 });
    const layout = layoutWith({ name: "features", shape: [8] });
    const target = { output: "probabilities", index: 1 };
    const gradient = await openScoreGradient(wasmRuntime, model, layout, target);
    const random = seededRandom("smooth network");
    const draw = () => Float32Array.from({ length: 8 }, () => 2 * random.normal());
    for (let round = 0; round < 5; round += 1) {
      const [instance, rows] = [draw(), draw()];
      const baseline = { rows, count: 1, weights: Float64Array.of(1) };
      const errorOf = async (steps: number, rule: PathRuleName) => {
        const options = { baseline, steps, rule };
        const found = await lastEstimate(integratedGradients(gradient, layout, instance, options));
        return Math.abs(residualOf(found) / (found.prediction - found.base));
      };
      const [few, many] = [await errorOf(3, "gauss_legendre"), await errorOf(50, "gauss_legendre")];
      expect(many, `${round}`).toBeLessThan(1e-4);
      expect(few, `${round}`).toBeGreaterThan(many);
      expect(await errorOf(50, "trapezoid"), `${round}`).toBeLessThan(5e-2);
      expect(await errorOf(50, "riemann_left"), `${round}`).toBeGreaterThan(many);
    }
    await gradient.release();
  });

  test("what is asked for amiss is refused by name", async () => {
    const baseline = backgroundOf([0, 0, 0]);
    const refused = async (options: Partial<IntegratedGradientsOptions>, x = [1, 2, 3]) => {
      const error = await explain(CURVED, x, { baseline, ...options }).catch(
        (caught: unknown) => caught,
      );
      if (!(error instanceof ExplainFault)) throw new Error(`no ExplainFault: ${String(error)}`);
      return `${error.problem.code} ${error.problem.field ?? ""}`;
    };
    expect(await refused({ steps: 0 })).toBe("option_invalid steps");
    expect(await refused({ steps: 1, rule: "trapezoid" })).toBe("option_invalid steps");
    expect(await refused({ steps: 5, max_steps: 4 })).toBe("option_invalid max_steps");
    expect(await refused({ rule: "simpson" as PathRuleName })).toBe("option_invalid rule");
    expect(await refused({ groups: [[0], [0, 1]] })).toBe("feature_unknown groups");
    expect(await refused({ groups: [[3]] })).toBe("feature_unknown groups");
    expect(await refused({ baseline: backgroundOf() })).toBe("background_missing background");
    expect(await refused({ baseline: backgroundOf([0, NaN, 0]) })).toBe("value_invalid x");
    expect(await refused({}, [1, Infinity, 0])).toBe("value_invalid x");
    expect(await refused({}, [1, 2])).toBe("value_invalid x");
  });
});

test("saliency is the slope, and input x gradient the slope times the number", async () => {
  const [gradient, layout] = [gradientFor(CURVED), layoutFor(CURVED)];
  const instance = Float64Array.of(1, 2, 3);
  expect(await lastEstimate(saliency(gradient, layout, instance))).toEqual({
    base: 0,
    prediction: 52,
    values: Float64Array.of(10, 20, 27),
    half_widths: new Float64Array(3),
    rows: 1,
  });
  const products = await lastEstimate(inputXGradient(gradient, layout, instance));
  expect([...products.values]).toEqual([10, 40, 81]);
  const grouped = inputXGradient(gradient, layout, instance, { groups: [[0, 1]] });
  expect([...(await lastEstimate(grouped)).values]).toEqual([50]);
});
