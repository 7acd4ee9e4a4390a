import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import type { Model } from "../../../domain/onnx/model.ts";
import { summarise } from "../../../domain/onnx/summarise.ts";
import { filledTensor, intTensor, scalarTensor } from "../../../domain/onnx/tensors.ts";

const weights = (...dims: number[]) => filledTensor("float32", dims, 0.5);

/** 1 x 28 x 28 -> Conv 8 x 24 x 24 -> pool 12 x 12 -> Gemm 10. */
function digits(): Model {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", ["batch", 1, 28, 28]);
  const kernel = b.constant(weights(8, 1, 5, 5), "kernel");
  const bias = b.constant(weights(8), "bias");
  const conv = b.node("Conv", [x, kernel, bias], { kernel_shape: [5, 5] }, { name: "conv" });
  const pool = b.node("MaxPool", [b.node("Relu", [conv])], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  });
  const flat = b.node("Flatten", [pool]);
  const dense = b.constant(weights(1152, 10), "dense");
  b.output(b.node("Gemm", [flat, dense], {}, { name: "gemm", output: "y" }));
  return b.model();
}

describe("a summary", () => {
  test("counts parameters, operators and multiply-accumulates", () => {
    const summary = summarise(digits());
    const conv = 8 * 24 * 24 * 25;
    expect(summary).toMatchObject({
      producer: "linnet",
      opsets: { "ai.onnx": 21 },
      inputs: [{ name: "x", type: "float32", shape: ["batch", 1, 28, 28] }],
      outputs: [{ name: "y", type: "float32", shape: ["batch", 10] }],
      file_bytes: writeModel(digits()).length,
      weight_bytes: 4 * (200 + 8 + 11520),
      parameters: { trainable: 200 + 8 + 11520, by_type: { float32: 11728 } },
      operators: { Conv: 1, Relu: 1, MaxPool: 1, Flatten: 1, Gemm: 1 },
      macs: conv + 11520,
      unknown: { macs_of_nodes: 0, sizes_of_tensors: 0 },
    });
    expect(summary.nodes[0]).toEqual({
      name: "conv",
      operator: "Conv",
      output_shape: [1, 8, 24, 24],
      parameters: 208,
      macs: conv,
    });
  });

  test("scales work and activations with the batch, and not the weights", () => {
    const [one, many] = [summarise(digits()), summarise(digits(), { batch: 32 })];
    expect(many.macs).toBe(32 * one.macs);
    expect(many.activations.peak_bytes).toBe(32 * one.activations.peak_bytes);
    expect(many.weight_bytes).toBe(one.weight_bytes);
  });

  test("holds a tensor from the node that makes it to its last reader", () => {
    const { activations } = summarise(digits());
    const [x, conv, pool, y] = [28 * 28, 8 * 24 * 24, 8 * 12 * 12, 10].map((n) => 4 * n);
    expect(activations).toEqual({
      peak_bytes: Number(x) + 2 * Number(conv),
      sum_bytes: 2 * Number(conv) + 2 * Number(pool) + Number(y),
    });
  });

  test("takes the branch that costs more, and a scan as often as its sequence is long", () => {
    const b = GraphBuilder.empty();
    const x = b.input("x", "float32", [5, 3]);
    const condition = b.input("condition", "bool", []);
    const square = b.constant(weights(3, 3));
    const branch = (name: string, times: number) =>
      b.subgraph(name, (inner) => {
        let value = x;
        for (let i = 0; i < times; i += 1) value = inner.node("MatMul", [value, square]);
        return [value];
      });
    const chosen = b.node("If", [condition], {
      then_branch: branch("then", 1),
      else_branch: branch("else", 2),
    });
    const body = b.subgraph("body", (inner) => {
      const row = inner.input("row", "float32", [3]);
      return [inner.node("MatMul", [row, square])];
    });
    b.output(b.node("Scan", [chosen], { body, num_scan_inputs: 1 }));
    const { nodes, operators } = summarise(b.model());
    expect(nodes.map(({ macs }) => macs)).toEqual([2 * 45, 5 * 9]);
    expect(operators).toEqual({ MatMul: 4, If: 1, Scan: 1 });
  });

  test.each([
    [
      "grouped Conv",
      "Conv",
      [
        [1, 4, 8],
        [6, 2, 3],
      ],
      { group: 2 },
      6 * 6 * 2 * 3,
    ],
    [
      "ConvTranspose",
      "ConvTranspose",
      [
        [1, 4, 8],
        [4, 2, 3],
      ],
      {},
      4 * 8 * 2 * 3,
    ],
    [
      "MatMul",
      "MatMul",
      [
        [7, 2, 3],
        [3, 4],
      ],
      {},
      7 * 2 * 4 * 3,
    ],
    [
      "Gemm of a transposed matrix",
      "Gemm",
      [
        [3, 2],
        [3, 4],
      ],
      { transA: 1 },
      2 * 4 * 3,
    ],
    [
      "LSTM",
      "LSTM",
      [
        [5, 2, 3],
        [1, 16, 3],
        [1, 16, 4],
      ],
      { hidden_size: 4 },
      10 * 16 * 7,
    ],
    ["Einsum", "Einsum", [[2, 3], [3, 4], [4]], { equation: "ij,jk,k->i" }, 2 * 3 * 4 * 2],
    [
      "Attention",
      "Attention",
      [
        [2, 3, 5, 8],
        [2, 3, 7, 8],
        [2, 3, 7, 6],
      ],
      {},
      6 * 5 * 7 * (8 + 6),
    ],
  ])("counts %s", (_, operator, shapes, attributes, macs) => {
    const b = GraphBuilder.empty(23);
    const inputs = shapes.map((shape, index) => b.input(`x${index}`, "float32", shape));
    b.output(b.node(operator, inputs, attributes), "y");
    expect(summarise(b.model()).macs).toBe(macs);
  });

  test("says what it cannot count, and counts it once the size is given", () => {
    const b = GraphBuilder.empty();
    const x = b.input("x", "float32", ["time", "batch", 3]);
    b.output(b.node("MatMul", [x, b.constant(weights(3, 2))], {}, { output: "y" }));
    expect(summarise(b.model())).toMatchObject({
      macs: 0,
      unknown: { macs_of_nodes: 1, sizes_of_tensors: 2 },
    });
    expect(summarise(b.model(), { batch: 4, sizes: { time: 10 } }).macs).toBe(4 * 10 * 6);
  });

  test("counts weights that lie in constants and in sub-graphs, and leaves scalars out", () => {
    const b = GraphBuilder.empty();
    const x = b.input("x", "float32", [2]);
    const half = b.constant(scalarTensor("float32", 0.5));
    const w = b.node("Constant", [], { value: weights(2) });
    const then_branch = b.subgraph("then", (inner) => [
      inner.node("Mul", [x, inner.constant(weights(2))]),
    ]);
    const else_branch = b.subgraph("else", (inner) => [inner.node("Mul", [w, half])]);
    b.constant(intTensor([1, 2, 3]));
    const condition = b.input("condition", "bool", []);
    b.output(b.node("If", [condition], { then_branch, else_branch }), "y");
    expect(summarise(b.model()).parameters).toEqual({
      trainable: 4,
      by_type: { float32: 5, int64: 3 },
    });
  });

  test("counts what functions do where they are called", () => {
    const call = {
      opType: "Square",
      domain: "local",
      inputs: ["x"],
      outputs: ["y"],
      attributes: [],
    };
    const product = { opType: "MatMul", inputs: ["a", "a"], outputs: ["b"], attributes: [] };
    const square = {
      name: "Square",
      domain: "local",
      inputs: ["a"],
      outputs: ["b"],
      nodes: [product],
      opsets: [{ version: 17 }],
    };
    const x = {
      name: "x",
      type: { kind: "tensor", elementType: "float32", shape: [3, 3] },
    } as const;
    const graph = { nodes: [call], inputs: [x], outputs: [{ name: "y" }], initializers: [] };
    const opsets = [{ version: 17 }, { domain: "local", version: 1 }];
    const summary = summarise({ irVersion: 8, opsets, graph, functions: [square] });
    expect(summary).toMatchObject({ macs: 27, operators: { MatMul: 1 } });
  });

  test.each([
    [1_000_000, true, /^12\.\d MB of heap to open it/],
    [16_000_000, true, /^57\.0 MB/],
    [16_000_001, false, /opens at most 16\.0 MB/],
  ])("a file of %i bytes fits an isolate: %s", (fileBytes, fits, reason) => {
    const { fits_isolate } = summarise(digits(), { fileBytes });
    expect(fits_isolate).toMatchObject({ fits, limit_bytes: 72_000_000 });
    expect(fits_isolate.reason).toMatch(reason);
  });

  test("a batch whose activations are too large does not fit", () => {
    const { fits_isolate } = summarise(digits(), { batch: 2000 });
    expect(fits_isolate).toMatchObject({ fits: false });
    expect(fits_isolate.reason).toMatch(/of heap to run it/);
  });

  test("a batch has to be a whole number", () => {
    expect(() => summarise(digits(), { batch: 0.5 })).toThrow("whole number");
  });
});
