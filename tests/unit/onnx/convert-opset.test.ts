import { describe, expect, test } from "vitest";
import { checkModel } from "../../../domain/onnx/check-model.ts";
import { ADAPTERS } from "../../../domain/onnx/convert/adapters.ts";
import { extendsSchema } from "../../../domain/onnx/convert/extends-schema.ts";
import { convertOpset } from "../../../domain/onnx/convert-opset.ts";
import { numbers, toTensor, type Numbers } from "../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../domain/onnx/interpret/interpret.ts";
import type { Attribute, Model, Node } from "../../../domain/onnx/model.ts";
import { OPERATOR_TABLE } from "../../../domain/onnx/registry/operator-table.ts";
import { versionsOf } from "../../../domain/onnx/registry/operator-schema.ts";
import { storedTensor } from "../../../domain/onnx/stored-tensor.ts";
import { floatTensor, intTensor } from "../../../domain/onnx/tensors.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import { runOnWasm } from "./support/wasm-runtime.ts";
import { normals, randomOf } from "./support/random-numbers.ts";

const int = (name: string, value: number): Attribute => ({ name, kind: "int", value });
const ints = (name: string, ...value: number[]): Attribute => ({ name, kind: "ints", value });
const float = (name: string, value: number): Attribute => ({ name, kind: "float", value });
const floats = (name: string, ...value: number[]): Attribute => ({ name, kind: "floats", value });
const text = (name: string, value: string): Attribute => ({ name, kind: "string", value });

type Case = {
  name?: string;
  operator: string;
  opset: number;
  /** Shapes of float inputs, or the tensors of constants. */
  inputs: (number[] | Tensor)[];
  attributes?: Attribute[];
  outputs?: number;
  /** ONNX Runtime has no kernel for the old or the new form. */
  interpreterOnly?: boolean;
};

