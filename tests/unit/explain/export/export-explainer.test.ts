import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lastEstimate } from "../../../../domain/explain/estimate.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import {
  exportKernelExplainer,
  type ExportOptions,
} from "../../../../domain/explain/export-explainer.ts";
import { backgroundGame, type Groups, type Link } from "../../../../domain/explain/game.ts";
import {
  feedsFromRows,
  rowsFromFeeds,
  layoutOf,
  newRows,
  type RowLayout,
} from "../../../../domain/explain/rows.ts";
import { scoreOf, type Target } from "../../../../domain/explain/score.ts";
import { coalitionPlan } from "../../../../domain/explain/shap/coalition-plan.ts";
import { kernelShap } from "../../../../domain/explain/shap/kernel-shap.ts";
import { checkModel } from "../../../../domain/onnx/check-model.ts";
import { readModel, writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { withOpenModel } from "../../../../domain/onnx/runtime.ts";
import { buildNetwork } from "../../../../domain/onnx/train/architectures/build-network.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { ELEMENT_ARRAYS } from "../../../../domain/tensors/element-arrays.ts";
import { countOf, type Tensor } from "../../../../domain/tensors/tensor.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { runOnWasm, wasmRuntime } from "../../../fixtures/wasm-runtime.ts";

const wdbc = (name: string): Model =>
  readModel(readFileSync(`examples/wdbc/models/wdbc-${name}.onnx`));

/** The layout of a model's inputs, every free size of a row being 1. */
function layoutFor({ graph }: Model): RowLayout {
  const ports = graph.inputs.map(({ name, type }) => {
    const isTensor = type?.kind === "tensor";
    const dims = [1, ...(isTensor ? (type.shape ?? []) : []).slice(1).map(Number)];
    const element =
      isTensor && type.elementType === "int64" ? ("int64" as const) : ("float32" as const);
    return { name, type: element, dims };
  });
  return layoutOf(
    { inputs: ports.map(({ name, type, dims }) => ({ name, type, shape: dims })), outputs: [] },
    Object.fromEntries(
      ports.map(({ name, type, dims }) => [
        name,
        { type, dims, data: new ELEMENT_ARRAYS[type](countOf(dims)) },
      ]),
    ),
  );
}

type Setting = {
  model: Model;
  target: Target;
  groups?: Groups;
  rows?: number;
  scale?: number;
  link?: Link;
  samples?: number;
};

/** What the exported file gives for a random instance, and `kernelShap` by the same plan. */
async function both({
  model,
  target,
  rows = 5,
  scale = 1,
  link = "identity",
  samples,
  groups,
}: Setting) {
  const layout = layoutFor(model);
  const random = seededRandom("export");
  const drawn = (count: number) =>
    newRows(layout, count).map(() => Math.round(64 * scale * Math.abs(random.normal())) / 64);
  const instance = drawn(1);
  const weights = new Float64Array(rows).map(() => 0.5 + random.uniform());
  const total = weights.reduce((sum, weight) => sum + weight);
  const background = {
    rows: drawn(rows),
    count: rows,
    weights: weights.map((weight) => weight / total),
  };
  const players = groups ?? Array.from({ length: layout.size }, (_, element) => [element]);
  const plan = coalitionPlan(players.length, {
    samples: samples ?? "auto",
    random: seededRandom(1),
  });
  const options: ExportOptions = { background, groups: players, plan, link };

  const explainer = exportKernelExplainer(model, layout, target, options);
  const outputs = await runOnWasm(explainer, feedsFromRows(layout, instance, 0, 1));
  const estimate = await withOpenModel(wasmRuntime, writeModel(model), (open) => {
    const score = scoreOf(open, layout, target);
    const game = backgroundGame(score, layout, { instance, background, groups: players, link });
    return lastEstimate(kernelShap(game, { random: seededRandom(2), plan }));
  });
  return { explainer, outputs, estimate };
}

describe("an exported explainer says what kernel SHAP says by the same plan", () => {
  const network = buildNetwork({
    architecture: { kind: "cnn1d", channels: [4, 4] },
    input: { channels: 2, length: 16 },
    output: { classes: 3 },
  });
  const segments = Array.from({ length: 8 }, (_, at) => [
    2 * at,
    2 * at + 1,
    16 + 2 * at,
    17 + 2 * at,
  ]);
  const settings: Record<string, Setting> = {
    "of a multilayer perceptron": {
      model: wdbc("mlp"),
      target: { output: "probabilities", index: 0 },
      scale: 15,
    },
    "of a forest of ai.onnx.ml": {
      model: wdbc("forest"),
      target: { output: "probabilities", index: 1 },
      scale: 15,
      samples: 300,
    },
    "of a forest in a file that names no version of ONNX's own operators": {
      model: { ...wdbc("forest"), opsets: [{ domain: "ai.onnx.ml", version: 3 }] },
      target: { output: "probabilities", index: 0 },
      scale: 15,
      samples: 200,
    },
    "of a convolutional network, in segments": {
      model: network,
      target: { output: "probabilities", index: 2 },
      groups: segments,
    },
    "where some elements have no player": {
      model: network,
      target: { output: "probabilities", index: 1 },
      groups: segments.slice(2, 5),
    },
    "of log odds": {
      model: network,
      target: { output: "probabilities", index: 0 },
      groups: segments,
      link: "logit",
    },
    "of one player": {
      model: network,
      target: { output: "probabilities", index: 0 },
      groups: [Array.from({ length: 32 }, (_, at) => at)],
    },
    "of two inputs, one of whole numbers, under the names of its own outputs": {
      model: ofTwoInputs(),
      target: { output: "prediction", index: 1 },
    },
  };
  for (const [name, setting] of Object.entries(settings))
    test(name, async () => {
      const { explainer, outputs, estimate } = await both(setting);
      expect(checkModel(explainer)).toEqual([]);
      const { contributions, base_value, prediction } = outputs;
      expect(contributions?.dims).toEqual([estimate.values.length]);
      const range = Math.max(1e-3, Math.abs(estimate.prediction - estimate.base));
      for (const [at, value] of estimate.values.entries())
        expect(Math.abs(Number(contributions?.data[at]) - value)).toBeLessThan(
          1e-5 * Math.max(1, range),
        );
      expect(Number(base_value?.data[0])).toBeCloseTo(estimate.base, 5);
      expect(Number(prediction?.data[0])).toBeCloseTo(estimate.prediction, 5);
      expect(estimate.values.some((value) => Math.abs(value) > 1e-4)).toBe(true);
    });
});

/** y = [a · k, Σ a + k²] of floats a and a whole number k, with inner tensors called like the explainer's outputs. */
function ofTwoInputs(name = "a"): Model {
  const b = GraphBuilder.empty();
  const a = b.input(name, "float32", ["rows", 3]);
  const k = b.node(
    "Cast",
    [b.input("k", "int64", ["rows", 1])],
    { to: 1 },
    { output: "contributions" },
  );
  const sum = b.node("ReduceSum", [a, b.ints([1])]);
  const parts = [b.node("Mul", [sum, k]), b.node("Add", [sum, b.node("Mul", [k, k])])];
  b.output(b.node("Concat", parts, { axis: 1 }, { output: "prediction" }));
  return b.model();
}

test("inputs of texts are mixed with the background's as they are", async () => {
  const b = GraphBuilder.empty(17);
  b.opsets.push({ domain: "ai.onnx.ml", version: 2 });
  const encoded = b.node(
    "LabelEncoder",
    [b.input("unit", "string", ["rows", 1])],
    { keys_strings: ["a", "b"], values_floats: [1, 5] },
    { domain: "ai.onnx.ml" },
  );
  b.output(b.node("Mul", [encoded, b.input("value", "float32", ["rows", 1])]), "y");
  const model = b.model();
  const feeds: Record<string, Tensor> = {
    unit: { type: "string", dims: [2, 1], data: ["a", "b"] },
    value: floatTensor([2, 1], [2, 3]),
  };
  const layout = layoutOf(
    {
      inputs: [
        { name: "unit", type: "string", shape: ["rows", 1] },
        { name: "value", type: "float32", shape: ["rows", 1] },
      ],
      outputs: [],
    },
    feeds,
  );
  const explainer = exportKernelExplainer(
    model,
    layout,
    { output: "y", index: 0 },
    {
      background: { ...rowsFromFeeds(layout, feeds), weights: Float64Array.of(0.5, 0.5) },
      groups: [[0], [1]],
      plan: coalitionPlan(2, { random: seededRandom(1) }),
    },
  );
  const found = await runOnWasm(explainer, {
    unit: { type: "string", dims: [1, 1], data: ["b"] },
    value: floatTensor([1, 1], [4]),
  });
  expect([...(found["contributions"]?.data ?? [])]).toEqual([6, 5.5]);
  expect([...(found["base_value"]?.data ?? [])]).toEqual([8.5]);
});

test("where the score never changes, every contribution is 0 and not a rounding error", async () => {
  const b = GraphBuilder.empty();
  const nothing = b.node("Mul", [b.input("x", "float32", ["rows", 12]), b.scalar(0)]);
  b.output(b.node("Add", [nothing, b.scalar(1000.1)]), "y");
  const { outputs } = await both({ model: b.model(), target: { output: "y", index: 0 } });
  expect([...(outputs["contributions"]?.data ?? [])]).toEqual(Array(12).fill(0));
});

test("the file says how it was made, and is the same each time", () => {
  const model = wdbc("mlp");
  const layout = layoutFor(model);
  const made = (): Model =>
    exportKernelExplainer(
      model,
      layout,
      { output: "probabilities", index: 1 },
      {
        background: { rows: new Float32Array(30), count: 1, weights: Float64Array.of(1) },
        groups: [[0, 1], [2]],
        plan: coalitionPlan(2, { random: seededRandom(7) }),
        seed: 7,
        model_sha256: "abc",
      },
    );
  expect(
    Object.fromEntries(made().metadata?.map(({ key, value }) => [key, value]) ?? []),
  ).toMatchObject({
    "linnet.explainer.method": "kernel_shap",
    "linnet.explainer.background_rows": "1",
    "linnet.explainer.coalitions": "4",
    "linnet.explainer.seed": "7",
    "linnet.explainer.model_sha256": "abc",
  });
  expect(writeModel(made())).toEqual(writeModel(made()));
});

describe("refuses", () => {
  const model = wdbc("mlp");
  const layout = layoutFor(model);
  const groups = Array.from({ length: 30 }, (_, at) => [at]);
  const problemOf = (options: Partial<ExportOptions>, output = "probabilities") =>
    problemIn(() =>
      exportKernelExplainer(
        model,
        layout,
        { output, index: 1 },
        {
          background: { rows: new Float32Array(30), count: 1, weights: Float64Array.of(1) },
          groups,
          plan: coalitionPlan(30, { samples: 200, random: seededRandom(1) }),
          ...options,
        },
      ),
    );

  test("a plan for other players, no background, too much for one batch, and an unknown target", () => {
    expect(problemOf({ groups: groups.slice(1) })).toMatchObject({
      code: "option_invalid",
      field: "plan",
    });
    const none = { rows: new Float32Array(), count: 0, weights: new Float64Array() };
    expect(problemOf({ background: none })).toMatchObject({ code: "background_missing" });
    const many = {
      rows: new Float32Array(30 * 20_000),
      count: 20_000,
      weights: new Float64Array(20_000),
    };
    expect(problemOf({ background: many })).toMatchObject({
      code: "option_invalid",
      field: "samples",
    });
    expect(problemOf({}, "none")).toMatchObject({ code: "target_unknown" });
  });

  test("a model whose input is called like an output of an explainer", async () => {
    const model = ofTwoInputs("base_value");
    const problem = await both({ model, target: { output: "prediction", index: 0 } }).catch(
      (error: unknown) => (error instanceof ExplainFault ? error.problem : error),
    );
    expect(problem).toMatchObject({ code: "method_unsupported", field: "base_value" });
  });
});

function problemIn(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof ExplainFault ? error.problem : error;
  }
}
