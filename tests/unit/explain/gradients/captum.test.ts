import { describe, expect, test } from "vitest";
import { lastEstimate, type Estimates } from "../../../../domain/explain/estimate.ts";
import type { Background } from "../../../../domain/explain/game.ts";
import { expectedGradients } from "../../../../domain/explain/gradients/expected-gradients.ts";
import { openGradCam } from "../../../../domain/explain/gradients/grad-cam.ts";
import { integratedGradients } from "../../../../domain/explain/gradients/integrated-gradients.ts";
import type { PathRuleName } from "../../../../domain/explain/gradients/path-rules.ts";
import { inputXGradient, saliency } from "../../../../domain/explain/gradients/saliency.ts";
import {
  openScoreGradient,
  type ScoreGradient,
} from "../../../../domain/explain/gradients/score-gradient.ts";
import type { RowLayout } from "../../../../domain/explain/rows.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
import { expectNumbers, pattern, torchModel } from "../../onnx/support/torch-vectors.ts";
import vectors from "../../vectors/explain/gradients/captum.json" with { type: "json" };
import { layoutWith } from "./gradients-of.ts";

type Vectors = {
  model: string;
  dims: number[];
  instance_salt: number;
  baseline_salt: number;
  baselines: number;
  target: number;
  score: number;
  base: number;
  saliency: number[];
  input_x_gradient: number[];
  integrated_gradients: Record<string, number[]>;
  gradient_shap: { mean: number[]; standard_error: number[] };
  grad_cam?: { module: number; shape: number[]; cam: number[]; resized: number[] }[];
};

const CASES = vectors.cases as unknown as Vectors[];

/** What float32 leaves of the float64 numbers of captum, relative to the greatest of them. */
const FLOAT32 = 3e-6;

const valuesOf = async (estimates: Estimates): Promise<Float64Array> =>
  (await lastEstimate(estimates)).values;

const rowsOf = (dims: readonly number[], salt: number): Float32Array =>
  Float32Array.from(pattern([...dims], salt).data);

type Opened = {
  gradient: ScoreGradient;
  layout: RowLayout;
  instance: Float32Array;
  baselines: Background;
};

async function using(vector: Vectors, work: (opened: Opened) => Promise<void>): Promise<void> {
  const { dims, model, target, baselines: count } = vector;
  const layout = layoutWith({ name: "x", shape: dims });
  const gradient = await openScoreGradient(wasmRuntime, torchModel(model), layout, {
    output: "y",
    index: target,
  });
  const instance = rowsOf([1, ...dims], vector.instance_salt);
  const rows = rowsOf([count, ...dims], vector.baseline_salt);
  const weights = new Float64Array(count).fill(1 / count);
  try {
    await work({ gradient, layout, instance, baselines: { rows, count, weights } });
  } finally {
    await gradient.release();
  }
}

describe.each(CASES)("captum and we agree on $model", (vector) => {
  test("in saliency and input x gradient", () =>
    using(vector, async ({ gradient, layout, instance }) => {
      const { values, prediction } = await lastEstimate(saliency(gradient, layout, instance));
      expect(prediction).toBeCloseTo(vector.score, 6);
      expectNumbers(values, vector.saliency, { within: FLOAT32, of: "saliency" });
      const products = await valuesOf(inputXGradient(gradient, layout, instance));
      expectNumbers(products, vector.input_x_gradient, { within: FLOAT32, of: "products" });
    }));

  test("in integrated gradients by every rule", () =>
    using(vector, async ({ gradient, layout, instance, baselines }) => {
      const baseline = { ...baselines, count: 1, weights: Float64Array.of(1) };
      baseline.rows = baselines.rows.subarray(0, layout.size);
      for (const [key, expected] of Object.entries(vector.integrated_gradients)) {
        const [rule = "", steps] = key.split(" ");
        const values = await valuesOf(
          integratedGradients(gradient, layout, instance, {
            baseline,
            rule: rule as PathRuleName,
            steps: Number(steps),
          }),
        );
        expectNumbers(values, expected, { within: FLOAT32, of: key });
      }
    }));

  test("in expected gradients, as far as its samples and ours can tell", () =>
    using(vector, async ({ gradient, layout, instance, baselines: background }) => {
      const options = { background, samples: 2_000, random: seededRandom(vector.model) };
      const found = await lastEstimate(expectedGradients(gradient, layout, instance, options));
      expect(found.base).toBeCloseTo(vector.base, 6);
      const { mean, standard_error } = vector.gradient_shap;
      for (const [at, expected] of mean.entries()) {
        const ours = found.half_widths?.[at] ?? NaN;
        const apart = Math.abs((found.values[at] ?? NaN) - expected);
        expect(apart, `${at}`).toBeLessThan(5 * (standard_error[at] ?? NaN) + 2 * ours + 1e-6);
      }
    }));
});

/** The tensors that the modules of `captum.json` give, by their number. */
const TENSORS: Record<string, Record<number, string>> = {
  "cnn1d-13": {
    0: "/0/Conv_output_0",
    2: "/2/Relu_output_0",
    6: "/6/Relu_output_0",
  },
  "cnn2d-11": {
    1: "/1/LeakyRelu_output_0",
    3: "/3/Elu_output_0",
    5: "/5/Conv_output_0",
  },
};

test.each(CASES.filter(({ grad_cam }) => grad_cam))(
  "captum and we agree on Grad-CAM of every layer of $model, brought to the size of the input",
  async (vector) => {
    const { model, dims, target: index } = vector;
    const instance = rowsOf([1, ...dims], vector.instance_salt);
    for (const { module, resized } of vector.grad_cam ?? []) {
      const layer = TENSORS[model]?.[module] ?? "";
      const layout = layoutWith({ name: "x", shape: dims });
      const target = { output: "y", index };
      const open = await openGradCam(wasmRuntime, torchModel(model), layout, target, { layer });
      const found = await open.run(instance);
      await open.release();
      expect(found).toMatchObject({ layer, input: "x", shape: dims.slice(1) });
      expect(found.score).toBeCloseTo(vector.score, 6);
      expectNumbers(found.cam, resized, { within: FLOAT32, of: layer, floor: 1e-4 });
    }
  },
);
