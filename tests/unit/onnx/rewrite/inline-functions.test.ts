import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { LocalFunction, Model, Node } from "../../../../domain/onnx/model.ts";
import { inlineFunctions } from "../../../../domain/onnx/rewrite/inline-functions.ts";
import { newNode } from "../../../../domain/onnx/rewrite/new-node.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { expectSame, operatorsOf } from "../support/same-results.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const opsets = [{ version: 21 }, { domain: "mine", version: 1 }];
const mine = (opType: string, inputs: string[], outputs: string[], attributes = {}): Node => ({
  ...newNode(opType, inputs, outputs, attributes),
  domain: "mine",
});
const shell = (
  name: string,
  inputs: string[],
  outputs: string[],
  nodes: Node[],
): LocalFunction => ({
  name,
  domain: "mine",
  inputs,
  outputs,
  nodes,
  opsets,
});

/** leaky(x) with an attribute that has a default, and twice(x) = leaky(leaky(x)) + tmp, whose inner names clash. */
const functions: LocalFunction[] = [
  {
    ...shell(
      "leaky",
      ["x"],
      ["y"],
      [
        {
          ...newNode("LeakyRelu", ["x"], ["tmp"]),
          attributes: [{ name: "alpha", kind: "reference", value: "slope", of: 1 }],
        },
        newNode("Neg", ["tmp"], ["y"]),
      ],
    ),
    attributeDefaults: [{ name: "slope", kind: "float", value: 0.5 }],
  },
  shell(
    "twice",
    ["x", "shift"],
    ["y"],
    [
      mine("leaky", ["x"], ["tmp"], {}),
      {
        ...mine("leaky", ["tmp"], ["again"]),
        attributes: [{ name: "slope", kind: "float", value: 0.25 }],
      },
      newNode("Clip", ["again", "shift"], ["y"]),
    ],
  ),
];

function modelWith(nodes: Node[], called = functions): Model {
  const b = GraphBuilder.empty();
  b.input("x", "float32", [3]);
  const { graph, ...model } = b.model();
  return {
    ...model,
    opsets,
    functions: called,
    graph: {
      ...graph,
      nodes,
      outputs: [{ name: "y", type: { kind: "tensor", elementType: "float32", shape: [3] } }],
    },
  };
}

const x = floatTensor([3], [-2, 1, 3]);

describe("calls become the bodies of their functions", () => {
  test("with attributes, defaults, inputs that are left out, and fresh names", async () => {
    const model = modelWith([mine("twice", ["x"], ["y"])]);
    const inlined = inlineFunctions(model);
    expect(operatorsOf(inlined)).toEqual(["LeakyRelu", "Neg", "LeakyRelu", "Neg", "Clip"]);
    expect(inlined.functions).toBeUndefined();
    expect(inlined.opsets).toEqual([{ version: 21 }]);
    // -2 -> -1 -> 1 -> 1 -> -1; 1 -> 1 -> -1 -> -0.25 -> 0.25; 3 -> 3 -> -3 -> -0.75 -> 0.75
    const { y } = await runOnWasm(inlined, { x });
    expect(y?.data).toEqual(Float32Array.of(-1, 0.25, 0.75));
    expect((await runOnWasm(model, { x }))["y"]?.data).toEqual(y?.data);
  });

  test("with names that nothing else has", () => {
    const inlined = inlineFunctions(
      modelWith([
        mine("twice", ["x"], ["tmp"]),
        mine("twice", ["tmp"], ["both"]),
        newNode("Add", ["tmp", "both"], ["y"]),
      ]),
    );
    const names = inlined.graph.nodes.flatMap(({ outputs }) => outputs);
    expect(new Set(names).size).toBe(11);
    expect(names).toEqual(expect.arrayContaining(["tmp", "both", "y"]));
  });

  test("inside sub-graphs, of the model and of the functions", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [3]);
    b.input("c", "bool", []);
    const body = (operator: string) => ({
      name: operator,
      nodes: [newNode(operator, ["x"], ["tmp"]), newNode("Neg", ["tmp"], ["out"])],
      inputs: [],
      initializers: [],
      outputs: [{ name: "out" }],
    });
    const branches = { then_branch: body("Abs"), else_branch: body("Exp") };
    const choose = shell("choose", ["x", "c"], ["y"], [newNode("If", ["c"], ["y"], branches)]);
    const { graph, ...rest } = b.model();
    const model: Model = {
      ...rest,
      opsets,
      functions: [choose],
      graph: {
        ...graph,
        nodes: [
          newNode("Relu", ["x"], ["tmp"]),
          mine("choose", ["tmp", "c"], ["first"]),
          mine("choose", ["first", "c"], ["y"]),
        ],
        outputs: [{ name: "y" }],
      },
    };
    const inlined = inlineFunctions(model);
    const plain = (opType: string) =>
      modelWith([
        newNode("Relu", ["x"], ["a"]),
        newNode(opType, ["a"], ["b"]),
        newNode("Neg", ["b"], ["c"]),
        newNode(opType, ["c"], ["d"]),
        newNode("Neg", ["d"], ["y"]),
      ]);
    for (const [c, operator] of [
      [1, "Abs"],
      [0, "Exp"],
    ] as const) {
      const feeds = { x, c: { type: "bool" as const, dims: [], data: Uint8Array.of(c) } };
      expectSame({ ...plain(operator), functions: [] }, inlined, feeds);
    }
  });
});

describe("what is refused", () => {
  test("functions that call themselves", () => {
    const a = shell("a", ["x"], ["y"], [mine("b", ["x"], ["y"])]);
    const b = shell("b", ["x"], ["y"], [mine("a", ["x"], ["y"])]);
    expect(() => inlineFunctions(modelWith([mine("a", ["x"], ["y"])], [a, b]))).toThrow(
      /the function 'a' calls itself/u,
    );
  });

  test("functions that make too many nodes", () => {
    const doubling = Array.from({ length: 40 }, (_, at) =>
      shell(
        `f${at}`,
        ["x"],
        ["y"],
        [mine(`f${at + 1}`, ["x"], ["tmp"]), mine(`f${at + 1}`, ["tmp"], ["y"])],
      ),
    );
    expect(() => inlineFunctions(modelWith([mine("f0", ["x"], ["y"])], doubling))).toThrow(
      /over 50000 nodes/u,
    );
  });

  test("functions that call each other too deep", () => {
    const chain = Array.from({ length: 80 }, (_, at) =>
      shell(`f${at}`, ["x"], ["y"], [mine(`f${at + 1}`, ["x"], ["y"])]),
    );
    expect(() => inlineFunctions(modelWith([mine("f0", ["x"], ["y"])], chain))).toThrow(
      /call each other 64 deep/u,
    );
  });

  test("a function of another operator version", () => {
    const old = { ...shell("old", ["x"], ["y"], []), opsets: [{ version: 13 }] };
    expect(() => inlineFunctions(modelWith([], [old]))).toThrow(/version 13 of 'ai.onnx'/u);
  });
});

test("a model without functions stays the same object", () => {
  const { functions: _, ...model } = modelWith([newNode("Neg", ["x"], ["y"])]);
  expect(inlineFunctions(model)).toBe(model);
});
