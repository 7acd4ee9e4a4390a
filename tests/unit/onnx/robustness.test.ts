import { describe, expect, test } from "vitest";
import { generatedInputs } from "../../../domain/onnx/generated-inputs.ts";
import { differentiate } from "../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { inferModel } from "../../../domain/onnx/infer/infer.ts";
import { halve } from "../../../domain/onnx/halve/halve.ts";
import type { Attribute, Graph, Model, Node } from "../../../domain/onnx/model.ts";
import { OnnxFault } from "../../../domain/onnx/onnx-fault.ts";
import { pruneStructured } from "../../../domain/onnx/prune/prune-structured.ts";
import { pruneUnstructured } from "../../../domain/onnx/prune/prune-unstructured.ts";
import { quantiseDynamic } from "../../../domain/onnx/quantise/quantise-dynamic.ts";
import { addOutputs } from "../../../domain/onnx/rewrite/add-outputs.ts";
import { extractSubgraph } from "../../../domain/onnx/rewrite/extract-subgraph.ts";
import { makeBatchDynamic } from "../../../domain/onnx/rewrite/make-batch-dynamic.ts";
import { optimiseGraph } from "../../../domain/onnx/rewrite/optimise-graph.ts";
import { renameTensors } from "../../../domain/onnx/rewrite/rename-tensors.ts";
import { firstBatch } from "../../../domain/onnx/rows.ts";
import { openModel } from "../../../domain/onnx/runtime.ts";
import { storedTensor } from "../../../domain/onnx/stored-tensor.ts";
import { floatTensor, intTensor } from "../../../domain/onnx/tensors.ts";
import { trainModel, type TrainOptions } from "../../../domain/onnx/train/train-model.ts";
import { trainingGraph } from "../../../domain/onnx/train/training-graph.ts";
import type { Samples } from "../../../domain/onnx/train/samples.ts";
import type { Random } from "../../../domain/statistics/random.ts";
import { wasmRuntime } from "../../fixtures/wasm-runtime.ts";
import { randomOf, SEED } from "./support/random-numbers.ts";

const node = (
  opType: string,
  inputs: string[],
  outputs: string[],
  ...attributes: Attribute[]
): Node => ({ opType, inputs, outputs, attributes });
const int = (name: string, value: number): Attribute => ({ name, kind: "int", value });
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const float = (name: string, shape: (number | string)[]) =>
  ({ name, type: { kind: "tensor", elementType: "float32", shape } }) as const;
const w = storedTensor("w", floatTensor([2, 2], [1, -1, 2, 0.5]));

const modelOf = (nodes: Node[], graph: Partial<Graph> = {}): Model => ({
  irVersion: 8,
  opsets: [{ version: 18 }],
  graph: {
    nodes,
    inputs: [float("x", ["batch", 2])],
    outputs: [{ name: nodes.at(-1)?.outputs[0] ?? "" }],
    initializers: [w],
    ...graph,
  },
});

/** A classifier of two classes that is trained in the tests below. */
function classifier(width: number | string = "batch"): Model {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", [width, 3]);
  const weight = b.constant(floatTensor([3, 2], [0.1, 0.2, -0.3, 0.4, 0.5, -0.6]), "weight");
  b.output(b.node("Gemm", [x, weight, b.constant(floatTensor([2], [0, 0]), "bias")]), "y");
  return b.model();
}

const rows = 6;
const samples: Samples = {
  inputs: {
    x: floatTensor(
      [rows, 3],
      many(3 * rows, (at) => Math.sin(at)),
    ),
  },
  targets: intTensor(many(rows, (at) => at % 2)),
};
const options: TrainOptions = {
  loss: { kind: "cross_entropy" },
  optimiser: { kind: "sgd" },
  schedule: { learning_rate: 0.1 },
  epochs: 2,
  batch_size: 3,
};
const train = (
  given: Partial<Samples>,
  changed: Partial<TrainOptions> = {},
  model = classifier(),
) => trainModel(wasmRuntime, model, { ...samples, ...given }, { ...options, ...changed });

