import { describe, expect, test } from "vitest";
import { checkModel } from "../../../domain/onnx/check-model.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import type { Graph, Model, Node, StoredTensor } from "../../../domain/onnx/model.ts";
import { storedTensor } from "../../../domain/onnx/stored-tensor.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";

const node = (opType: string, inputs: string[], outputs: string[], rest?: Partial<Node>): Node => ({
  opType,
  inputs,
  outputs,
  attributes: [],
  ...rest,
});

const float = { kind: "tensor", elementType: "float32", shape: [2, 3] } as const;

/** x -> the nodes -> y, in opset 21. */
function modelOf(nodes: Node[], graph: Partial<Graph> = {}, rest: Partial<Model> = {}): Model {
  const inputs = [{ name: "x", type: float }];
  return {
    irVersion: 10,
    opsets: [{ version: 21 }],
    graph: { nodes, inputs, outputs: [{ name: "y" }], initializers: [], ...graph },
    ...rest,
  };
}

const relu = node("Relu", ["x"], ["y"], { name: "r" });
const messages = (model: Model) => checkModel(model).map(({ message }) => message);

test("a valid model has no problems", () => {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", ["batch", 3]);
  const w = b.constant(floatTensor([3, 2], [1, 2, 3, 4, 5, 6]), "w");
  b.output(b.node("MatMul", [x, w]), "y");
  expect(checkModel(b.model())).toEqual([]);
});

describe("versions", () => {
  test.each<[string, Partial<Model>, string]>([
    ["IR", { irVersion: 99 }, "IR version 99, and 1 to 14 are known"],
    ["no operators", { opsets: [] }, "does not say which version"],
    ["newer operators", { opsets: [{ version: 99 }] }, "version 99 of 'ai.onnx', and the newest"],
    ["version 0", { opsets: [{ version: 0 }] }, "the first is 1"],
    ["twice", { opsets: [{ version: 21 }, { domain: "ai.onnx", version: 20 }] }, "twice"],
  ])("%s", (_, rest, message) => {
    expect(messages(modelOf([relu], {}, rest))).toContainEqual(expect.stringContaining(message));
  });
});

describe("names", () => {
  const other = node("Relu", ["x"], ["y"], { name: "other" });
  const stored = (name: string): StoredTensor => storedTensor(name, floatTensor([1], [1]));

  test.each<[string, Model, string]>([
    ["made twice", modelOf([relu, other]), "Relu 'other' makes 'y', which is there already"],
    ["made and given", modelOf([node("Relu", ["x"], ["x"]), relu]), "makes 'x', which is there"],
    [
      "an initializer that a node makes",
      modelOf([relu], { initializers: [stored("y")] }),
      "Relu 'r' makes 'y', which is there already",
    ],
    [
      "two initializers",
      modelOf([relu], { initializers: [stored("w"), stored("w")] }),
      "the initializer 'w' is there twice",
    ],
    ["an unknown input", modelOf([node("Relu", ["z"], ["y"])]), "takes 'z', which nothing makes"],
    ["an unknown output", modelOf([relu], { outputs: [{ name: "q" }] }), "makes the output 'q'"],
    [
      "an output twice",
      modelOf([relu], { outputs: [{ name: "y" }, { name: "y" }] }),
      "the output 'y' is there twice",
    ],
  ])("%s", (_, model, message) => {
    expect(messages(model)).toEqual([expect.stringContaining(message)]);
  });

  test("the wrong order names both nodes", () => {
    const late = node("Neg", ["x"], ["z"], { name: "late" });
    expect(checkModel(modelOf([node("Relu", ["z"], ["y"], { name: "early" }), late]))).toEqual([
      {
        code: "invalid",
        message:
          "Relu 'early' takes 'z' before Neg 'late' makes it; put the nodes in topological order",
        node: "early",
        operator: "Relu",
        tensor: "z",
      },
    ]);
  });

  test("a circle is told in its order", () => {
    const circle = [
      node("Neg", ["c"], ["a"], { name: "first" }),
      node("Neg", ["a"], ["b"], { name: "second" }),
      node("Neg", ["b"], ["c"], { name: "third" }),
      node("Neg", ["c"], ["y"], { name: "beyond" }),
    ];
    expect(messages(modelOf(circle))).toEqual([
      expect.stringMatching(
        /'first' -> 'second' -> 'third' -> 'first'|'second' -> 'third' -> 'first' -> 'second'|'third' -> 'first' -> 'second' -> 'third'/,
      ),
    ]);
  });

  test("a node that reads itself is a circle too", () => {
    expect(messages(modelOf([node("Relu", ["y"], ["y"], { name: "self" })]))).toEqual([
      expect.stringContaining("'self' -> 'self' wait for each other"),
    ]);
  });

  const branch = (inner: Node[], output: string): Graph => ({
    nodes: inner,
    inputs: [],
    outputs: [{ name: output }],
    initializers: [],
  });
  const choice = (inner: Node[], output: string, before: Node[] = []) => {
    const graph = branch(inner, output);
    const attributes = ["then_branch", "else_branch"].map((name) => ({
      name,
      kind: "graph" as const,
      value: name === "then_branch" ? graph : branch([node("Neg", ["x"], ["n"])], "n"),
    }));
    const condition = { name: "c", type: { ...float, elementType: "bool", shape: [] } as const };
    return modelOf([...before, node("If", ["c"], ["y"], { attributes })], {
      inputs: [{ name: "x", type: float }, condition],
    });
  };

  test("a sub-graph sees what is around it", () => {
    expect(messages(choice([node("Relu", ["x"], ["t"])], "t"))).toEqual([]);
  });

  test("a sub-graph may not hide it", () => {
    expect(
      messages(choice([node("Relu", ["x"], ["z"])], "z", [node("Neg", ["x"], ["z"])])),
    ).toEqual(["Relu 'z' makes 'z', which hides the one around it"]);
  });

  test("a sub-graph cannot read what comes after its node", () => {
    const model = choice([node("Relu", ["later"], ["t"])], "t");
    const { graph } = model;
    const after = node("Neg", ["x"], ["later"], { name: "after" });
    const nodes = [...graph.nodes, after];
    expect(messages({ ...model, graph: { ...graph, nodes } })).toEqual([
      expect.stringContaining("If 'y' takes 'later' before Neg 'after' makes it"),
    ]);
  });
});

