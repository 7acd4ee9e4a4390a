import { expect, test } from "vitest";
import type { Graph, Node } from "../../../../domain/onnx/model.ts";
import { graphsOf } from "../../../../domain/onnx/node.ts";
import { newNode } from "../../../../domain/onnx/rewrite/new-node.ts";
import { renamedNode, renamedThroughout } from "../../../../domain/onnx/rewrite/renamed.ts";

const body = (nodes: Node[], output: string): Graph => ({
  nodes,
  inputs: [],
  initializers: [],
  outputs: [{ name: output }],
});

/** A branch that captures `a`, and one that has an `a` of its own. */
const node = newNode("If", ["c"], ["y"], {
  then_branch: body([newNode("Neg", ["a"], ["n"])], "n"),
  else_branch: body([newNode("Neg", ["b"], ["a"])], "a"),
});

const branches = (renamed: Node) =>
  graphsOf(renamed).map(({ nodes, outputs }) => [nodes[0]?.inputs, nodes[0]?.outputs, outputs]);

test("what a sub-graph captures is renamed, what it defines is not", () => {
  expect(branches(renamedNode(node, new Map([["a", "z"]])))).toEqual([
    [["z"], ["n"], [{ name: "n" }]],
    [["b"], ["a"], [{ name: "a" }]],
  ]);
});

test("throughout a function all of it is", () => {
  expect(branches(renamedThroughout(node, new Map([["a", "z"]])))).toEqual([
    [["z"], ["n"], [{ name: "n" }]],
    [["b"], ["z"], [{ name: "z" }]],
  ]);
});

test("a node that names none of the tensors stays the same object", () => {
  expect(renamedNode(node, new Map([["other", "z"]]))).toBe(node);
});