describe("sizes that no memory holds are refused before anything is made of them", () => {
  const wide = modelOf([node("Relu", ["x"], ["y"])], { inputs: [float("x", [2 ** 40, 2])] });
  test.each<[string, () => unknown]>([
    ["made-up inputs", () => generatedInputs(wide, 1, randomOf("inputs"))],
    ["a batch", () => firstBatch(wide, { x: floatTensor([1, 2], [1, 2]) }, 2 ** 40)],
    ["slices to prune", () => pruneStructured(wide)],
    ["unrolled steps", () => unrolled(2 ** 40)],
    ["unrolled steps that fit a vector", () => unrolled(100_000)],
    ["the elements of a channel", () => gradientOf("GlobalAveragePool", [1, 1, 2 ** 20, 2 ** 20])],
    [
      "the square of a diagonal",
      () =>
        gradientOf("Einsum", [2 ** 20, 2 ** 20], {
          name: "equation",
          kind: "string",
          value: "ii->i",
        }),
    ],
  ])("%s", (_, make) => {
    expect(make).toThrow(OnnxFault);
    expect(make).toThrow(/over \d+/u);
  });

  function gradientOf(opType: string, shape: number[], ...attributes: Attribute[]): Model {
    const model = modelOf([node(opType, ["x"], ["y"], ...attributes)], {
      inputs: [float("x", shape)],
    });
    return differentiate(model, { of: "y", with_respect_to: ["x"] });
  }

  function unrolled(steps: number): Model {
    const b = GraphBuilder.empty();
    const x = b.input("x", "float32", [steps, 2]);
    const body = b.subgraph("body", (inner) => [
      inner.node("Tanh", [inner.input("row", "float32", [2])]),
    ]);
    b.output(b.node("Scan", [x], { body, num_scan_inputs: 1 }), "y");
    return differentiate(b.model(), { of: "y", with_respect_to: ["x"], profile: "webgpu" });
  }

  test("a slice of a long axis is no list: its size and its gradient are known", () => {
    const model = (step: number): Model => {
      const ints = (name: string, value: number) => storedTensor(name, intTensor([value]));
      const bounds = [ints("from", 10), ints("to", 2 ** 29), ints("axes", 0), ints("step", step)];
      return modelOf([node("Slice", ["x", "from", "to", "axes", "step"], ["y"])], {
        inputs: [float("x", [2 ** 30])],
        initializers: bounds,
      });
    };
    const found = inferModel(model(2)).get("y");
    expect(found).toMatchObject({ shape: [2 ** 28 - 5] });
    for (const step of [1, 2]) {
      const gradient = differentiate(model(step), { of: "y", with_respect_to: ["x"] });
      expect(inferModel(gradient).get("gradient_of_x")).toMatchObject({ kind: "tensor" });
      for (const { dims } of gradient.graph.initializers)
        expect(dims.every((size) => size < 10)).toBe(true);
    }
  });
});

describe("a Split of any number of parts has a form for WebGPU", () => {
  // 7 ** 3: the logarithm of 343 to the base 7 is a little above 3 in floats.
  test.each([7, 8, 49, 50, 343, 344])("%i", (parts) => {
    const split = node(
      "Split",
      ["x"],
      many(parts, (at) => `p${at}`),
      int("axis", 0),
      int("num_outputs", parts),
    );
    const model = modelOf([split, node("Mul", ["p0", "p1"], ["y"])], {
      inputs: [float("x", [parts])],
    });
    const gradient = differentiate(model, {
      of: "y",
      with_respect_to: ["x"],
      profile: "webgpu",
      keep_outputs: true,
    });
    const splits = gradient.graph.nodes.filter(({ opType }) => opType === "Split");
    expect(Math.max(...splits.map(({ outputs }) => outputs.length))).toBeLessThanOrEqual(7);
    expect(inferModel(gradient).get("gradient_of_x")).toMatchObject({ shape: [parts] });
  });
});

describe("copies that go in a circle are refused, not followed for ever", () => {
  test.each<[string, Node[]]>([
    [
      "a copy of itself",
      [node("Relu", ["x"], ["a"]), node("Identity", ["a"], ["a"]), node("Neg", ["a"], ["y"])],
    ],
    [
      "two copies of each other",
      [
        node("Relu", ["x"], ["a"]),
        node("Identity", ["a"], ["b"]),
        node("Identity", ["b"], ["a"]),
        node("Relu", ["a"], ["y"]),
      ],
    ],
    ["a node twice", many(2, () => node("Relu", ["x"], ["a"])).concat(node("Neg", ["a"], ["y"]))],
  ])("%s", async (_, nodes) => {
    await expect(optimiseGraph(modelOf(nodes))).rejects.toThrow("made twice");
  });
});

