import { describe, expect, test } from "vitest";
import { openDeepShap } from "../../../../domain/explain/deep/deep-shap.ts";
import { lastEstimate, residualOf, type Estimate } from "../../../../domain/explain/estimate.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import { layoutOf } from "../../../../domain/explain/rows.ts";
import type { Target } from "../../../../domain/explain/score.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { buildNetwork } from "../../../../domain/onnx/train/architectures/build-network.ts";
import type { Architecture } from "../../../../domain/onnx/train/architectures/network-config.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
import {
  bytesOf,
  fileOf,
  layoutFor,
  randomRows,
  evenly,
  explained,
  withDeepShap,
  expectAdditive,
  Y,
} from "./support.ts";

/** Models of PyTorch's exporter whose every operator has a secant. */
const FOLLOWED = [
  "cnn2d-11",
  "decoder-11",
  "encoder-14",
  "normed-13",
  "recurrent-13",
  "residual-17",
];

describe("the values and the base add up to the prediction", () => {
  const activations = ["relu", "gelu", "tanh", "leaky_relu", "elu", "silu"] as const;
  const architectures: Architecture[] = [
    ...activations.map((activation) => ({ kind: "mlp" as const, hidden: [8, 6], activation })),
    { kind: "cnn1d", channels: [3, 4] },
    { kind: "resnet1d", channels: [3, 4], blocks: 1 },
    { kind: "lstm", hidden: 5, frame: 4 },
    { kind: "bilstm", hidden: 4, frame: 4 },
    { kind: "transformer", width: 8, heads: 2, layers: 1, frame: 4 },
  ];
  for (const [at, architecture] of architectures.entries())
    test(JSON.stringify(architecture), async () => {
      const input = { channels: 2, length: 16 };
      const output = at % 2 === 0 ? { classes: 3 } : { values: 2 };
      const model = buildNetwork({ architecture, input, output, seed: 3 });
      const name = "classes" in output ? "probabilities" : "values";
      const { estimate, scores } = await explained(model, { output: name, index: 1 });
      expectAdditive(estimate, scores);
    });

  for (const name of FOLLOWED)
    test(`PyTorch's ${name}`, async () => {
      const model = fileOf(`onnx/torch-${name}.onnx`);
      const output = model.graph.outputs[0]?.name ?? "";
      const { estimate, scores } = await explained(model, { output, index: 0 }, name);
      expectAdditive(estimate, scores);
    });
});

type Case = {
  name: string;
  background: number[];
  instances: number[];
  predictions: number[];
  base: number[];
  shap: number[][][];
  captum?: number[][][];
};

describe("agrees with shap's DeepExplainer and captum's DeepLiftShap", () => {
  const { cases } = JSON.parse(
    new TextDecoder().decode(bytesOf("explain/deep/torch-deep.json")),
  ) as { cases: Case[] };
  for (const { name, background, instances, predictions, base, shap, captum } of cases)
    test(name, async () => {
      const model = fileOf(`explain/deep/${name}.onnx`);
      const { size } = layoutFor(model);
      for (const index of [0, 1])
        await withDeepShap(model, { output: "y", index }, async (deep) => {
          const rows = evenly(Float32Array.from(background), background.length / size);
          for (const at of [0, 1]) {
            const instance = Float32Array.from(instances.slice(at * size, (at + 1) * size));
            const found = await lastEstimate(deep.explain(instance, rows));
            expect(found.prediction).toBeCloseTo(predictions[at * 2 + index] ?? NaN, 5);
            expect(found.base).toBeCloseTo(base[index] ?? NaN, 5);
            for (const expected of [shap, captum ?? shap])
              for (const [element, value] of found.values.entries())
                expect(Math.abs(value - (expected[at]?.[index]?.[element] ?? NaN))).toBeLessThan(
                  1e-5,
                );
          }
        });
    });
});

