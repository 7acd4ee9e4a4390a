import { describe, expect, test } from "vitest";
import { readModel, writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { floatsOf } from "../../../../domain/onnx/float-values.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { halve, type HalveOptions } from "../../../../domain/onnx/halve/halve.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { graphsOf, intOf } from "../../../../domain/onnx/node.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { randomOf } from "../support/random-numbers.ts";
import {
  expectSame,
  expectSameOnWasm,
  normalTensor,
  operatorsOf,
  type Feeds,
} from "../support/same-results.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const random = randomOf("halve");

/** Half as many digits, some lost on the way. */
const TOLERANCE = 5e-3;

function convolutional(): Model {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 2, 16]);
  const w = (dims: number[], name: string) => b.constant(normalTensor(random, dims, 0.2), name);
  const first = b.node("Relu", [b.node("Conv", ["x", w([16, 2, 3], "w1"), w([16], "b1")])]);
  const pooled = b.node("MaxPool", [first], { kernel_shape: [2], strides: [2] });
  const flat = b.node("Flatten", [pooled]);
  b.output(b.node("Gemm", [flat, w([112, 40], "w2"), w([40], "b2")]), "features");
  b.output(b.node("Softmax", ["features"]), "y");
  return b.model();
}

const castsIn = (model: Model): number[] =>
  model.graph.nodes.filter(({ opType }) => opType === "Cast").map((node) => intOf(node, "to", 0));

/** Both through the interpreter, in which only weights are rounded, and on the runtime. */
async function expectHalved(
  model: Model,
  feeds: Feeds,
  options: HalveOptions = {},
): Promise<Model> {
  const { model: half } = halve(model, options);
  expectSame(model, half, feeds, TOLERANCE);
  await expectSameOnWasm(model, half, feeds, TOLERANCE);
  return half;
}

describe("a network", () => {
  test("computes the same in half the size, its inputs and outputs as they were", async () => {
    const model = convolutional();
    const half = await expectHalved(model, { x: normalTensor(random, [3, 2, 16]) });
    expect(half.graph.inputs).toEqual(model.graph.inputs);
    expect(half.graph.outputs).toEqual(model.graph.outputs);
    expect(half.graph.initializers.map(({ name, type }) => [name, type])).toEqual([
      ["w1", "float16"],
      ["b1", "float16"],
      ["w2", "float16"],
      ["b2", "float16"],
    ]);
    expect(castsIn(half)).toEqual([10, 1, 1]);
    const ratio = writeModel(half).length / writeModel(model).length;
    expect(ratio).toBeGreaterThan(0.49);
    expect(ratio).toBeLessThan(0.54);
  });

  test("takes and gives float16 where that is asked for", async () => {
    const { model: half } = halve(convolutional(), { keep_io_types: false });
    expect(castsIn(half)).toEqual([]);
    const types = [...half.graph.inputs, ...half.graph.outputs].map(({ type }) => type);
    const expected = { elementType: "float16" };
    expect(types).toMatchObject([expected, expected, expected]);
    const x = {
      type: "float16" as const,
      dims: [1, 2, 16],
      data: new Uint16Array(32).fill(0x3c00),
    };
    const { y } = await runOnWasm(half, { x });
    expect(y?.type).toBe("float16");
  });

  test("does not cast twice on the way into nodes that stay float32, nor between them", async () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2, 3]);
    const a = b.node("Relu", ["x"]);
    const kept = [b.node("Exp", [a]), b.node("Exp", [b.node("Exp", [a])])];
    b.output(b.node("Neg", [b.node("Add", kept)]), "y");
    const half = await expectHalved(
      b.model(),
      { x: normalTensor(random, [2, 3], 0.3) },
      { keep_operators: ["Exp"] },
    );
    // x to float16, Relu to float32 once, both Exp to float16, y to float32.
    expect(castsIn(half)).toEqual([10, 1, 10, 10, 1]);
    expect(halve(b.model(), { keep_operators: ["Exp"] }).report.kept_nodes).toEqual({ Exp: 3 });
  });

  test("is written and read again", () => {
    const { model } = halve(convolutional());
    expect(readModel(writeModel(model)).graph.nodes).toHaveLength(model.graph.nodes.length);
  });
});