describe("time grows with the number of nodes, and not with its square", () => {
  const chain = (count: number, opType: string): Node[] =>
    many(count, (at) => node(opType, [at === 0 ? "h" : `u${at - 1}`], [`u${at}`]));
  const first = node("MatMul", ["x", "w"], ["h"]);

  function branches(count: number): Model {
    const side = (name: string, opType: string, input: string, output: string): Attribute => ({
      name,
      kind: "graph",
      value: {
        nodes: [node(opType, [input], [output])],
        inputs: [],
        outputs: [{ name: output }],
        initializers: [],
      },
    });
    const nodes = many(count, (at) => {
      const input = at === 0 ? "h" : `u${at - 1}`;
      return node(
        "If",
        ["c"],
        [`u${at}`],
        side("then_branch", "Tanh", input, `t${at}`),
        side("else_branch", "Neg", input, `e${at}`),
      );
    });
    const c = { name: "c", type: { kind: "tensor", elementType: "bool", shape: [] } } as const;
    return modelOf([first, ...nodes], { inputs: [float("x", ["batch", 2]), c] });
  }

  const seconds = async (work: () => unknown): Promise<number> => {
    const began = performance.now();
    await work();
    return (performance.now() - began) / 1000;
  };

  // Each took ten seconds or more, or overflowed the stack.
  test.each<[string, () => unknown]>([
    [
      "the gradient of 1,500 branches",
      () =>
        differentiate(branches(1500), {
          of: "u1499",
          with_respect_to: ["w"],
        }),
    ],
    [
      "20,000 copies to optimise",
      () =>
        optimiseGraph(
          modelOf([first, ...chain(20_000, "Identity"), node("Relu", ["u19999"], ["y"])]),
        ),
    ],
    [
      "20,000 copies between weights and loss",
      () =>
        trainingGraph(modelOf([first, ...chain(20_000, "Identity")]), {
          loss: { kind: "mean_squared_error" },
          optimiser: { kind: "sgd" },
        }),
    ],
  ])("%s", async (_, work) => {
    expect(await seconds(work)).toBeLessThan(3);
  });
});

describe("requests that do not fit are refused by name", () => {
  const square = modelOf([node("Mul", ["x", "x"], ["y"])]);
  test.each<[string, string[], RegExp]>([
    ["nothing", [], /'with_respect_to' names no tensor/u],
    ["a tensor twice", ["x", "x"], /names 'x' twice/u],
  ])("the gradient of %s", (_, with_respect_to, message) => {
    expect(() => differentiate(square, { of: "y", with_respect_to })).toThrow(message);
  });

  test("a gradient whose name the model has", () => {
    const named = renameTensors(square, { y: "gradient_of_x" });
    const request = { of: "gradient_of_x", with_respect_to: ["x"] };
    expect(() => differentiate(named, request)).toThrow(/has a tensor 'gradient_of_x'.*rename it/u);
  });

  test("what the runtime refuses becomes a fault in its words", async () => {
    await expect(openModel(wasmRuntime, new Uint8Array([1, 2, 3]))).rejects.toThrow(OnnxFault);
    await expect(openModel(wasmRuntime, new Uint8Array([1, 2, 3]))).rejects.toThrow(
      "wasm does not take the model: ",
    );
  });
});