const cases: Case[] = [
  {
    operator: "BatchNormalization",
    opset: 7,
    inputs: [[2, 3, 4], [3], [3], [3], [3]],
    attributes: [int("spatial", 1)],
  },
  { operator: "BatchNormalization", opset: 13, inputs: [[2, 3, 4], [3], [3], [3], [3]] },
  {
    name: "BatchNormalization in training",
    operator: "BatchNormalization",
    opset: 9,
    inputs: [[2, 3, 4], [3], [3], [3], [3]],
    outputs: 3,
    interpreterOnly: true,
  },
  {
    operator: "Clip",
    opset: 7,
    inputs: [[9]],
    attributes: [float("min", -0.5), float("max", 0.25)],
  },
  {
    name: "Clip with an upper bound",
    operator: "Clip",
    opset: 10,
    inputs: [[9]],
    attributes: [float("max", 0.25)],
  },
  { name: "DFT of the default axis", operator: "DFT", opset: 17, inputs: [[1, 8, 3, 1]] },
  {
    operator: "DFT",
    opset: 17,
    inputs: [[1, 3, 8, 1]],
    attributes: [int("axis", 2), int("onesided", 1)],
  },
  { operator: "Dropout", opset: 7, inputs: [[2, 3]], attributes: [float("ratio", 0.3)] },
  {
    name: "Dropout with its mask",
    operator: "Dropout",
    opset: 7,
    inputs: [[2, 3]],
    outputs: 2,
    interpreterOnly: true,
  },
  { operator: "Erf", opset: 9, inputs: [[5]] },
  {
    operator: "GridSample",
    opset: 16,
    inputs: [
      [1, 2, 4, 4],
      [1, 3, 3, 2],
    ],
    attributes: [text("mode", "bicubic")],
  },
  {
    name: "GridSample by default",
    operator: "GridSample",
    opset: 16,
    inputs: [
      [1, 2, 4, 4],
      [1, 3, 3, 2],
    ],
  },
  {
    operator: "GroupNormalization",
    opset: 18,
    inputs: [[2, 6, 3], [2], [2]],
    attributes: [int("num_groups", 2)],
  },
  ...["Softmax", "LogSoftmax", "Hardmax"].flatMap((operator): Case[] => [
    { operator, opset: 9, inputs: [[3, 4]] },
    { name: `${operator} of several axes`, operator, opset: 11, inputs: [[2, 3, 4]] },
    {
      name: `${operator} from a negative axis`,
      operator,
      opset: 12,
      inputs: [[2, 3, 4, 2]],
      attributes: [int("axis", -3)],
    },
    {
      name: `${operator} of everything`,
      operator,
      opset: 12,
      inputs: [[3, 4]],
      attributes: [int("axis", 0)],
    },
  ]),
  {
    operator: "Pad",
    opset: 7,
    inputs: [[2, 3]],
    attributes: [ints("pads", 1, 0, 0, 2), float("value", 0.5)],
  },
  {
    name: "Pad by reflection",
    operator: "Pad",
    opset: 10,
    inputs: [[2, 3]],
    attributes: [ints("pads", 1, 0, 0, 2), text("mode", "reflect")],
  },
  { operator: "QuantizeLinear", opset: 13, inputs: [[2, 3], floatTensor([], [0.1])] },
  ...["L1", "L2", "Max", "Mean", "Min", "Prod", "SumSquare", "Sum"].map((kind): Case => ({
    operator: `Reduce${kind}`,
    opset: 11,
    inputs: [[2, 3, 4]],
    attributes: [ints("axes", 0, 2), int("keepdims", 0)],
  })),
  { operator: "ReduceLogSumExp", opset: 13, inputs: [[2, 3, 4]], attributes: [ints("axes", -1)] },
  { name: "a reduction of everything", operator: "ReduceSum", opset: 8, inputs: [[2, 3]] },
  {
    name: "Resize that enlarges",
    operator: "Resize",
    opset: 10,
    inputs: [[1, 1, 2, 3], floatTensor([4], [1, 1, 2, 1.5])],
  },
  {
    name: "Resize that shrinks",
    operator: "Resize",
    opset: 10,
    inputs: [[1, 1, 5, 4], floatTensor([4], [1, 1, 0.6, 0.5])],
  },
  {
    name: "Resize, linear",
    operator: "Resize",
    opset: 10,
    inputs: [[1, 1, 4, 4], floatTensor([4], [1, 1, 0.5, 2])],
    attributes: [text("mode", "linear")],
  },
  {
    name: "Resize to sizes",
    operator: "Resize",
    opset: 11,
    inputs: [[1, 1, 4, 4], floatTensor([0], []), floatTensor([0], []), intTensor([1, 1, 6, 3])],
  },
  {
    operator: "RoiAlign",
    opset: 10,
    inputs: [[1, 2, 8, 8], floatTensor([2, 4], [0, 0, 4, 4, 1, 2, 7, 6]), intTensor([0, 0])],
    attributes: [int("output_height", 2), int("output_width", 3)],
  },
  {
    operator: "Scatter",
    opset: 9,
    inputs: [[3, 3], intTensor([1, 0, 2, 0, 2, 1], [2, 3]), [2, 3]],
  },
  {
    operator: "Slice",
    opset: 9,
    inputs: [[4, 5]],
    attributes: [ints("starts", 1), ints("ends", -1), ints("axes", 1)],
  },
  {
    name: "Slice of the first axes",
    operator: "Slice",
    opset: 9,
    inputs: [[4, 5]],
    attributes: [ints("starts", 1, 0), ints("ends", 3, 1000)],
  },
  { operator: "Split", opset: 11, inputs: [[5, 2]], attributes: [ints("split", 2, 3)], outputs: 2 },
  {
    name: "Split into equal parts",
    operator: "Split",
    opset: 13,
    inputs: [[2, 6]],
    attributes: [int("axis", 1)],
    outputs: 3,
  },
  { operator: "Squeeze", opset: 11, inputs: [[1, 3, 1]], attributes: [ints("axes", -1)] },
  { name: "Squeeze of every axis", operator: "Squeeze", opset: 11, inputs: [[1, 3, 1]] },
  { operator: "TopK", opset: 9, inputs: [[2, 5]], attributes: [int("k", 2)], outputs: 2 },
  { operator: "Unsqueeze", opset: 11, inputs: [[3]], attributes: [ints("axes", 0, 2)] },
  {
    operator: "Upsample",
    opset: 7,
    inputs: [[1, 1, 2, 2]],
    attributes: [floats("scales", 1, 1, 2, 3)],
  },
  {
    name: "Upsample, linear",
    operator: "Upsample",
    opset: 9,
    inputs: [[1, 1, 2, 2], floatTensor([4], [1, 1, 2, 3])],
    attributes: [text("mode", "linear")],
  },
];

const isTensor = (input: number[] | Tensor): input is Tensor => !Array.isArray(input);

function modelOf({ operator, opset, inputs, attributes = [], outputs = 1 }: Case): Model {
  const names = inputs.map((_, index) => `x${index}`);
  const results = Array.from({ length: outputs }, (_, index) => `y${index}`);
  return {
    irVersion: 4,
    opsets: [{ version: opset }],
    graph: {
      name: "graph",
      nodes: [{ opType: operator, inputs: names, outputs: results, attributes, name: "node" }],
      inputs: inputs.flatMap((shape, index) =>
        isTensor(shape)
          ? []
          : [
              {
                name: `x${index}`,
                type: { kind: "tensor", elementType: "float32", shape } as const,
              },
            ],
      ),
      outputs: results.map((name) => ({ name })),
      initializers: inputs.flatMap((tensor, index) =>
        isTensor(tensor) ? [storedTensor(`x${index}`, tensor)] : [],
      ),
    },
  };
}

