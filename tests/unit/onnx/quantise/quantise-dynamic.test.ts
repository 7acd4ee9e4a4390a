import { describe, expect, test } from "vitest";
import { writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import {
  quantiseDynamic,
  type DynamicOptions,
} from "../../../../domain/onnx/quantise/quantise-dynamic.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { imageNetwork, tokenNetwork } from "./networks.ts";
import { constantIn, operatorsIn, relativeDifference } from "./support.ts";

const variants: [string, DynamicOptions][] = [
  ["by default", {}],
  ["a scale for each weight", { per_channel: false }],
  ["int8 weights", { weight_type: "int8" }],
  ["a bit less", { reduce_range: true }],
];

describe("dynamic quantisation", () => {
  test.each(variants)("the image network answers alike, %s", async (_, options) => {
    const { model, feeds } = imageNetwork();
    const made = quantiseDynamic(model, options);
    expect(made.report).toEqual({ quantized_nodes: 4, skipped: [] });
    expect(await relativeDifference(model, made.model, feeds)).toBeLessThan(0.02);
  });

  test.each(variants)("the token network answers alike, %s", async (_, options) => {
    const { model, feeds } = tokenNetwork();
    const made = quantiseDynamic(model, options);
    expect(made.report.quantized_nodes).toBe(5);
    expect(made.report.skipped.map(({ operator, reason }) => [operator, reason])).toEqual([
      ["MatMul", "its second operand is not a float32 constant"],
      ["MatMul", "its second operand is not a float32 constant"],
    ]);
    expect(await relativeDifference(model, made.model, feeds)).toBeLessThan(0.02);
  });

  test("an LSTM is ONNX Runtime's own, unless its batch leads", () => {
    const { model } = tokenNetwork();
    const made = quantiseDynamic(model);
    expect(operatorsIn(made.model)).toMatchObject({ DynamicQuantizeLSTM: 1, ConvInteger: 1 });
    expect(made.model.opsets).toContainEqual({ domain: "com.microsoft", version: 1 });
    const leading = {
      ...model,
      graph: {
        ...model.graph,
        nodes: model.graph.nodes.map((node) =>
          node.opType === "LSTM"
            ? {
                ...node,
                attributes: [
                  ...node.attributes,
                  { name: "layout", kind: "int" as const, value: 1 },
                ],
              }
            : node,
        ),
      },
    };
    const left = quantiseDynamic(leading);
    expect(operatorsIn(left.model)).toMatchObject({ LSTM: 1 });
    expect(left.model.opsets).toHaveLength(1);
    expect(left.report.skipped.map(({ node }) => node)).toContain("lstm");
  });

  test("an activation that several products take is quantised once", async () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 4]);
    const weight = b.constant(
      floatTensor(
        [4, 4],
        Array.from({ length: 16 }, (_, at) => at - 8),
      ),
    );
    const products = [b.node("MatMul", [x, weight]), b.node("MatMul", [x, weight])];
    b.output(b.node("Add", products), "y");
    const { model } = quantiseDynamic(b.model());
    expect(operatorsIn(model)).toMatchObject({ DynamicQuantizeLinear: 1, MatMulInteger: 2 });
    expect(model.graph.initializers.filter(({ type }) => type === "uint8")).toHaveLength(2);
    const feeds = { x: floatTensor([2, 4], [1, 2, -3, 4, 0.5, 0, 1, -1]) };
    expect(await relativeDifference(b.model(), model, feeds)).toBeLessThan(0.02);
  });

  test.each([
    { transA: 0, transB: 0 },
    { transA: 1, transB: 0 },
    { transA: 0, transB: 1 },
    { transA: 1, transB: 1, alpha: -0.5, beta: 3 },
  ])("Gemm with %o", async (attributes) => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", attributes.transA ? [3, 2] : [2, 3]);
    const values = Array.from({ length: 12 }, (_, at) => Math.sin(at * 1.7));
    const weight = b.constant(floatTensor(attributes.transB ? [4, 3] : [3, 4], values));
    const bias = b.constant(floatTensor([4], [1, -1, 0.5, 2]));
    b.output(b.node("Gemm", [x, weight, bias], attributes), "y");
    const feeds = { x: floatTensor(attributes.transA ? [3, 2] : [2, 3], [1, -2, 3, 0.5, -1, 2]) };
    const { model } = quantiseDynamic(b.model());
    expect(operatorsIn(model)["Gemm"]).toBeUndefined();
    expect(await relativeDifference(b.model(), model, feeds)).toBeLessThan(0.02);
  });

  test("weights take a quarter of the space", () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 128]);
    const values = Array.from({ length: 128 * 256 }, (_, at) => Math.sin(at));
    b.output(b.node("MatMul", [x, b.constant(floatTensor([128, 256], values))]), "y");
    const before = writeModel(b.model()).length;
    const after = writeModel(quantiseDynamic(b.model()).model).length;
    expect(after / before).toBeLessThan(0.27);
  });

  test("a bit less leaves the highest bit of the weights alone", () => {
    const { model } = imageNetwork();
    const largest = (options: DynamicOptions) => {
      const made = quantiseDynamic(model, options).model;
      return Math.max(...constantIn(made, "second_weight_axis_0_quantized").map(Math.abs));
    };
    expect(largest({})).toBe(255);
    expect(largest({ reduce_range: true })).toBe(127);
    expect(largest({ weight_type: "int8" })).toBe(127);
    expect(largest({ weight_type: "int8", reduce_range: true })).toBe(64);
  });

  test("a weight that something else reads too is kept for it", async () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 2]);
    const weight = b.constant(floatTensor([2, 2], [1, 2, 3, -4]), "w");
    b.output(b.node("Add", [b.node("MatMul", [x, weight]), b.node("ReduceMax", [weight])]), "y");
    const { model } = quantiseDynamic(b.model());
    expect(model.graph.initializers.map(({ name }) => name)).toContain("w");
    const feeds = { x: floatTensor([2, 2], [1, 2, -3, 4]) };
    expect(await relativeDifference(b.model(), model, feeds)).toBeLessThan(0.02);
  });

  test("weights of Constant nodes, and of files that list them as inputs", async () => {
    const { model, feeds } = imageNetwork();
    const [moved, ...others] = model.graph.initializers;
    if (moved?.name === undefined) throw new Error("no initializer");
    const constant = {
      opType: "Constant",
      inputs: [],
      outputs: [moved.name],
      attributes: [{ name: "value", kind: "tensor" as const, value: moved }],
    };
    const graph = {
      ...model.graph,
      nodes: [constant, ...model.graph.nodes],
      initializers: others,
      inputs: [
        ...model.graph.inputs,
        ...others.map(({ name = "", type, dims }) => ({
          name,
          type: { kind: "tensor" as const, elementType: type, shape: dims },
        })),
      ],
    };
    const made = quantiseDynamic({ ...model, irVersion: 3, graph });
    expect(made.report.quantized_nodes).toBe(4);
    expect(made.model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(await relativeDifference(model, made.model, feeds)).toBeLessThan(0.02);
    const overridable = quantiseDynamic({ ...model, graph });
    expect(overridable.report.quantized_nodes).toBe(1);
  });

  test("requests that do not fit", () => {
    const { model } = imageNetwork();
    expect(() => quantiseDynamic(model, { op_types: ["Add"] })).toThrow("'op_types' names Add");
    expect(() => quantiseDynamic(model, { nodes_to_exclude: ["none"] })).toThrow("no such node");
    expect(quantiseDynamic(model, { nodes_to_exclude: ["classes"] }).report.quantized_nodes).toBe(
      3,
    );
    expect(quantiseDynamic(model, { op_types: ["Gemm"] }).report.quantized_nodes).toBe(1);
    expect(() => quantiseDynamic({ ...model, opsets: [{ version: 10 }] })).toThrow("opset 13");
  });
});