/** y = x w + 0.5 of 4 numbers. */
const WEIGHTS = [2, -1, 0.5, 3];
function linearModel(rows: number | string = "rows"): Model {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", [rows, 4]);
  const product = b.node("MatMul", [x, b.constant(floatTensor([4, 1], WEIGHTS))]);
  b.output(b.node("Add", [product, b.scalar(0.5)]), "y");
  return b.model();
}
test("a linear model's values are w (x - the background's mean), whatever its fixed batch", async () => {
  const rows = Float32Array.from({ length: 20 }, (_, at) => (at * at) % 7);
  const weights = Float64Array.of(0.125, 0.375, 0.25, 0.0625, 0.1875);
  const means = WEIGHTS.map((_, at) =>
    weights.reduce((sum, weight, row) => sum + weight * (rows[row * 4 + at] ?? NaN), 0),
  );
  for (const model of [linearModel(), linearModel(1)]) {
    const found = await withDeepShap(model, Y, (deep) =>
      lastEstimate(deep.explain(Float32Array.of(1, 1, 1, 1), { rows, count: 5, weights })),
    );
    for (const [at, weight] of WEIGHTS.entries())
      expect(found.values[at]).toBeCloseTo(weight * (1 - (means[at] ?? NaN)), 10);
    expect(found.prediction).toBe(5);
    expect([...(found.half_widths ?? [])]).toEqual([0, 0, 0, 0]);
  }
});

test("elements of a group share a value, and one that no group has stays the instance's", async () => {
  const background = evenly(Float32Array.from([0, 0, 0, 0]), 1);
  const found = await withDeepShap(linearModel(), Y, (deep) =>
    lastEstimate(
      deep.explain(Float32Array.of(1, 1, 1, 1), background, { groups: [[0, 3], [], [1]] }),
    ),
  );
  expect([...found.values]).toEqual([5, 0, -1]);
  expect(found.base).toBe(1);
});

test("an instance that is the background gets zeros, whatever the operators", async () => {
  const model = fileOf("onnx/torch-encoder-14.onnx");
  const layout = layoutFor(model);
  const instance = randomRows(layout, 1, "same");
  const output = model.graph.outputs[0]?.name ?? "";
  const found = await withDeepShap(model, { output, index: 0 }, (deep) =>
    lastEstimate(deep.explain(instance, evenly(instance, 1))),
  );
  expect(found.values.every((value) => value === 0)).toBe(true);
  expect(found.base).toBe(found.prediction);
});

describe("as the rows of the background run", () => {
  const count = 100;
  const model = buildNetwork({
    architecture: { kind: "mlp", hidden: [6] },
    input: { features: 5 },
    output: { values: 1 },
  });
  const layout = layoutFor(model);
  const instance = randomRows(layout, 1, "steps instance");
  const background = evenly(randomRows(layout, count, "steps background"), count);
  const target: Target = { output: "values", index: 0 };
  const all = async (interval: "background" | "population"): Promise<Estimate[]> =>
    withDeepShap(model, target, async (deep) => {
      const estimates: Estimate[] = [];
      for await (const one of deep.explain(instance, background, { interval })) estimates.push(one);
      return estimates;
    });

  test("each estimate adds up, and the intervals about the background close", async () => {
    const estimates = await all("background");
    expect(estimates.map(({ rows }) => rows)).toEqual([64, 128, 200]);
    const last = estimates.at(-1);
    for (const estimate of estimates) {
      expect(Math.abs(residualOf(estimate))).toBeLessThan(1e-5);
      const inside = estimate.values.filter(
        (value, at) =>
          Math.abs(value - (last?.values[at] ?? NaN)) <= (estimate.half_widths?.[at] ?? NaN),
      );
      expect(inside.length).toBeGreaterThanOrEqual(4);
    }
    expect(estimates[0]?.half_widths?.every((width) => width > 0)).toBe(true);
    expect(last?.half_widths?.every((width) => width === 0)).toBe(true);
    expect(await all("background")).toEqual(estimates);
  });

  test("those about the population that it was drawn from stay open", async () => {
    const last = (await all("population")).at(-1);
    expect(last?.half_widths?.every((width) => width > 0)).toBe(true);
  });
});