describe("nodes", () => {
  const attributes = (...list: Node["attributes"]) => ({ attributes: list, name: "n" });
  test.each<[string, Node, string]>([
    ["no such operator", node("Rleu", ["x"], ["y"]), "'ai.onnx' has no such operator"],
    [
      "a newer one",
      node("Attention", ["x", "x", "x"], ["y"]),
      "since version 23, and the model uses 21",
    ],
    ["a dropped one", node("Upsample", ["x", "x"], ["y"]), "dropped it in version 10"],
    ["an unknown domain", node("Foo", ["x"], ["y"], { domain: "org.example" }), "no known domain"],
    [
      "no version",
      node("Scaler", ["x"], ["y"], { domain: "ai.onnx.ml" }),
      "which version of 'ai.onnx.ml'",
    ],
    ["too few inputs", node("Add", ["x"], ["y"]), "Add 'y' has 1 inputs, and is to have 2"],
    ["too many inputs", node("Relu", ["x", "x"], ["y"]), "has 2 inputs, and is to have 1"],
    [
      "too few of several",
      node("Concat", [], ["y"], attributes({ name: "axis", kind: "int", value: 0 })),
      "1 to any",
    ],
    ["an input left out", node("Add", ["x", ""], ["y"]), "is to have its input 'B'"],
    ["no output", node("Relu", ["x"], []), "has 0 outputs, and is to have 1"],
    ["a missing attribute", node("Concat", ["x"], ["y"]), "needs the attribute 'axis' (int)"],
    [
      "an unknown attribute",
      node("Elu", ["x"], ["y"], attributes({ name: "beta", kind: "float", value: 1 })),
      "Elu 'n' has the attribute 'beta', which version 6 does not know; it knows alpha",
    ],
    [
      "an attribute of another kind",
      node("Elu", ["x"], ["y"], attributes({ name: "alpha", kind: "int", value: 1 })),
      "the attribute 'alpha' of Elu 'n' is int, and is to be float",
    ],
    [
      "an attribute twice",
      node(
        "Elu",
        ["x"],
        ["y"],
        attributes(
          { name: "alpha", kind: "float", value: 1 },
          { name: "alpha", kind: "float", value: 1 },
        ),
      ),
      "has the attribute 'alpha' twice",
    ],
    [
      "a reference outside of a function",
      node(
        "Elu",
        ["x"],
        ["y"],
        attributes({ name: "alpha", kind: "reference", value: "a", of: 1 }),
      ),
      "refers to one of a function",
    ],
  ])("%s", (_, one, message) => {
    expect(messages(modelOf([one], one.outputs.length === 0 ? { outputs: [] } : {}))).toEqual(
      expect.arrayContaining([expect.stringContaining(message)]),
    );
  });

  test("ONNX Runtime's own operators are taken as they are", () => {
    const fused = node("FusedGelu", ["x"], ["y"], { domain: "com.microsoft" });
    expect(messages(modelOf([fused]))).toEqual([]);
  });
});

