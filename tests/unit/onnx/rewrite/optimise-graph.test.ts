import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readModel, writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { differentiate } from "../../../../domain/onnx/gradient/differentiate.ts";
import { optimiseGraph } from "../../../../domain/onnx/rewrite/optimise-graph.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { randomOf } from "../support/random-numbers.ts";
import {
  expectSame,
  expectSameOnWasm,
  normalTensor,
  operatorsOf,
} from "../support/same-results.ts";
import { wasmRuntime } from "../support/wasm-runtime.ts";

const random = randomOf("optimise");
const runtime = wasmRuntime;

test("an exported network becomes its layers", async () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 2, 6]);
  const ones = b.constant(floatTensor([4], [1, 2, 3, 4]));
  const conv = b.node("Conv", ["x", b.constant(normalTensor(random, [4, 2, 3]))]);
  const normal = b.node("BatchNormalization", [b.node("Identity", [conv]), ones, ones, ones, ones]);
  const [dropped = ""] = b.nodes("Dropout", [b.node("Relu", [normal])], 1);
  const size = b.node("Unsqueeze", [
    b.node("Gather", [b.node("Shape", [dropped]), b.scalar(0, "int64")]),
    b.ints([0]),
  ]);
  const flat = b.node("Reshape", [dropped, b.node("Concat", [size, b.ints([16])], { axis: 0 })]);
  const turned = b.node("Transpose", [b.constant(normalTensor(random, [3, 16]))]);
  const product = b.node("MatMul", [flat, turned]);
  const bias = b.node("Mul", [b.constant(normalTensor(random, [3])), b.scalar(0.5)]);
  b.output(b.node("Add", [product, bias]), "y");
  const model = b.model();
  const optimised = await optimiseGraph(model, { runtime });
  expect(operatorsOf(optimised).filter((operator) => !SIZES.has(operator))).toEqual([
    "Conv",
    "Relu",
    "Reshape",
    "Gemm",
  ]);
  expect(optimised.graph.inputs).toEqual(model.graph.inputs);
  expect(optimised.graph.outputs).toEqual(model.graph.outputs);
  const x = normalTensor(random, [3, 2, 6]);
  expectSame(model, optimised, { x }, 1e-5);
  await expectSameOnWasm(model, optimised, { x });
});

/** They follow the free batch. */
const SIZES = new Set(["Shape", "Gather", "Unsqueeze", "Concat"]);

test("a gradient graph gets smaller and stays right", async () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", [2, 3]);
  const w = b.constant(normalTensor(random, [3, 4]), "w");
  const hidden = b.node("Tanh", [b.node("MatMul", ["x", w])]);
  b.output(b.node("ReduceSum", [b.node("Mul", [hidden, hidden])], { keepdims: 0 }), "loss");
  const gradient = differentiate(b.model(), { of: "loss", with_respect_to: ["x", "w"] });
  const optimised = await optimiseGraph(gradient, { runtime });
  expect(optimised.graph.nodes.length).toBeLessThan(gradient.graph.nodes.length);
  const x = normalTensor(random, [2, 3]);
  expectSame(gradient, optimised, { x }, 1e-5);
  await expectSameOnWasm(gradient, optimised, { x });
});

test("what is optimised stays the same object, and a file the same bytes", async () => {
  const bytes = readFileSync("examples/digits/digits-mlp.onnx");
  const model = await optimiseGraph(readModel(bytes), { runtime });
  expect(await optimiseGraph(model, { runtime })).toBe(model);
  const written = writeModel(model);
  expect(writeModel(await optimiseGraph(readModel(written), { runtime }))).toEqual(written);
});

test("without a runtime only what needs none is done", async () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", [2]);
  const constant = b.node("Neg", [b.constant(floatTensor([2], [1, 2]))]);
  b.output(b.node("Mul", [b.node("Identity", ["x"]), constant], {}, { output: "y" }));
  expect(operatorsOf(await optimiseGraph(b.model()))).toEqual(["Neg", "Mul"]);
  expect(operatorsOf(await optimiseGraph(b.model(), { runtime }))).toEqual(["Mul"]);
});