describe("refuses by name", () => {
  const problemOf = async (work: () => Promise<unknown>) => {
    const error = await work().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof ExplainFault ? error.problem : error;
  };
  const modelOf = (make: (b: GraphBuilder, x: string) => string): Model => {
    const b = GraphBuilder.empty();
    b.output(make(b, b.input("x", "float32", ["rows", 4])), "y");
    return b.model();
  };
  const openOf = (model: Model, target = Y) =>
    problemOf(() => withDeepShap(model, target, async () => {}));

  test("an operator that has no secant", async () => {
    const model = modelOf((b, x) => b.node("Mod", [x, b.scalar(2)], { fmod: 1 }, { name: "rest" }));
    expect(await openOf(model)).toMatchObject({
      code: "method_unsupported",
      message: expect.stringContaining("Mod 'rest' has no secant") as string,
    });
  });

  test("a choice that depends on the instance", async () => {
    const model = modelOf((b, x) =>
      b.node("Where", [b.node("Greater", [x, b.scalar(0)]), x, b.scalar(0)], {}, { name: "if" }),
    );
    expect(await openOf(model)).toMatchObject({
      code: "method_unsupported",
      message: expect.stringContaining("a choice that depends on the instance") as string,
    });
  });

  test("a choice inside a Scan", async () => {
    const model = modelOf((b, x) => {
      const [last = ""] = b.nodes(
        "Scan",
        [b.node("ReduceSum", [x, b.ints([1])], { keepdims: 0 }), x],
        1,
        {
          num_scan_inputs: 1,
          scan_input_axes: [1],
          body: b.subgraph("steps", (inner) => {
            const sum = inner.input("sum", "float32", ["rows"]);
            const slice = inner.input("slice", "float32", ["rows"]);
            return [inner.node("Where", [inner.node("Greater", [slice, sum]), slice, sum])];
          }),
        },
      );
      return last;
    });
    expect(await openOf(model)).toMatchObject({ code: "method_unsupported" });
  });

  test("an input of whole numbers", async () => {
    const model = fileOf("onnx/torch-words-11.onnx");
    const name = model.graph.inputs[0]?.name ?? "";
    const layout = layoutOf(
      { inputs: [{ name, type: "int64", shape: ["n", 3] }], outputs: [] },
      { [name]: { type: "int64", dims: [1, 3], data: new BigInt64Array(3) } },
    );
    const output = model.graph.outputs[0]?.name ?? "";
    const problem = await problemOf(() =>
      openDeepShap(wasmRuntime, model, layout, { output, index: 0 }),
    );
    expect(problem).toMatchObject({ code: "method_unsupported", field: name });
  });

  test("a target that is not there", async () => {
    expect(await openOf(linearModel(), { output: "z", index: 0 })).toMatchObject({
      code: "target_unknown",
    });
    expect(await openOf(linearModel(), { output: "y", index: 1 })).toMatchObject({
      code: "target_unknown",
      field: "target.index",
    });
  });

  test("no background, and what is no number", async () => {
    const of = (instance: number[], rows: number[]) =>
      problemOf(() =>
        withDeepShap(linearModel(), Y, (deep) =>
          lastEstimate(
            deep.explain(
              Float32Array.from(instance),
              evenly(Float32Array.from(rows), rows.length / 4),
            ),
          ),
        ),
      );
    expect(await of([1, 1, 1, 1], [])).toMatchObject({ code: "background_missing" });
    expect(await of([1, NaN, 1, 1], [1, 1, 1, 1])).toMatchObject({ code: "value_invalid" });
    expect(await of([1, 1, 1, 1], [1, 1, Infinity, 1])).toMatchObject({ code: "value_invalid" });
    expect(await of([1, 1], [1, 1, 1, 1])).toMatchObject({ code: "value_invalid" });
  });
});
