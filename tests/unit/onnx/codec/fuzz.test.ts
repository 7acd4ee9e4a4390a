import { describe, expect, test } from "vitest";
import { checkModel } from "../../../../domain/onnx/check-model.ts";
import { readModel, writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { convertOpset } from "../../../../domain/onnx/convert-opset.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { inferModel } from "../../../../domain/onnx/infer/infer.ts";
import type { Attribute, Graph, Model, Node } from "../../../../domain/onnx/model.ts";
import { OnnxFault } from "../../../../domain/onnx/onnx-fault.ts";
import { storedTensor } from "../../../../domain/onnx/stored-tensor.ts";
import { summarise } from "../../../../domain/onnx/summarise.ts";
import { filledTensor, floatTensor, intTensor } from "../../../../domain/onnx/tensors.ts";
import type { Random } from "../../../../domain/statistics/random.ts";
import { randomOf, SEED } from "../support/random-numbers.ts";

/** Everything that looks at a model that somebody sent. */
const LOOKS: readonly ((model: Model) => unknown)[] = [
  checkModel,
  inferModel,
  (model) => summarise(model),
  (model) => convertOpset(model, 21),
];

/** An answer or an `OnnxFault` from each; anything else passes through. Answers with how many answered. */
function lookAt(bytes: Uint8Array): number {
  const model = guarded(() => readModel(bytes));
  if (model === null) return 0;
  return 1 + LOOKS.filter((look) => guarded(() => look(model)) !== null).length;
}

function guarded<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof OnnxFault) return null;
    throw error;
  }
}

function convolutions(): Model {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", ["batch", 2, 8, 8]);
  const conv = b.node("Conv", [x, b.constant(filledTensor("float32", [3, 2, 3, 3], 1))], {
    pads: [1, 1, 1, 1],
    strides: [2, 2],
  });
  const pool = b.node("MaxPool", [b.node("Relu", [conv])], { kernel_shape: [2, 2], ceil_mode: 1 });
  const size = b.node("Concat", [b.node("Shape", [pool], { end: 1 }), b.ints([-1])], { axis: 0 });
  const rows = b.node("Softmax", [b.node("Reshape", [pool, size])], { axis: -1 });
  const padded = b.node("Pad", [rows, b.ints([0, 1, 0, 2])]);
  b.output(b.node("Slice", [padded, b.ints([0]), b.ints([5]), b.ints([1])]), "y");
  return b.model();
}

function control(): Model {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", [4, 3]);
  const start = b.constant(floatTensor([3], [0, 0, 0]));
  const body = b.subgraph("body", (inner) => {
    const state = inner.input("state", "float32", [3]);
    const sum = inner.node("Add", [state, inner.input("row", "float32", [3])]);
    return [sum, inner.node("Neg", [sum])];
  });
  const [last = "", all = ""] = b.nodes("Scan", [start, x], 2, { body, num_scan_inputs: 1 });
  const loop = b.subgraph("loop", (inner) => {
    inner.input("i", "int64", []);
    const go = inner.input("go", "bool", []);
    const carried = inner.input("carried", "float32", [3]);
    return [inner.node("Identity", [go]), inner.node("Mul", [carried, carried])];
  });
  const trips = b.constant(intTensor([3], []));
  const looped = b.node("Loop", [trips, "", last], { body: loop });
  const condition = b.input("condition", "bool", []);
  const branch = (name: string, from: string) =>
    b.subgraph(name, (inner) => [inner.node("ReduceSum", [from, inner.ints([0])])]);
  b.output(
    b.node("If", [condition], {
      then_branch: branch("then", looped),
      else_branch: branch("else", all),
    }),
    "y",
  );
  return b.model();
}

/** Shapes that are computed: whatever a mutant makes of them must not be allocated. */
function shapes(): Model {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", [2, 3]);
  const filled = b.node("ConstantOfShape", [b.ints([2, 3])], { value: floatTensor([1], [1]) });
  const wide = b.node("Expand", [filled, b.ints([4, 2, 3])]);
  const tiled = b.node("Tile", [wide, b.ints([1, 2, 1])]);
  const scalar = (value: number) => b.constant(intTensor([value], []));
  const range = b.node("Range", [scalar(0), scalar(6), scalar(1)]);
  const hot = b.node("OneHot", [range, scalar(5), b.constant(floatTensor([2], [0, 1]))]);
  const picked = b.node("Gather", [tiled, b.ints([1])], { axis: 0 });
  const [values = ""] = b.nodes("TopK", [b.node("Flatten", [picked]), b.ints([2])], 2);
  const parts = b.nodes("Split", [x, b.ints([1, 2])], 2, { axis: 1 });
  b.output(b.node("Concat", parts, { axis: 1 }));
  b.output(
    b.node("Einsum", [x, b.node("Transpose", [x], { perm: [1, 0] })], { equation: "ij,jk->ik" }),
  );
  for (const name of [hot, values]) b.output(name);
  return b.model();
}