describe("types that stay float32", () => {
  test("the scales of a Resize, the statistics of a normalisation, a scatter that adds", async () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [1, 2, 3]);
    const scales = b.constant(floatTensor([3], [1, 1, 2]), "scales");
    const large = b.node("Resize", ["x", "", scales], { mode: "nearest" });
    const weight = b.constant(normalTensor(random, [6]), "weight");
    const [normal = "", mean = ""] = b.nodes("LayerNormalization", [large, weight], 2);
    const indices = b.constant({ type: "int64", dims: [1, 1, 1], data: BigInt64Array.of(1n) });
    const one = b.constant(floatTensor([1, 1, 1], [1]));
    b.output(b.node("ScatterElements", [normal, indices, one], { reduction: "add", axis: 2 }), "y");
    b.output(b.node("Add", [mean, b.scalar(1)]), "mean");
    const half = await expectHalved(b.model(), { x: normalTensor(random, [1, 2, 3]) });
    const types = Object.fromEntries(half.graph.initializers.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({ scales: "float32", weight: "float16" });
  });

  test("are said where an attribute names them", async () => {
    const b = GraphBuilder.empty();
    b.input("n", "int64", [2]);
    const ones = b.node("ConstantOfShape", ["n"], { value: floatTensor([1], [1]) });
    const zeros = b.node("ConstantOfShape", ["n"]);
    const cast = b.node("Cast", [b.node("NonZero", [ones])], { to: 1 });
    b.output(b.node("Sum", [ones, zeros, b.node("ReduceSum", [cast])]), "y");
    const n = { type: "int64" as const, dims: [2], data: BigInt64Array.of(2n, 3n) };
    await expectHalved(b.model(), { n });
  });
});

describe("sub-graphs", () => {
  test("the branches of an If, with what they capture", async () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2, 3]);
    // Sums of the size that a network's are: an error of a half float grows with them.
    const weight = b.constant(normalTensor(random, [3, 3], 0.3), "weight");
    const inner = b.node("MatMul", ["x", weight]);
    const branch = (operator: string) =>
      b.subgraph(operator, (body) => {
        const own = body.constant(normalTensor(random, [3, 3], 0.3), `own ${operator}`);
        return [body.node(operator, [body.node("Add", [body.node("MatMul", [inner, own]), "x"])])];
      });
    const chosen = b.node("If", [b.input("c", "bool", [])], {
      then_branch: branch("Tanh"),
      else_branch: branch("Erf"),
    });
    b.output(b.node("Neg", [chosen]), "y");
    for (const c of [0, 1]) {
      const half = await expectHalved(
        b.model(),
        {
          x: normalTensor(random, [2, 3]),
          c: { type: "bool", dims: [], data: Uint8Array.of(c) },
        },
        { keep_operators: ["Erf"] },
      );
      const bodies = half.graph.nodes.flatMap(graphsOf);
      expect(bodies.map(({ outputs }) => outputs[0]?.type)).toMatchObject([
        { elementType: "float16" },
        { elementType: "float16" },
      ]);
      expect(bodies[0]?.initializers[0]?.type).toBe("float16");
    }
  });

  test("a Scan with its state", async () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [4, 2]);
    const body = b.subgraph("body", (inner) => {
      const state = inner.input("state", "float32", [2]);
      const row = inner.input("row", "float32", [2]);
      const next = inner.node("Tanh", [inner.node("Add", [state, row])]);
      return [next, inner.node("Identity", [next])];
    });
    const start = b.constant(floatTensor([2], [0, 0.5]));
    const [last = "", all = ""] = b.nodes("Scan", [start, "x"], 2, { body, num_scan_inputs: 1 });
    b.output(last, "last");
    b.output(all, "all");
    await expectHalved(b.model(), { x: normalTensor(random, [4, 2]) });
  });
});

test("numbers out of range are clamped, tiny ones kept as subnormals or reported as lost", () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", [6]);
  const values = [1e6, -3.4e38, 65504, 6e-8, 1e-9, -Infinity];
  b.output(b.node("Add", ["x", b.constant(floatTensor([6], values), "w")]), "y");
  const { model, report } = halve(b.model());
  const [w] = model.graph.initializers;
  expect(w && [...floatsOf(w)]).toEqual([65504, -65504, 65504, 2 ** -24, 0, -Infinity]);
  expect(report).toEqual({
    tensors: 1,
    elements: 6,
    clamped: 2,
    flushed: 1,
    halved_nodes: 1,
    kept_nodes: {},
  });
});

test("an operator of another domain keeps its types", () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", [2]);
  const relu = b.node("Relu", ["x"]);
  const other = b.node("Gelu", [relu], {}, { domain: "com.microsoft" });
  b.declare(other, { kind: "tensor", type: "float32", shape: [2] });
  b.output(other, "y");
  const model = {
    ...b.model(),
    opsets: [{ version: 21 }, { domain: "com.microsoft", version: 1 }],
  };
  const { model: half } = halve(model);
  expect(operatorsOf(half)).toEqual(["Cast", "Relu", "Cast", "com.microsoft.Gelu"]);
});
