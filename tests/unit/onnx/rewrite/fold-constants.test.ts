import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { graphsOf } from "../../../../domain/onnx/node.ts";
import { foldConstants, foldKnownSizes } from "../../../../domain/onnx/rewrite/fold-constants.ts";
import { removeDead } from "../../../../domain/onnx/rewrite/remove-dead.ts";
import { elementsOf } from "../../../../domain/onnx/stored-tensor.ts";
import { floatTensor, intTensor, scalarTensor } from "../../../../domain/onnx/tensors.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import type { Runtime } from "../../../../domain/onnx/runtime.ts";
import { expectSame, expectSameOnWasm, operatorsOf } from "../support/same-results.ts";
import { runOnWasm, wasmRuntime } from "../support/wasm-runtime.ts";

const folded = async (model: Model, options = {}) =>
  removeDead(await foldConstants(model, wasmRuntime, options));

/** A runtime that must not be asked. */
const unused: Runtime = {
  name: "unused",
  open: () => Promise.reject(new Error("the runtime was asked")),
};

describe("what depends on no input is computed", () => {
  test("with the very numbers of the runtime", async () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [3]);
    const scale = b.node("Exp", [b.node("Sqrt", [b.constant(floatTensor([3], [1, 2, 3]))])]);
    b.output(b.node("Mul", ["x", scale], {}, { output: "y" }));
    const model = await folded(b.model());
    expect(operatorsOf(model)).toEqual(["Mul"]);
    const [weight] = model.graph.initializers;
    const x = floatTensor([3], [1, 1, 1]);
    const { y } = await runOnWasm(b.model(), { x });
    expect(weight && elementsOf(weight).data).toEqual(y?.data);
    expect(weight?.name).toBe(scale);
  });

  test("in the branches of an If, from what they capture", async () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2]);
    const outer = b.node("Neg", [b.constant(floatTensor([2], [1, 2]))]);
    const branch = (value: number) =>
      b.subgraph("branch", (inner) => [
        inner.node("Add", [
          "x",
          inner.node("Mul", [outer, inner.constant(scalarTensor("float32", value))]),
        ]),
      ]);
    const branches = { then_branch: branch(3), else_branch: branch(5) };
    b.output(b.node("If", [b.input("c", "bool", [])], branches, { output: "y" }));
    const model = await folded(b.model());
    expect(operatorsOf(model)).toEqual(["If"]);
    const bodies = model.graph.nodes.flatMap(graphsOf);
    expect(bodies.map(({ nodes }) => nodes.map(({ opType }) => opType))).toEqual([
      ["Add"],
      ["Add"],
    ]);
    for (const c of [0, 1]) {
      const feeds = {
        x: floatTensor([2], [1, 1]),
        c: { type: "bool" as const, dims: [], data: Uint8Array.of(c) },
      };
      expectSame(b.model(), model, feeds);
      await expectSameOnWasm(b.model(), model, feeds);
    }
  });

  test("where it is an output, which stays one", async () => {
    const b = GraphBuilder.empty();
    b.output(b.node("Neg", [b.constant(floatTensor([2], [1, 2]))], {}, { output: "y" }));
    const model = await folded(b.model());
    expect(operatorsOf(model)).toEqual(["Constant"]);
    expectSame(b.model(), model, {});
    await expectSameOnWasm(b.model(), model, {});
  });
});

describe("what stays", () => {
  test("random numbers, and what is made of them", async () => {
    const b = GraphBuilder.empty();
    b.output(b.node("Neg", [b.node("RandomNormal", [], { shape: [2] })], {}, { output: "y" }));
    const model = b.model();
    expect(await folded(model)).toBe(model);
  });

  test("a result that is much larger than what it is made of", async () => {
    const b = GraphBuilder.empty();
    const large = b.node("Expand", [b.scalar(1), b.ints([100, 100])]);
    b.output(b.node("Add", [b.input("x", "float32", [100, 100]), large], {}, { output: "y" }));
    expect(operatorsOf(await folded(b.model(), { max_growth_bytes: 1000 }))).toContain("Expand");
    expect(operatorsOf(await folded(b.model()))).toEqual(["Add"]);
  });

  test("weights that are kept quantised", async () => {
    const b = GraphBuilder.empty();
    const weight = b.constant({ type: "int8", dims: [2], data: Int8Array.of(3, -4) });
    const real = b.node("DequantizeLinear", [weight, b.scalar(0.1)]);
    b.output(b.node("Mul", [b.input("x", "float32", [2]), real], {}, { output: "y" }));
    expect(operatorsOf(await folded(b.model()))).toEqual(["DequantizeLinear", "Mul"]);
  });

  test("a default that a caller may override", async () => {
    const b = GraphBuilder.empty();
    b.input("w", "float32", [2]);
    b.output(b.node("Neg", ["w"], {}, { output: "y" }));
    const model = b.model();
    const [initializer] = (() => {
      const other = GraphBuilder.empty();
      other.constant(floatTensor([2], [1, 2]), "w");
      return other.graph().initializers;
    })();
    const initializers = initializer ? [initializer] : [];
    const overridable = { ...model, graph: { ...model.graph, initializers } };
    expect(operatorsOf(await folded(overridable))).toEqual(["Neg"]);
    // Before version 4 of the format it could not be overridden.
    expect(operatorsOf(await folded({ ...overridable, irVersion: 3 }))).toEqual(["Constant"]);
  });

  test("what the runtime refuses", async () => {
    const b = GraphBuilder.empty();
    const inverse = b.node("Neg", [b.constant(floatTensor([2], [1, 2]))]);
    b.output(b.node("Mul", [b.input("x", "float32", [2]), inverse], {}, { output: "y" }));
    expect(operatorsOf(await foldConstants(b.model(), unused))).toEqual(["Neg", "Mul"]);
  });
});

test("sizes that inference knows need no runtime, and Constant nodes become initializers", () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 3, 4]);
  const sizes = b.node("Shape", ["x"], { start: 1 });
  const product = b.node("ReduceProd", [sizes], { keepdims: 1 });
  const minus = b.node("Constant", [], { value: intTensor([-1]) });
  const target = b.node("Concat", [minus, b.node("Gather", [sizes, b.ints([1])])], { axis: 0 });
  b.output(b.node("Reshape", ["x", target], {}, { output: "y" }));
  b.output(product, "count");
  const model = removeDead(foldKnownSizes(b.model()));
  expect(operatorsOf(model)).not.toContain("Concat");
  expect(operatorsOf(model)).not.toContain("Constant");
  const x = floatTensor(
    [2, 3, 4],
    Array.from({ length: 24 }, (_, at) => at),
  );
  expectSame(b.model(), model, { x });
});