/** ONNX Runtime asks for the types of outputs. */
const typed = (model: Model, values: Record<string, Tensor>): Model => ({
  ...model,
  graph: {
    ...model.graph,
    outputs: model.graph.outputs.map(({ name }) => ({
      name,
      type: { kind: "tensor", elementType: values[name]?.type ?? "float32", shape: null },
    })),
  },
});

describe("a converted model computes the same", () => {
  test.each(cases.map((one) => ({ ...one, name: `${one.name ?? one.operator}, ${one.opset}` })))(
    "$name",
    async (one) => {
      const random = randomOf(one.name);
      const model = modelOf(one);
      const feeds = Object.fromEntries(
        model.graph.inputs.map(({ name, type }): [string, Numbers] => {
          const dims = (type?.kind === "tensor" ? type.shape : []) as number[];
          const { data } = normals(random, dims);
          // Positive, as a variance is.
          const values = data.map((x) =>
            Math.fround(one.operator === "BatchNormalization" ? Math.abs(x) + 0.1 : x),
          );
          return [name, numbers("float32", dims, values)];
        }),
      );
      const before = interpret(model, feeds);
      const tensors = Object.fromEntries(
        Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]),
      );
      for (const target of [13, 18, 21, 25].filter((version) => version > one.opset)) {
        const converted = convertOpset(model, target);
        expect(checkModel(converted), `version ${target}`).toEqual([]);
        expect(converted.opsets).toEqual([{ version: target }]);
        expect(interpret(converted, feeds), `version ${target}`).toEqual(before);
      }
      if (one.interpreterOnly) return;
      const expected = Object.fromEntries(
        Object.entries(before).map(([name, value]) => [name, toTensor(value)]),
      );
      for (const version of [model, convertOpset(model, 21)]) {
        const found = await runOnWasm(typed(version, expected), tensors);
        for (const [name, { dims, data }] of Object.entries(expected)) {
          expect(found[name]?.dims).toEqual(dims);
          for (const [index, value] of Array.from<unknown, number>(data, Number).entries())
            expect(Number(found[name]?.data[index]), `${name}[${index}]`).toBeCloseTo(value, 4);
        }
      }
    },
  );
});

test("the cases are of every operator that has an adapter", () => {
  const refused = ["Scan"];
  const logSum = ["ReduceLogSum"];
  const tested = new Set([...cases.map(({ operator }) => operator), ...refused, ...logSum]);
  expect(Object.keys(ADAPTERS).filter((operator) => !tested.has(operator))).toEqual([]);
});

test("every step of every operator from 7 to 25 is one that is known", () => {
  const operators = OPERATOR_TABLE.split("\n").filter((line) => /^[A-Z]/.test(line));
  const unknown = operators.flatMap((operator) => {
    const versions = versionsOf(operator);
    return versions.flatMap((after, index) => {
      const before = versions[index - 1];
      if (before === undefined || after.since < 8 || after.since > 25) return [];
      const isKnown = ADAPTERS[operator]?.[after.since] ?? extendsSchema(before, after);
      return isKnown ? [] : [`${operator} ${after.since}`];
    });
  });
  expect(operators.length).toBeGreaterThan(180);
  expect(unknown).toEqual([]);
});

