import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Method } from "../../../../domain/explain/explanation.ts";
import type { ExplainRequest } from "../../../../domain/explain/explain-request.ts";
import { readModel, writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import type { Feeds } from "../../../../domain/onnx/rows.ts";
import { withOpenModel } from "../../../../domain/onnx/runtime.ts";
import { buildNetwork } from "../../../../domain/onnx/train/architectures/build-network.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { countOf } from "../../../../domain/tensors/tensor.ts";
import { asked, explainOn } from "../../../fixtures/explain.ts";
import { type ExplainedModel, tumourNetwork } from "../../../fixtures/explained-models.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";

/** Of the range of the model's output over instances and background. */
const TOLERANCE = 1e-4;
const FEW = { samples: 400 };
const TO_THE_END = { limits: { max_residual: TOLERANCE / 2 } };
/** Of the CNN, whose kinks the quadrature of integrated gradients meets. */
const WITH_KINKS = 5e-3;

const forest = (): ExplainedModel => ({
  ...tumourNetwork(),
  model: readModel(readFileSync("examples/wdbc/models/wdbc-forest.onnx")),
});

/** A network for signals with its first weights, and random rows. */
function cnn(): ExplainedModel {
  const random = seededRandom("additivity of a CNN");
  const rows = (count: number): Feeds => ({
    signal: {
      type: "float32",
      dims: [count, 1, 64],
      data: Float32Array.from({ length: count * 64 }, () => random.normal()),
    },
  });
  const model = buildNetwork({
    architecture: { kind: "cnn1d", channels: [4, 8], kernel: 5 },
    input: { channels: 1, length: 64 },
    output: { classes: 3 },
    seed: 4,
  });
  return { model, feeds: rows(2), background: rows(5) };
}

type Case = [Method, Partial<ExplainRequest>];
const ANY: Case[] = [
  ["kernel", { options: FEW }],
  ["permutation", { options: FEW }],
];
const WITH_GRADIENT: Case[] = [
  ["deep", {}],
  ["integrated_gradients", TO_THE_END],
];
const STEPS: Case = ["integrated_gradients", { options: { steps: 300 } }];
const SEGMENTED: Case[] = [
  ["exact", { options: { segments: { count: 6 } } }],
  ["kernel", { options: { segments: { count: 8 }, ...FEW } }],
];

const MODELS: [string, () => ExplainedModel, Case[]][] = [
  ["an MLP over a table", tumourNetwork, [...ANY, ...WITH_GRADIENT]],
  ["a forest", forest, [...ANY, ["tree", {}], ["tree", { options: { mode: "path_dependent" } }]]],
  ["a CNN over a signal", cnn, [...SEGMENTED, ["deep", {}], STEPS]],
];

/** The scores of class 1, by the model itself. */
async function scoresOf(model: Model, feeds: Feeds): Promise<number[]> {
  const output = "probabilities";
  const found = await withOpenModel(wasmRuntime, writeModel(model), (open) =>
    open.run(feeds, [output]),
  );
  const { data = [], dims = [] } = found[output] ?? {};
  const width = countOf(dims.slice(1));
  return Array.from({ length: dims[0] ?? 0 }, (_, row) => Number(data[row * width + 1]));
}

describe.each(MODELS)("of %s", (_, made, cases) => {
  test.each(cases)(
    "base and contributions by %s add up to the prediction: %j",
    async (method, more) => {
      const { model, ...rows } = made();
      const [own, others] = [
        await scoresOf(model, rows.feeds),
        await scoresOf(model, rows.background),
      ];
      const range = Math.max(...own, ...others) - Math.min(...own, ...others);
      expect(range).toBeGreaterThan(0);
      const [found = []] = await explainOn(wasmRuntime, model, rows, [
        asked({ method, class: 1, ...more }),
      ]);
      expect(found).toHaveLength(own.length);
      for (const [at, explained] of found.entries()) {
        const { base_prediction, actual_prediction, feature_contributions, residual } = explained;
        const sum = feature_contributions.reduce((all, one) => all + one.contribution, 0);
        const left = actual_prediction - base_prediction - sum;
        const tolerance = more === STEPS[1] ? WITH_KINKS : TOLERANCE;
        expect(Math.abs(left)).toBeLessThan(tolerance * range);
        expect(residual).toBeCloseTo(left, 12);
        expect(Math.abs(actual_prediction - (own[at] ?? NaN))).toBeLessThan(1e-5);
        const isAverage = method !== "integrated_gradients" && more.options?.mode === undefined;
        const mean = others.reduce((all, score) => all + score, 0) / others.length;
        if (isAverage) expect(Math.abs(base_prediction - mean)).toBeLessThan(1e-5);
        expect(feature_contributions.some((one) => one.contribution > TOLERANCE * range)).toBe(
          true,
        );
      }
    },
  );
});

test("expected gradients leave no more than their intervals allow", async () => {
  const { model, ...rows } = tumourNetwork();
  const limits = { max_half_width: 0.01 };
  const [found = []] = await explainOn(wasmRuntime, model, rows, [
    asked({ method: "gradient", class: 1, limits }),
  ]);
  for (const { residual, feature_contributions, stopped } of found) {
    const variance = feature_contributions.reduce((sum, { confidence_interval }) => {
      const [low, high] = confidence_interval ?? [0, 0];
      return sum + (high - low) ** 2;
    }, 0);
    expect(stopped).toBe("max_half_width");
    expect(Math.abs(residual ?? NaN)).toBeLessThan(2 * Math.sqrt(variance));
  }
});
