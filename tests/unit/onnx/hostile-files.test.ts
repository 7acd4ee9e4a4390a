import { describe, expect, test } from "vitest";
import { checkModel } from "../../../domain/onnx/check-model.ts";
import { readModel, writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { convertOpset } from "../../../domain/onnx/convert-opset.ts";
import { inferModel } from "../../../domain/onnx/infer/infer.ts";
import type { Attribute, Graph, LocalFunction, Model, Node } from "../../../domain/onnx/model.ts";
import { OnnxFault } from "../../../domain/onnx/onnx-fault.ts";
import { storedTensor } from "../../../domain/onnx/stored-tensor.ts";
import { summarise } from "../../../domain/onnx/summarise.ts";
import { intTensor } from "../../../domain/onnx/tensors.ts";

const node = (
  opType: string,
  inputs: string[],
  outputs: string[],
  ...attributes: Attribute[]
): Node => ({ opType, inputs, outputs, attributes });
const ints = (name: string, value: number[]): Attribute => ({ name, kind: "ints", value });
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const x = { name: "x", type: { kind: "tensor", elementType: "float32", shape: [2, 3] } } as const;
const c = { name: "c", type: { kind: "tensor", elementType: "bool", shape: [] } } as const;

const modelOf = (nodes: Node[], graph: Partial<Graph> = {}, rest: Partial<Model> = {}): Model => ({
  irVersion: 8,
  opsets: [{ version: 17 }, { domain: "local", version: 1 }],
  graph: { nodes, inputs: [x, c], outputs: [], initializers: [], ...graph },
  ...rest,
});

const graphOf = (nodes: Node[], output: string): Graph => ({
  nodes,
  inputs: [],
  outputs: [{ name: output }],
  initializers: [],
});

/** An If with `depth` others inside each of its branches, and `width` nodes beside each. */
function nested(depth: number, width: number, path = "n"): Node {
  const branch = (name: string): Attribute => {
    const at = `${path}${name[0]}`;
    const inner = depth === 0 ? node("Relu", ["x"], [at]) : nested(depth - 1, width, at);
    const beside = many(width, (index) => node("Neg", ["x"], [`${at}_${index}`]));
    return { name, kind: "graph", value: graphOf([...beside, inner], inner.outputs[0] ?? "") };
  };
  return node("If", ["c"], [`${path}_out`], branch("then_branch"), branch("else_branch"));
}

/** A Loop whose body makes its value longer, with another such inside. */
function growing(depth: number, input: string): Node {
  const [carried, go, out] = [`v${depth}`, `go${depth}`, `out${depth}`];
  if (depth === 0)
    return node("Concat", [input, input], [out], { name: "axis", kind: "int", value: 0 });
  const inner = growing(depth - 1, carried);
  const body: Graph = {
    nodes: [node("Identity", [`c${depth}`], [go]), inner],
    inputs: [{ name: `i${depth}` }, { name: `c${depth}` }, { name: carried }],
    outputs: [{ name: go }, { name: inner.outputs[0] ?? "" }],
    initializers: [],
  };
  return node("Loop", ["", "c", input], [out], { name: "body", kind: "graph", value: body });
}

function calling(count: number, calls: number): Model {
  const call = (index: number, input: string, output: string): Node => ({
    ...node(`f${index}`, [input], [output]),
    domain: "local",
  });
  const functions: LocalFunction[] = many(count, (index) => ({
    name: `f${index}`,
    domain: "local",
    inputs: ["v0"],
    outputs: [`v${calls}`],
    nodes: many(calls, (at) =>
      index === count - 1
        ? node("Relu", [`v${at}`], [`v${at + 1}`])
        : call(index + 1, `v${at}`, `v${at + 1}`),
    ),
    opsets: [{ version: 17 }],
  }));
  return modelOf([call(0, "x", "y")], {}, { functions });
}

const chain = many(15_000, (index) =>
  node("Relu", [index === 0 ? "x" : `u${index - 1}`], [`u${index}`]),
);
const sizes = (...values: number[]) => storedTensor("sizes", intTensor(values));

const HOSTILE: Record<string, () => Model> = {
  "as many inputs as fit": () =>
    modelOf([
      node(
        "Sum",
        many(190_000, () => "x"),
        ["y"],
      ),
    ]),
  "as many outputs as fit": () =>
    modelOf([
      node(
        "Split",
        ["x"],
        many(150_000, (at) => `s${at}`),
      ),
    ]),
  "an attribute as long as fits": () =>
    modelOf([
      node(
        "Transpose",
        ["x"],
        ["y"],
        ints(
          "perm",
          many(300_000, (at) => at),
        ),
      ),
    ]),
  "more axes with every node": () =>
    modelOf(
      chain
        .slice(0, 5000)
        .map((one) => ({ ...one, opType: "Unsqueeze", attributes: [ints("axes", [0])] })),
      {},
      { opsets: [{ version: 11 }] },
    ),
  "a shape of a hundred thousand axes": () =>
    modelOf(
      many(2000, (at) => node("Add", ["x", "x"], [`y${at}`])),
      {
        inputs: [{ name: "x", type: { ...x.type, shape: many(100_000, () => 1) } }],
      },
    ),
  "a shape that no memory holds": () =>
    modelOf([node("ConstantOfShape", ["sizes"], ["y"]), node("Expand", ["x", "sizes"], ["z"])], {
      initializers: [sizes(2 ** 31, 2 ** 20)],
    }),
  "a shape of two thousand million unknown sizes": () =>
    modelOf([node("Expand", ["x", "unknown"], ["z"]), node("Reshape", ["x", "unknown"], ["w"])], {
      inputs: [
        x,
        { name: "unknown", type: { kind: "tensor", elementType: "int64", shape: [2 ** 31] } },
      ],
    }),
  "a range of all numbers": () =>
    modelOf([node("Range", ["zero", "end", "one"], ["y"]), node("Tile", ["y", "sizes"], ["z"])], {
      initializers: [
        sizes(2 ** 52),
        storedTensor("zero", intTensor([0], [])),
        storedTensor("one", intTensor([1], [])),
        storedTensor("end", intTensor([2 ** 52], [])),
      ],
    }),
  "a chain in the wrong order": () => modelOf(chain.toReversed()),
  "a circle of all nodes": () => modelOf(chain.with(0, node("Relu", ["u14999"], ["u0"]))),
  "branches in branches": () => modelOf([nested(8, 0)]),
  "branches in branches with all around them": () => modelOf([nested(4, 300)]),
  "many branches": () => modelOf(many(1000, (at) => nested(0, 0, `b${at}`))),
  "growing loops in growing loops": () => modelOf([growing(18, "x")]),
  "functions that call the next": () => calling(6000, 1),
  "functions that call the next twice": () => calling(40, 2),
  "an equation of all letters": () =>
    modelOf([
      node("Einsum", ["x"], ["y"], { name: "equation", kind: "string", value: "i".repeat(1e6) }),
    ]),
  "a name as long as the file": () => modelOf([node("Relu", ["n".repeat(1e6)], ["y"])]),
};

const LOOKS: Record<string, (model: Model) => unknown> = {
  checkModel,
  inferModel,
  summarise: (model) => summarise(model),
  convertOpset: (model) => convertOpset(model, 21),
};

describe("a file that is made to hang or to exhaust gets an answer or a problem", () => {
  test.each(Object.entries(HOSTILE))(
    "%s",
    (_, make) => {
      const model = readModel(writeModel(make()));
      for (const [name, look] of Object.entries(LOOKS))
        try {
          look(model);
        } catch (error) {
          if (!(error instanceof OnnxFault)) throw new Error(name, { cause: error });
          expect(error.message.length, name).toBeLessThanOrEqual(500);
        }
      for (const { message } of checkModel(model)) expect(message.length).toBeLessThanOrEqual(500);
    },
    5000,
  );
});
