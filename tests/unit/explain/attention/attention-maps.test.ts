import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openAttention } from "../../../../domain/explain/attention/attention-maps.ts";
import { findAttention } from "../../../../domain/explain/attention/find-attention.ts";
import { rolloutOf } from "../../../../domain/explain/attention/rollout.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import type { AttentionLayer } from "../../../../domain/explain/explanation.ts";
import type { RowLayout } from "../../../../domain/explain/rows.ts";
import { readModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { buildNetwork } from "../../../../domain/onnx/train/architectures/build-network.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";

const [TOKENS, SIZE] = [3, 2];

const layoutOf = (name: string, shape: number[]): RowLayout => {
  const count = shape.reduce((product, size) => product * size, 1);
  return {
    size: count,
    ports: [{ name, type: "float32", shape, offset: 0, count, categories: null }],
  };
};

async function mapsOf(model: Model, layout: RowLayout, instance: Float32Array) {
  const session = await openAttention(wasmRuntime, model, layout);
  try {
    return { names: session.layers, ...(await session.maps(instance)) };
  } finally {
    await session.release();
  }
}

const zeros = (batch: number): Tensor => ({
  type: "float32",
  dims: [batch, TOKENS, SIZE],
  data: new Float32Array(batch * TOKENS * SIZE),
});

/** Tokens that attend to each other by their own values: softmax(x x^T) x, by way of `between`. */
function attending(
  between: (b: GraphBuilder, weights: string) => string = (_, weights) => weights,
  batch: number | string = "batch",
): Model {
  const b = GraphBuilder.empty();
  const given = b.input("x", "float32", [batch, TOKENS, SIZE]);
  // A constant of as many rows holds the model to them.
  const x = typeof batch === "number" ? b.node("Add", [given, b.constant(zeros(batch))]) : given;
  const scores = b.node("MatMul", [x, b.node("Transpose", [x], { perm: [0, 2, 1] })]);
  const weights = b.node("Softmax", [scores], { axis: -1 }, { name: "weights" });
  b.output(b.node("MatMul", [between(b, weights), x]), "y");
  return b.model();
}

/** The weights of `attending` for a row, worked out. */
function weightsOf(row: Float32Array): number[][] {
  const token = (at: number): Float32Array => row.subarray(at * SIZE, (at + 1) * SIZE);
  return Array.from({ length: TOKENS }, (_, query) => {
    const scores = Array.from({ length: TOKENS }, (_, key) =>
      Math.exp(token(query).reduce((sum, value, at) => sum + value * (token(key)[at] ?? 0), 0)),
    );
    const sum = scores.reduce((all, score) => all + score, 0);
    return scores.map((score) => score / sum);
  });
}

const ROW = Float32Array.of(0.5, -1, 0.2, 0.3, 1, 0.8);

const expectSums = ({ weights, keys }: AttentionLayer): void => {
  for (let from = 0; from < weights.length; from += keys)
    expect(weights.slice(from, from + keys).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(
      1,
      5,
    );
};

describe("attention maps", () => {
  test("are the weights with which the values are mixed", async () => {
    const { layers } = await mapsOf(attending(), layoutOf("x", [TOKENS, SIZE]), ROW);
    expect(layers).toHaveLength(1);
    expect(layers[0]).toMatchObject({ name: "weights", heads: 1, queries: TOKENS, keys: TOKENS });
    for (const [at, weight] of weightsOf(ROW).flat().entries())
      expect(layers[0]?.weights[at]).toBeCloseTo(weight, 6);
  });

  test.each([
    ["Identity", (b: GraphBuilder, weights: string) => b.node("Identity", [weights])],
    ["Dropout", (b: GraphBuilder, weights: string) => b.node("Dropout", [weights])],
    [
      "two Casts",
      (b: GraphBuilder, weights: string) =>
        b.node("Cast", [b.node("Cast", [weights], { to: 11 })], { to: 1 }),
    ],
    [
      "Where",
      (b: GraphBuilder, weights: string) =>
        b.node("Where", [b.node("IsNaN", [weights]), b.scalar(0), weights]),
    ],
  ])("are found through %s", (_, between) => {
    expect(findAttention(attending(between)).places).toEqual([
      { name: "weights", tensor: expect.any(String) },
    ]);
  });

  test("of a model for two rows at a time are those of the instance", async () => {
    const { layers } = await mapsOf(attending(undefined, 2), layoutOf("x", [TOKENS, SIZE]), ROW);
    expect(layers[0]).toMatchObject({ heads: 1 });
    for (const [at, weight] of weightsOf(ROW).flat().entries())
      expect(layers[0]?.weights[at]).toBeCloseTo(weight, 6);
  });

  test("of PyTorch's encoder are those that ONNX Runtime gives in Python", async () => {
    const file = new URL("../../vectors/onnx/torch-encoder-14.onnx", import.meta.url);
    const { attention } = JSON.parse(
      readFileSync(new URL("../../vectors/explain/summary.json", import.meta.url), "utf8"),
    ) as { attention: number[] };
    const instance = Float32Array.from({ length: 24 }, (_, at) => Math.sin(at));
    const model = readModel(new Uint8Array(readFileSync(file)));
    const { layers, rollout } = await mapsOf(model, layoutOf("x", [4, 6]), instance);
    expect(layers).toHaveLength(1);
    expect(layers[0]).toMatchObject({ heads: 2, queries: 4, keys: 4 });
    for (const [at, weight] of attention.entries())
      expect(layers[0]?.weights[at]).toBeCloseTo(weight, 5);
    expect(rollout?.tokens).toBe(4);
  });

  test("of a stack of layers come in its order, each row of weights summing to 1", async () => {
    const model = buildNetwork({
      architecture: { kind: "transformer", width: 8, heads: 2, layers: 3, frame: 4 },
      input: { channels: 1, length: 32 },
      output: { classes: 3 },
    });
    const random = seededRandom("signal");
    const instance = Float32Array.from({ length: 32 }, () => random.normal());
    const { layers, rollout, names } = await mapsOf(model, layoutOf("signal", [1, 32]), instance);
    expect(layers.map(({ name }) => name)).toEqual(names);
    expect(layers).toHaveLength(3);
    for (const layer of layers) {
      expect(layer).toMatchObject({ heads: 2, queries: 8, keys: 8 });
      expectSums(layer);
    }
    expect(rollout?.relevance.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
  });

  test("of an Attention node are its fourth output, whatever that was", async () => {
    const b = GraphBuilder.empty(23);
    const x = b.input("x", "float32", ["batch", TOKENS, SIZE]);
    const attributes = { q_num_heads: 1, kv_num_heads: 1, scale: 1, qk_matmul_output_mode: 0 };
    const [y = ""] = b.nodes("Attention", [x, x, x], ["y", "", "", "scores"], attributes, {
      name: "attend",
    });
    b.output(y);
    const { layers } = await mapsOf(b.model(), layoutOf("x", [TOKENS, SIZE]), ROW);
    expect(layers[0]).toMatchObject({ name: "attend", heads: 1, queries: TOKENS, keys: TOKENS });
    for (const [at, weight] of weightsOf(ROW).flat().entries())
      expect(layers[0]?.weights[at]).toBeCloseTo(weight, 5);
  });
});

describe("a model without attention is refused", () => {
  const refusal = (model: Model): ExplainFault["problem"] => {
    try {
      findAttention(model);
    } catch (error) {
      if (error instanceof ExplainFault) return error.problem;
      throw error;
    }
    throw new Error("the model was not refused");
  };
  const built = (make: (b: GraphBuilder, x: string) => string): Model => {
    const b = GraphBuilder.empty();
    b.output(make(b, b.input("x", "float32", ["batch", TOKENS, TOKENS])), "y");
    return b.model();
  };

  test.each([
    ["a softmax that is the answer", built((b, x) => b.node("Softmax", [x], { axis: -1 }))],
    [
      "a softmax that weights constants",
      built((b, x) => {
        const ones = {
          type: "float32" as const,
          dims: [TOKENS, 1],
          data: new Float32Array(TOKENS).fill(1),
        };
        return b.node("MatMul", [b.node("Softmax", [x], { axis: -1 }), b.constant(ones)]);
      }),
    ],
    [
      "a softmax over another axis",
      built((b, x) => b.node("MatMul", [b.node("Softmax", [x], { axis: 1 }), x])),
    ],
    [
      "a softmax that is weighted itself",
      built((b, x) => b.node("MatMul", [x, b.node("Softmax", [x], { axis: -1 })])),
    ],
    [
      "a perceptron",
      buildNetwork({
        architecture: { kind: "mlp" },
        input: { features: 3 },
        output: { classes: 2 },
      }),
    ],
  ])("%s", (_, model) => {
    expect(refusal(model)).toMatchObject({ code: "method_unsupported" });
  });

  test("and so is a fused operator that keeps its weights to itself, by name", () => {
    const node = {
      opType: "MultiHeadAttention",
      domain: "com.microsoft",
      name: "fused",
      inputs: ["x", "x", "x"],
      outputs: ["y"],
      attributes: [],
    };
    const model = attending();
    const fused = { ...model, graph: { ...model.graph, nodes: [node], outputs: [] } };
    expect(refusal(fused)).toMatchObject({
      code: "method_unsupported",
      message: expect.stringContaining("'fused' is a com.microsoft.MultiHeadAttention"),
    });
  });
});

describe("attention rollout", () => {
  const layer = (weights: number[], heads = 1, queries = 2, keys = 2): AttentionLayer => ({
    name: "layer",
    heads,
    queries,
    keys,
    weights,
  });

  test("multiplies the layers, each half itself, by hand", () => {
    const found = rolloutOf([layer([0, 1, 1, 0]), layer([1, 0, 1, 0])]);
    // [[1, 0], [.5, .5]] after [[.5, .5], [.5, .5]]
    expect(Array.from(found?.matrix ?? [])).toEqual([0.5, 0.5, 0.5, 0.5]);
    const [second] = [rolloutOf([layer([1, 0, 1, 0]), layer([0.2, 0.8, 0.4, 0.6])])];
    const expected = [0.6 + 0.4 * 0.5, 0.4 * 0.5, 0.2 + 0.8 * 0.5, 0.8 * 0.5];
    for (const [at, value] of expected.entries()) expect(second?.matrix[at]).toBeCloseTo(value, 12);
    expect(second?.relevance[0]).toBeCloseTo((0.8 + 0.6) / 2, 12);
  });

  test("takes the mean of heads", () => {
    const found = rolloutOf([layer([1, 0, 0, 1, 0, 1, 1, 0], 2)]);
    for (const [at, value] of [0.75, 0.25, 0.25, 0.75].entries())
      expect(found?.matrix[at]).toBeCloseTo(value, 12);
  });

  test("has rows that sum to 1, even of a query that attends to nothing", () => {
    const found = rolloutOf([layer([0, 0, 0.3, 0.7])]);
    expect(Array.from(found?.matrix.subarray(0, 2) ?? [])).toEqual([1, 0]);
  });

  test("is none where queries are no keys", () => {
    expect(rolloutOf([layer([1, 0, 0, 1]), layer([1, 1], 1, 2, 1)])).toBeNull();
  });

  test("is none of layers that stand side by side", async () => {
    const b = GraphBuilder.empty();
    const x = b.input("x", "float32", ["batch", TOKENS, SIZE]);
    const scores = b.node("MatMul", [x, b.node("Transpose", [x], { perm: [0, 2, 1] })]);
    const beside = [1, 2].map((scale) =>
      b.node("MatMul", [
        b.node("Softmax", [b.node("Mul", [scores, b.scalar(scale)])], { axis: -1 }),
        x,
      ]),
    );
    b.output(b.node("Add", beside), "y");
    const { layers, rollout } = await mapsOf(b.model(), layoutOf("x", [TOKENS, SIZE]), ROW);
    expect(layers).toHaveLength(2);
    expect(rollout).toBeNull();
  });
});