describe("the whole of a model is converted", () => {
  const squeeze = (from: string, to: string): Node => ({
    opType: "Squeeze",
    inputs: [from],
    outputs: [to],
    attributes: [ints("axes", 0)],
  });
  const x = { name: "x", type: { kind: "tensor", elementType: "float32", shape: [1, 2] } } as const;
  const around = (nodes: Node[], rest: Partial<Model> = {}): Model => ({
    irVersion: 8,
    opsets: [{ version: 12 }, { domain: "local", version: 1 }],
    graph: { nodes, inputs: [x], outputs: [{ name: "y" }], initializers: [] },
    ...rest,
  });

  test("sub-graphs", () => {
    const branch = {
      nodes: [squeeze("x", "z")],
      inputs: [],
      outputs: [{ name: "z" }],
      initializers: [],
    };
    const other = { ...branch, nodes: [squeeze("x", "w")], outputs: [{ name: "w" }] };
    const condition = storedTensor("c", { type: "bool", dims: [], data: Uint8Array.of(1) });
    const attributes: Attribute[] = [
      { name: "then_branch", kind: "graph", value: branch },
      { name: "else_branch", kind: "graph", value: other },
    ];
    const model = around([{ opType: "If", inputs: ["c"], outputs: ["y"], attributes }]);
    const converted = convertOpset(
      { ...model, graph: { ...model.graph, initializers: [condition] } },
      21,
    );
    expect(checkModel(converted)).toEqual([]);
    const feeds = { x: numbers("float32", [1, 2], [3, 4]) };
    expect(interpret(converted, feeds)["y"]).toEqual(numbers("float32", [2], [3, 4]));
  });

  test("functions, whose constants become nodes", () => {
    const call: Node = {
      opType: "Flat",
      domain: "local",
      inputs: ["x"],
      outputs: ["y"],
      attributes: [],
    };
    const flat = {
      name: "Flat",
      domain: "local",
      inputs: ["a"],
      outputs: ["b"],
      nodes: [squeeze("a", "b")],
      opsets: [{ version: 12 }],
    };
    const converted = convertOpset(around([call], { functions: [flat] }), 21);
    expect(checkModel(converted)).toEqual([]);
    expect(converted.functions?.[0]).toMatchObject({
      opsets: [{ version: 21 }],
      nodes: [
        { opType: "Constant" },
        { opType: "Squeeze", inputs: ["a", expect.any(String)], attributes: [] },
      ],
    });
  });

  test("the file format goes along, and initializers of old files are no inputs any more", () => {
    const model = modelOf({
      operator: "Clip",
      opset: 7,
      inputs: [[3]],
      attributes: [float("max", 1)],
    });
    expect(convertOpset({ ...model, irVersion: 3 }, 18).irVersion).toBe(8);
    expect(convertOpset({ ...model, irVersion: 11 }, 18).irVersion).toBe(11);
  });

  test("a node that stays is the same object", () => {
    const model = modelOf({ operator: "Relu", opset: 12, inputs: [[3]] });
    expect(convertOpset(model, 21).graph).toBe(model.graph);
    expect(convertOpset(model, 12).graph).toBe(model.graph);
  });
});

describe("what cannot be converted is refused", () => {
  const scales = (...values: number[]) => floatTensor([values.length], values);
  test.each<[string, Case, string]>([
    [
      "a batched Scan",
      { operator: "Scan", opset: 8, inputs: [[1, 2, 3]] },
      "Scan 'node' cannot be converted to version 18: version 8 has an axis",
    ],
    [
      "statistics of each activation",
      {
        operator: "BatchNormalization",
        opset: 8,
        inputs: [[1, 2], [2], [2], [2], [2]],
        attributes: [int("spatial", 0)],
      },
      "spatial = 0",
    ],
    [
      "saved statistics",
      {
        operator: "BatchNormalization",
        opset: 9,
        inputs: [[1, 2], [2], [2], [2], [2]],
        outputs: 5,
      },
      "saved statistics",
    ],
    [
      "a resize of both kinds",
      { operator: "Resize", opset: 10, inputs: [[2, 2], scales(2, 0.5)] },
      "enlarges one axis and shrinks another",
    ],
    [
      "unknown scales",
      { operator: "Resize", opset: 10, inputs: [[2, 2], [2]] },
      "'x1', which is no constant",
    ],
    [
      "what changed before 7",
      { operator: "Add", opset: 6, inputs: [[2], [2]] },
      "Add 'node' cannot be converted to version 18: its definition changed in version 7",
    ],
  ])("%s", (_, one, message) => {
    expect(() => convertOpset(modelOf(one), 18)).toThrow(message);
  });

  test("an older operator that has not changed since is none of them", () => {
    const model = modelOf({ operator: "Relu", opset: 6, inputs: [[3]] });
    expect(convertOpset(model, 18).opsets).toEqual([{ version: 18 }]);
  });

  test("an attribute of a function", () => {
    const nodes: Node[] = [
      {
        opType: "Squeeze",
        inputs: ["a"],
        outputs: ["b"],
        attributes: [{ name: "axes", kind: "reference", value: "axes", of: 7 }],
      },
    ];
    const called = {
      name: "F",
      domain: "local",
      inputs: ["a"],
      outputs: ["b"],
      nodes,
      opsets: [{ version: 12 }],
    };
    const model = {
      ...modelOf({ operator: "Relu", opset: 12, inputs: [[3]] }),
      functions: [called],
    };
    expect(() => convertOpset(model, 18)).toThrow("inline that first");
  });

  test.each([
    [6, "from 7 to 25"],
    [26, "from 7 to 25"],
    [17.5, "from 7 to 25"],
    [11, "only upward"],
  ])("the version %d", (target, message) => {
    const model = modelOf({ operator: "Relu", opset: 12, inputs: [[3]] });
    expect(() => convertOpset(model, target)).toThrow(message);
  });
});