function old(): Model {
  const ints = (name: string, ...value: number[]): Attribute => ({ name, kind: "ints", value });
  const node = (
    opType: string,
    input: string,
    output: string,
    ...attributes: Attribute[]
  ): Node => ({
    opType,
    inputs: [input],
    outputs: [output],
    attributes,
  });
  const nodes = [
    node("Slice", "x", "a", ints("starts", 0), ints("ends", 3)),
    node("Unsqueeze", "a", "b", ints("axes", 0)),
    node("Softmax", "b", "c"),
    node("ReduceMean", "c", "d", ints("axes", 1)),
    node("Twice", "d", "y"),
  ];
  const call = { ...node("Twice", "d", "y"), domain: "local" };
  const functions = [
    {
      name: "Twice",
      domain: "local",
      inputs: ["p"],
      outputs: ["q"],
      nodes: [{ ...node("Add", "p", "q"), inputs: ["p", "p"] }],
      opsets: [{ version: 9 }],
    },
  ];
  const type = { kind: "tensor", elementType: "float32", shape: ["n", 4] } as const;
  return {
    irVersion: 8,
    opsets: [{ version: 9 }, { domain: "local", version: 1 }],
    graph: {
      nodes: nodes.with(4, call),
      inputs: [{ name: "x", type }],
      outputs: [{ name: "y", type: { ...type, shape: null } }],
      initializers: [storedTensor("unused", { type: "string", dims: [2], data: ["a", "b"] })],
    },
    functions,
  };
}

const seeds = [convolutions, control, shapes, old].map((make) => writeModel(make()));

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const joined = (...parts: Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
const within = (bytes: Uint8Array, random: Random) => random.integer(bytes.length);
const range = (bytes: Uint8Array, random: Random) => {
  const from = within(bytes, random);
  return bytes.subarray(from, from + random.integer(40) + 1);
};

const MUTATIONS: Record<string, Mutation> = {
  "flips a bit": (bytes, random) => {
    const copy = Uint8Array.from(bytes);
    const at = within(copy, random);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(8));
    return copy;
  },
  "sets a byte": (bytes, random) => {
    const copy = Uint8Array.from(bytes);
    copy[within(copy, random)] = random.integer(256);
    return copy;
  },
  "cuts the end off": (bytes, random) => bytes.subarray(0, within(bytes, random)),
  "takes a range out": (bytes, random) => {
    const at = within(bytes, random);
    return joined(bytes.subarray(0, at), bytes.subarray(at + random.integer(20)));
  },
  "repeats a range": (bytes, random) => {
    const at = within(bytes, random);
    return joined(bytes.subarray(0, at), range(bytes, random), bytes.subarray(at));
  },
  "puts bytes in": (bytes, random) => {
    const at = within(bytes, random);
    const noise = Uint8Array.from({ length: random.integer(8) + 1 }, () => random.integer(256));
    return joined(bytes.subarray(0, at), noise, bytes.subarray(at));
  },
  "puts the largest number in": (bytes, random) => {
    const at = within(bytes, random);
    const largest = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 127);
    return joined(bytes.subarray(0, at), largest, bytes.subarray(at + 1));
  },
  "splices two files": (bytes, random) => {
    const other = seeds[random.integer(seeds.length)] ?? bytes;
    return joined(bytes.subarray(0, within(bytes, random)), other.subarray(within(other, random)));
  },
};

describe("mutated files", () => {
  test("the files are right before anything is changed", () => {
    for (const bytes of seeds) {
      expect(checkModel(readModel(bytes))).toEqual([]);
      expect(lookAt(bytes)).toBe(1 + LOOKS.length);
    }
  });

  test.each(Object.entries(MUTATIONS))("%s", (name, mutate) => {
    const random = randomOf(name);
    for (let round = 0; round < 500; round += 1) {
      let bytes: Uint8Array = seeds[random.integer(seeds.length)] ?? new Uint8Array();
      for (let times = random.integer(3); times >= 0; times -= 1) bytes = mutate(bytes, random);
      try {
        lookAt(bytes);
      } catch (error) {
        const file = Buffer.from(bytes).toString("base64");
        throw new Error(`SEED=${SEED}, round ${round}: ${file}`, { cause: error });
      }
    }
  });

  // Nearly all of those are refused as they are read. These are files, of what nobody would write.
  test("numbers in a file are exchanged for extreme ones", () => {
    const random = randomOf("extremes");
    const extremes = [0, -1, 1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53), 2 ** 62, 1e30, 65];
    const extreme = (): number => extremes[random.integer(extremes.length)] ?? 0;
    const change = (value: unknown): unknown => {
      if (typeof value === "number") return random.uniform() < 0.08 ? extreme() : value;
      if (value instanceof Uint8Array) {
        if (random.uniform() >= 0.1 || value.length < 8) return value;
        const copy = Uint8Array.from(value);
        new DataView(copy.buffer).setBigInt64(0, BigInt(Math.trunc(extreme())), true);
        return copy;
      }
      if (Array.isArray(value)) return value.map(change);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]));
    };
    let answers = 0;
    for (let round = 0; round < 1500; round += 1) {
      const model = readModel(seeds[random.integer(seeds.length)] ?? new Uint8Array());
      const changed = { ...model, graph: change(model.graph) as Graph };
      try {
        answers += lookAt(writeModel(changed));
      } catch (error) {
        throw new Error(`SEED=${SEED}, round ${round}: ${JSON.stringify(changed)}`, {
          cause: error,
        });
      }
    }
  });
});
