import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { fromTensor } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { addOutputs } from "../../../../domain/onnx/rewrite/add-outputs.ts";
import { bindInputs } from "../../../../domain/onnx/rewrite/bind-inputs.ts";
import { extractSubgraph } from "../../../../domain/onnx/rewrite/extract-subgraph.ts";
import { liftInitializers } from "../../../../domain/onnx/rewrite/lift-initializers.ts";
import { renameTensors, setOutputNames } from "../../../../domain/onnx/rewrite/rename-tensors.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { expectSame, operatorsOf } from "../support/same-results.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

/** y = relu(x w) + b, with a branch on c that negates. */
function network(): Model {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 2]);
  b.input("c", "bool", []);
  const w = b.constant(floatTensor([2, 3], [1, -2, 3, -4, 5, -6]), "w");
  const hidden = b.node("MatMul", ["x", w], {}, { output: "hidden" });
  const active = b.node("Relu", [hidden], {}, { output: "active" });
  const branch = (operator: string) =>
    b.subgraph(operator, (inner) => [inner.node(operator, [active])]);
  const branches = { then_branch: branch("Neg"), else_branch: branch("Abs") };
  b.node("If", ["c"], branches, { output: "chosen" });
  b.nodes("Split", ["chosen"], ["left", "right"], { axis: 1, num_outputs: 2 });
  b.output("left");
  b.output("right");
  return b.model();
}

const x = floatTensor([2, 2], [1, 2, 3, 4]);
const c: Tensor = { type: "bool", dims: [], data: Uint8Array.of(1) };

const results = (model: Model, feeds: Record<string, Tensor>, also: string[] = []) =>
  interpret(
    model,
    Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, fromTensor(tensor)])),
    also,
  );

const nameList = (infos: readonly { name?: string }[]) => infos.map(({ name }) => name);

describe("addOutputs", () => {
  test("makes inner tensors outputs with the types that they have", async () => {
    const model = addOutputs(network(), ["active", "left", "active"]);
    expect(nameList(model.graph.outputs)).toEqual(["left", "right", "active"]);
    expect(model.graph.outputs[2]?.type).toEqual({
      kind: "tensor",
      elementType: "float32",
      shape: ["batch", 3],
    });
    const { active } = await runOnWasm(model, { x, c });
    expect(active?.data).toEqual(Float32Array.of(0, 8, 0, 0, 14, 0));
  });

  test("refuses a tensor that is not there", () => {
    expect(() => addOutputs(network(), ["nowhere"])).toThrow(/no tensor 'nowhere'/u);
    const model = network();
    expect(addOutputs(model, ["left"])).toBe(model);
  });
});

describe("extractSubgraph", () => {
  test("cuts out what lies between tensors", async () => {
    const model = extractSubgraph(network(), ["hidden", "c"], ["chosen"]);
    expect(operatorsOf(model)).toEqual(["Relu", "If"]);
    expect(nameList(model.graph.inputs)).toEqual(["hidden", "c"]);
    expect(model.graph.initializers).toEqual([]);
    const hidden = floatTensor([1, 3], [1, -1, 2]);
    const { chosen } = await runOnWasm(model, { hidden, c });
    expect(chosen?.data).toEqual(Float32Array.of(-1, -0, -2));
  });

  test("takes a weight or one of several outputs as an input", () => {
    const model = extractSubgraph(network(), ["x", "c", "w", "left"], ["left", "right", "hidden"]);
    const whole = network();
    const inner = results(whole, { x, c }, ["hidden", "left", "right"]);
    const w = floatTensor([2, 3], [1, -2, 3, -4, 5, -6]);
    const left = floatTensor([2, 2], [9, 9, 9, 9]);
    const found = results(model, { x, c, w, left });
    expect(found["right"]).toEqual(inner["right"]);
    expect(found["hidden"]).toEqual(inner["hidden"]);
    expect(found["left"]).toEqual(fromTensor(left));
  });

  test("refuses outputs that depend on another input, be it in a branch", () => {
    expect(() => extractSubgraph(network(), ["x"], ["left"])).toThrow(/depend on 'c' too/u);
    expect(() => extractSubgraph(network(), ["x"], ["nowhere"])).toThrow(/no tensor 'nowhere'/u);
    expect(nameList(extractSubgraph(network(), ["x"], ["hidden"]).graph.inputs)).toEqual(["x"]);
  });
});

describe("initializers and inputs", () => {
  test("trade places, there and back", async () => {
    const model = network();
    const lifted = liftInitializers(model, ["w"]);
    expect(nameList(lifted.graph.inputs)).toEqual(["x", "c", "w"]);
    expect(lifted.graph.initializers).toEqual([]);
    const w = floatTensor([2, 3], [1, -2, 3, -4, 5, -6]);
    expect(await runOnWasm(lifted, { x, c, w })).toEqual(await runOnWasm(model, { x, c }));
    const bound = bindInputs(lifted, { w });
    expect(bound.graph).toEqual(model.graph);
  });

  test("an input that becomes a constant is what it was given", () => {
    const bound = bindInputs(network(), { c });
    expect(nameList(bound.graph.inputs)).toEqual(["x"]);
    expect(results(bound, { x })).toEqual(results(network(), { x, c }));
  });

  test("what does not fit is refused", () => {
    expect(() => liftInitializers(network(), ["x"])).toThrow(/no initializer 'x'/u);
    expect(() => bindInputs(network(), { z: x })).toThrow(/no input 'z'/u);
    expect(() => bindInputs(network(), { x: floatTensor([2, 3], Array(6).fill(0)) })).toThrow(
      "'x' takes float32 [batch, 2], and is given float32 [2, 3]",
    );
    expect(() => bindInputs(network(), { c: floatTensor([], [1]) })).toThrow(/takes bool/u);
  });
});

describe("renameTensors", () => {
  test("renames wherever a tensor is named, in branches too", () => {
    const names = { active: "a", w: "weight", x: "pixels", left: "right", right: "left" };
    const model = renameTensors(network(), names);
    const before = results(network(), { x, c });
    const after = results(model, { pixels: x, c });
    expect(nameList(model.graph.outputs)).toEqual(["right", "left"]);
    expect(after).toEqual({ right: before["left"], left: before["right"] });
    expect(nameList(model.graph.initializers)).toEqual(["weight"]);
  });

  test("refuses what is not there and what is taken", () => {
    expect(() => renameTensors(network(), { nowhere: "y" })).toThrow(/no tensor 'nowhere'/u);
    expect(() => renameTensors(network(), { x: "w" })).toThrow(/'w' is taken/u);
    expect(() => renameTensors(network(), { x: "z", w: "z" })).toThrow(/'z' is taken/u);
  });

  test("names the outputs in their order", () => {
    const model = setOutputNames(network(), ["first", "right"]);
    expect(nameList(model.graph.outputs)).toEqual(["first", "right"]);
    expectSame(network(), renameTensors(model, { first: "left" }), { x, c });
    expect(() => setOutputNames(network(), ["one"])).toThrow(/2 outputs, and is given 1 names/u);
  });
});