describe("samples and options of a training", () => {
  const x = samples.inputs["x"] ?? floatTensor([], []);
  const withX = (changed: Partial<typeof x>): Partial<Samples> => ({
    inputs: { x: { ...x, ...changed } },
  });
  test.each<[string, Partial<Samples>, Partial<TrainOptions>, string]>([
    ["no input", { inputs: {} }, {}, "samples: 'x' is missing"],
    ["an unknown input", { inputs: { x, z: x } }, {}, "samples: the model has no input 'z'"],
    ["another type", withX({ type: "float64", data: new Float64Array(18) }), {}, "'x' is float64"],
    [
      "another width",
      withX({ dims: [6, 2], data: new Float32Array(12) }),
      {},
      "[batch, 3] is expected",
    ],
    ["too little data", withX({ data: new Float32Array(5) }), {}, "has 5 elements"],
    ["NaN", withX({ data: new Float32Array(18).fill(Number.NaN, 7) }), {}, "'x' is NaN in row 2"],
    ["a class too high", { targets: intTensor([0, 1, 0, 1, 2, 0]) }, {}, "row 4 has the class 2"],
    ["a class below 0", { targets: intTensor([0, -1, 0, 1, 1, 0]) }, {}, "row 1 has the class -1"],
    [
      "targets of floats",
      {
        targets: floatTensor(
          [6],
          many(6, () => 1),
        ),
      },
      {},
      "int64 is expected",
    ],
    [
      "validation",
      {},
      { validation: { ...samples, targets: intTensor(many(6, () => 9)) } },
      "validation: row 0 has the class 9",
    ],
    ["too few weights of classes", {}, loss({ class_weights: [1] }), "has 1 numbers"],
    ["weights of classes of 0", {}, loss({ class_weights: [0, 0] }), "not all of them 0"],
    ["a smoothing that is no number", {}, loss({ label_smoothing: Number.NaN }), "label_smoothing"],
    ["a warm-up that is no number", {}, rate({ warm_up_steps: Number.NaN }), "warm_up_steps"],
    ["steps of 0", {}, rate({ decay: { kind: "step", factor: 0.5, every: 0 } }), "decay.every"],
    [
      "a factor below 0",
      {},
      rate({ decay: { kind: "step", factor: -1, every: 1 } }),
      "decay.factor",
    ],
    [
      "a share over 1",
      {},
      rate({ decay: { kind: "linear", final_share: 2 } }),
      "decay.final_share",
    ],
  ])("%s", async (_, given, changed, message) => {
    const training = train(given, changed);
    await expect(training).rejects.toThrow(OnnxFault);
    await expect(training).rejects.toThrow(message);
  });

  function loss(of: object): Partial<TrainOptions> {
    return { loss: { kind: "cross_entropy", ...of } };
  }
  function rate(of: Partial<TrainOptions["schedule"]>): Partial<TrainOptions> {
    return { schedule: { learning_rate: 0.1, ...of } };
  }

  test("a model that fixes its batch is told to free it", async () => {
    await expect(train({}, {}, classifier(1))).rejects.toThrow("make the batch dynamic");
  });

  test("a weight that is named twice is trained once", async () => {
    const { model } = await train({}, { weights: ["bias", "bias"] });
    expect(model.graph.initializers.map(({ name }) => name)).toEqual(["weight", "bias"]);
  });

  test.each(["logits", "loss", "targets", "next_parameters", "mask_0", "constant_5", "split_3"])(
    "a model whose output is called %s learns the same",
    async (name) => {
      const [expected, found] = await Promise.all([
        train({}),
        train({}, {}, renameTensors(classifier(), { y: name })),
      ]);
      expect(found.epochs).toEqual(expected.epochs);
      expect(found.model.graph.outputs[0]?.name).toBe(name);
    },
  );

  test("a weight that is called like a tensor of the training is refused by name", async () => {
    const model = renameTensors(classifier(), { weight: "loss" });
    await expect(train({}, {}, model)).rejects.toThrow(/'loss' of the model.*rename it/u);
  });
});

/** A model with something of everything, to be spoilt. */
function varied(): Model {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", ["batch", 2, 8, 8]);
  const constant = (name: string, dims: number[]) =>
    b.constant(
      floatTensor(
        dims,
        many(
          dims.reduce((product, size) => product * size, 1),
          (at) => 1 + (at % 5),
        ),
      ),
      name,
    );
  const convolved = b.node("Conv", [x, constant("kernel", [3, 2, 3, 3]), constant("bias", [3])], {
    pads: [1, 1, 1, 1],
    strides: [2, 2],
  });
  const statistics = ["scale", "shift", "mean", "variance"].map((name) => constant(name, [3]));
  const normalised = b.node("BatchNormalization", [convolved, ...statistics]);
  const pooled = b.node("MaxPool", [b.node("Relu", [normalised])], { kernel_shape: [2, 2] });
  const size = b.node("Concat", [b.node("Shape", [pooled], { end: 1 }), b.ints([-1])], { axis: 0 });
  const flat = b.node("Reshape", [pooled, size]);
  const sliced = b.node("Slice", [flat, b.ints([0]), b.ints([12]), b.ints([1]), b.ints([2])]);
  b.output(b.node("Softmax", [b.node("Gemm", [sliced, constant("matrix", [6, 4])])]), "y");
  return b.model();
}

const EXTREMES = [0, -1, 1, 3, 64, 100_000, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 2 ** 62, 1e30];
const TYPES = ["float32", "int64", "float16", "float64", "bool", "string", "undefined"] as const;
const OPERATORS =
  "constructor __proto__ toString Identity Gemm LSTM Concat Split If Scan Resize Pad".split(" ");

type Spoil = (graph: Graph, pick: <T>(list: readonly T[]) => T) => Graph;

const oneNode = (graph: Graph, at: Node, ...changed: Node[]): Graph => ({
  ...graph,
  nodes: graph.nodes.flatMap((own) => (own === at ? changed : [own])),
});
const namesOf = (graph: Graph): string[] => [
  "",
  ...graph.inputs.map(({ name }) => name),
  ...graph.initializers.map(({ name = "" }) => name),
  ...graph.nodes.flatMap(({ outputs }) => outputs),
];