describe("functions", () => {
  const twice = {
    name: "Twice",
    domain: "local",
    inputs: ["a"],
    outputs: ["b"],
    nodes: [node("Add", ["a", "a"], ["b"])],
    opsets: [{ version: 21 }],
    attributeNames: ["by"],
  };
  const call = (inputs: string[], attributes: Node["attributes"] = []) =>
    node("Twice", inputs, ["y"], { domain: "local", attributes });
  const by = { name: "by", kind: "int", value: 2 } as const;

  test("may be called", () => {
    expect(messages(modelOf([call(["x"], [by])], {}, { functions: [twice] }))).toEqual([]);
  });
  test.each<[string, Model, string]>([
    ["too many inputs", modelOf([call(["x", "x"], [by])], {}, { functions: [twice] }), "2 inputs"],
    [
      "no attribute",
      modelOf([call(["x"])], {}, { functions: [twice] }),
      "needs the attribute 'by'",
    ],
    [
      "a body with a mistake",
      modelOf(
        [call(["x"], [by])],
        {},
        {
          functions: [{ ...twice, nodes: [node("Add", ["a", "q"], ["b"])] }],
        },
      ),
      "takes 'q', which nothing makes",
    ],
    [
      "recursion",
      modelOf(
        [call(["x"], [by])],
        {},
        {
          functions: [{ ...twice, nodes: [{ ...call(["a"], [by]), outputs: ["b"] }] }],
        },
      ),
      "the function 'Twice' calls itself",
    ],
  ])("%s", (_, model, message) => {
    expect(messages(model)).toEqual([expect.stringContaining(message)]);
  });
});

describe("weights", () => {
  const withWeight = (stored: Partial<StoredTensor>) =>
    modelOf([relu], {
      initializers: [{ name: "w", type: "float32", dims: [2], ...stored }],
    });
  const bytes = (length: number) => new Uint8Array(length);
  test.each<[string, Partial<StoredTensor>, string]>([
    [
      "too short",
      { payload: { field: "raw_data", bytes: bytes(7) } },
      "7 bytes where [2] of float32 asks for 8",
    ],
    ["too long", { payload: { field: "float_data", bytes: bytes(12) } }, "12 bytes where"],
    ["absent", {}, "'w' has no elements, and 2 are declared"],
    ["of no type", { type: "undefined" }, "what type its elements have"],
    [
      "in another type's field",
      { payload: { field: "int32_data", bytes: bytes(2) } },
      "holds float32 in int32_data; it belongs in float_data",
    ],
    [
      "too few numbers",
      {
        type: "int8",
        dims: [3],
        payload: { field: "int32_data", bytes: Uint8Array.of(1, 128, 1) },
      },
      "2 numbers where [3]",
    ],
    [
      "texts",
      { type: "string", payload: { field: "string_data", strings: [bytes(1)] } },
      "1 texts",
    ],
  ])("%s", (_, stored, message) => {
    expect(messages(withWeight(stored))).toEqual([expect.stringContaining(message)]);
  });

  test.each<[string, StoredTensor]>([
    ["an empty one", { name: "w", type: "float32", dims: [0] }],
    [
      "half bytes",
      { name: "w", type: "uint4", dims: [3], payload: { field: "raw_data", bytes: bytes(2) } },
    ],
    [
      "numbers",
      { name: "w", type: "float16", dims: [2], payload: { field: "int32_data", bytes: bytes(2) } },
    ],
  ])("%s is right", (_, stored) => {
    expect(messages(modelOf([relu], { initializers: [stored] }))).toEqual([]);
  });
});

describe("types and shapes", () => {
  const inputs = [
    { name: "x", type: float },
    { name: "n", type: { ...float, elementType: "int64" } as const },
    { name: "s", type: { ...float, elementType: "string" } as const },
  ];
  test.each<[string, Node, Partial<Graph>, string]>([
    ["a type that is not taken", node("Relu", ["s"], ["y"]), {}, "'s' as its X, and it is string"],
    [
      "two types",
      node("Gemm", ["x", "n"], ["y"], { attributes: [{ name: "transB", kind: "int", value: 1 }] }),
      {},
      "'x', which is float32, and 'n', which is int64",
    ],
    [
      "another declared size",
      relu,
      { outputs: [{ name: "y", type: { ...float, shape: [2, 7] } }] },
      "'y' is declared as [2, 7], and is [2, 3]",
    ],
    [
      "another declared rank",
      relu,
      { outputs: [{ name: "y", type: { ...float, shape: [2] } }] },
      "'y' is declared as [2], and is [2, 3]",
    ],
    [
      "another declared type",
      relu,
      { outputs: [{ name: "y", type: { ...float, elementType: "int8" } }] },
      "'y' is declared as int8, and is float32",
    ],
    ["what cannot be inferred", node("MatMul", ["x", "x"], ["y"]), {}, "MatMul 'y'"],
  ])("%s", (_, one, graph, message) => {
    expect(messages(modelOf([one], { inputs, ...graph }))).toEqual([
      expect.stringContaining(message),
    ]);
  });
});

test("there are at most fifty", () => {
  const nodes = Array.from({ length: 99 }, (_, index) => node("Rleu", ["x"], [`y${index}`]));
  expect(checkModel(modelOf(nodes, { outputs: [] }))).toHaveLength(50);
});
