import { expect, test } from "vitest";
import { readModel, writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { graphsOf } from "../../../../domain/onnx/node.ts";
import { removeDead } from "../../../../domain/onnx/rewrite/remove-dead.ts";
import { floatTensor, scalarTensor } from "../../../../domain/onnx/tensors.ts";
import { expectSame, operatorsOf } from "../support/same-results.ts";

function modelWithDeadParts() {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", [2]);
  b.input("unused", "float32", [2]);
  const kept = b.constant(floatTensor([2], [1, 2]), "kept");
  b.constant(floatTensor([2], [3, 4]), "dead weight");
  const captured = b.node("Mul", [x, kept], {}, { output: "captured" });
  b.node("Exp", [b.node("Neg", [x])]);
  const condition = b.node("Greater", [b.node("ReduceSum", [x], { keepdims: 0 }), b.scalar(0)]);
  const branch = (operator: string) =>
    b.subgraph(operator, (inner) => {
      inner.node("Exp", [captured]);
      inner.constant(scalarTensor("float32", 5));
      return [inner.node(operator, [captured])];
    });
  b.output(
    b.node("If", [condition], { then_branch: branch("Neg"), else_branch: branch("Abs") }),
    "y",
  );
  return b.model();
}

test("removes nodes and constants that no output needs, in sub-graphs too, and keeps what these capture", () => {
  const model = modelWithDeadParts();
  const living = removeDead(model);
  expect(operatorsOf(living)).toEqual(["Mul", "ReduceSum", "Greater", "If", "Identity"]);
  expect(living.graph.initializers.map(({ name }) => name)).toContain("kept");
  expect(living.graph.initializers.map(({ name }) => name)).not.toContain("dead weight");
  expect(living.graph.inputs).toEqual(model.graph.inputs);
  const branches = living.graph.nodes.flatMap(graphsOf);
  expect(branches.map(({ nodes, initializers }) => [nodes.length, initializers.length])).toEqual([
    [1, 0],
    [1, 0],
  ]);
  for (const data of [
    [1, 2],
    [-3, 1],
  ])
    expectSame(model, living, { x: floatTensor([2], data), unused: floatTensor([2], [0, 0]) });
});

test("a model without dead parts stays the same object", () => {
  const living = removeDead(modelWithDeadParts());
  expect(removeDead(living)).toBe(living);
  const read = readModel(writeModel(living));
  expect(removeDead(read)).toBe(read);
});

test("declarations of removed tensors go, those of others stay", () => {
  const model = modelWithDeadParts();
  const infos = [{ name: "captured" }, { name: "exp_8" }, { name: "nowhere" }];
  const living = removeDead({ ...model, graph: { ...model.graph, valueInfo: infos } });
  expect(living.graph.valueInfo).toEqual([{ name: "captured" }]);
});