const SPOILS: Record<string, Spoil> = {
  "an attribute": (graph, pick) => {
    const at = pick(graph.nodes);
    const attributes = at.attributes.map((own): Attribute => {
      if (own.kind === "ints") return { ...own, value: own.value.map(() => pick(EXTREMES)) };
      return own.kind === "int" ? { ...own, value: pick(EXTREMES) } : own;
    });
    return oneNode(graph, at, { ...at, attributes });
  },
  "an input of a node": (graph, pick) => {
    const at = pick(graph.nodes);
    const inputs = at.inputs.map((name) => (pick([0, 1]) === 0 ? name : pick(namesOf(graph))));
    return oneNode(graph, at, { ...at, inputs });
  },
  "an input too few": (graph, pick) => {
    const at = pick(graph.nodes);
    return oneNode(graph, at, { ...at, inputs: at.inputs.slice(0, -1) });
  },
  "an operator": (graph, pick) => {
    const at = pick(graph.nodes);
    return oneNode(graph, at, { ...at, opType: pick(OPERATORS) });
  },
  "a node twice": (graph, pick) => {
    const at = pick(graph.nodes);
    return oneNode(graph, at, at, at);
  },
  "a node that is gone": (graph, pick) => oneNode(graph, pick(graph.nodes)),
  "a copy in a circle": (graph, pick) => {
    const at = pick(graph.nodes);
    const copy = node("Identity", at.outputs.slice(0, 1), at.inputs.slice(0, 1));
    return oneNode(graph, at, copy, at);
  },
  "the shape of the input": (graph, pick) => {
    const shape = many(pick([0, 1, 4, 5]), () => pick([...EXTREMES, "batch", "n", 2, 8]));
    return { ...graph, inputs: [float("x", shape)] };
  },
  "the type of a tensor": (graph, pick) => {
    const at = pick(graph.initializers);
    const change = pick(TYPES);
    return {
      ...graph,
      initializers: graph.initializers.map((own) => (own === at ? { ...own, type: change } : own)),
    };
  },
  "the dims of a tensor": (graph, pick) => {
    const at = pick(graph.initializers);
    const dims = pick([[], [0], at.dims.toReversed(), [1, ...at.dims], at.dims.slice(1)]);
    return {
      ...graph,
      initializers: graph.initializers.map((own) => (own === at ? { ...own, dims } : own)),
    };
  },
};

const uses = (pick: <T>(list: readonly T[]) => T, random: Random) => ({
  optimiseGraph: (model: Model) => optimiseGraph(model),
  makeBatchDynamic: (model: Model) => makeBatchDynamic(model),
  halve: (model: Model) => halve(model, { keep_io_types: pick([true, false]) }),
  pruneUnstructured: (model: Model) => pruneUnstructured(model, { amount: pick([0, 0.5, 1, -1]) }),
  pruneStructured: (model: Model) => pruneStructured(model, { amount: pick([0.1, 0.5]) }),
  quantiseDynamic: (model: Model) => quantiseDynamic(model, { per_channel: pick([true, false]) }),
  generatedInputs: (model: Model) => generatedInputs(model, 2, random),
  addOutputs: (model: Model) => addOutputs(model, [pick(namesOf(model.graph))]),
  extractSubgraph: (model: Model) => extractSubgraph(model, ["x"], [pick(namesOf(model.graph))]),
  differentiate: (model: Model) =>
    differentiate(model, {
      of: pick(namesOf(model.graph)),
      with_respect_to: [pick(namesOf(model.graph))],
      profile: pick(["wasm", "webgpu"]),
    }),
  trainingGraph: (model: Model) =>
    trainingGraph(model, {
      loss: { kind: pick(["cross_entropy", "huber", "binary_cross_entropy"]) },
      optimiser: { kind: pick(["sgd", "momentum", "adamw"]) },
      profile: pick(["wasm", "webgpu"]),
    }),
});

test.each(Object.entries(SPOILS))(
  "%s spoilt: every pass answers or says why not",
  async (name, spoil) => {
    const random = randomOf(name);
    const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)] as T;
    const model = varied();
    let answers = 0;
    for (let round = 0; round < 25; round += 1) {
      let { graph } = model;
      for (let times = random.integer(2); times >= 0; times -= 1) graph = spoil(graph, pick);
      for (const [use, work] of Object.entries(uses(pick, random)))
        try {
          await work({ ...model, graph });
          answers += 1;
        } catch (error) {
          if (!(error instanceof OnnxFault))
            throw new Error(
              `SEED=${SEED}, round ${round}, ${use}: ${JSON.stringify(graph.nodes)}`,
              {
                cause: error,
              },
            );
        }
    }
    expect(answers).toBeGreaterThan(0);
  },
);
