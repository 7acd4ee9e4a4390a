import { describe, expect, test } from "vitest";
import { floatsOf } from "../../../../domain/onnx/float-values.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { graphsOf } from "../../../../domain/onnx/node.ts";
import {
  pruneUnstructured,
  type UnstructuredOptions,
} from "../../../../domain/onnx/prune/prune-unstructured.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";

function twoLayers(): Model {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 2]);
  const a = b.constant(floatTensor([2, 5], [1, -2, 3, -4, 5, 6, -7, 8, -9, 10]), "a");
  const c = b.constant(floatTensor([5, 1], [10, -20, 30, -40, 50]), "c");
  const bias = b.constant(floatTensor([1], [0.001]), "bias");
  b.output(b.node("Add", [b.node("MatMul", [b.node("MatMul", ["x", a]), c]), bias]), "y");
  return b.model();
}

const values = (model: Model) =>
  Object.fromEntries(model.graph.initializers.map((own) => [own.name, [...floatsOf(own)]]));

const pruned = (options: UnstructuredOptions) =>
  values(pruneUnstructured(twoLayers(), options).model);

describe("the least weights become 0", () => {
  test("of each tensor, the bias untouched", () => {
    expect(pruned({ amount: 0.4 })).toEqual({
      a: [0, 0, 0, 0, 5, 6, -7, 8, -9, 10],
      c: [0, 0, 30, -40, 50],
      bias: [Math.fround(0.001)],
    });
  });

  test("of all tensors together", () => {
    const { a, c } = pruned({ amount: 0.4, scope: "global" });
    expect(a).toEqual([0, 0, 0, 0, 0, 0, -7, 8, -9, 10]);
    expect(c).toEqual([10, -20, 30, -40, 50]);
  });

  test("exactly as many as asked for, where all are equal", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [1, 2]);
    b.output(b.node("MatMul", ["x", b.constant(floatTensor([2, 3], Array(6).fill(1)), "w")]));
    const { model, report } = pruneUnstructured(b.model(), { amount: 0.5 });
    expect(values(model)).toEqual({ w: [0, 0, 0, 1, 1, 1] });
    expect(report.sparsity_after).toBe(0.5);
  });

  test("by |w g| where gradients are given", () => {
    const gradients = {
      a: floatTensor([2, 5], [100, 0, 1, 1, 1, 0, 1, 1, 1, 1]),
      c: floatTensor([5, 1], [1, 1, 0, 1, 1]),
    };
    const { a, c } = pruned({ amount: 0.2, importance: "snip", gradients });
    expect(a).toEqual([1, 0, 3, -4, 5, 0, -7, 8, -9, 10]);
    expect(c).toEqual([10, -20, 0, -40, 50]);
  });

  test("none for an amount of 0", () => {
    const model = twoLayers();
    expect(pruneUnstructured(model, { amount: 0 }).model.graph).toEqual(model.graph);
  });
});

test("the report counts zeros, those that were there already too", () => {
  const { report } = pruneUnstructured(twoLayers());
  expect(report).toEqual({
    tensors: [
      { name: "a", elements: 10, sparsity_before: 0, sparsity_after: 0.3 },
      { name: "c", elements: 5, sparsity_before: 0, sparsity_after: 0.4 },
    ],
    elements: 15,
    sparsity_before: 0,
    sparsity_after: 5 / 15,
  });
});

test("weights of a sub-graph are pruned too", () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", [1, 2]);
  const branch = (name: string) =>
    b.subgraph(name, (inner) => [
      inner.node("MatMul", ["x", inner.constant(floatTensor([2, 2], [1, 2, 3, 4]), `w ${name}`)]),
    ]);
  const condition = b.input("c", "bool", []);
  b.output(b.node("If", [condition], { then_branch: branch("a"), else_branch: branch("b") }));
  const { model } = pruneUnstructured(b.model(), { amount: 0.5 });
  const inner = model.graph.nodes.flatMap(graphsOf).flatMap((graph) => graph.initializers);
  expect(inner.map((own) => [...floatsOf(own)])).toEqual([
    [0, 0, 3, 4],
    [0, 0, 3, 4],
  ]);
});
