import { describe, expect, test } from "vitest";
import { floatsOf, isFloatType, storedFloats } from "../../../../domain/onnx/float-values.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model, StoredTensor } from "../../../../domain/onnx/model.ts";
import { channelsOf } from "../../../../domain/onnx/prune/channels-of.ts";
import { channelGroups } from "../../../../domain/onnx/prune/channel-groups.ts";
import { chooseRemoved } from "../../../../domain/onnx/prune/choose-removed.ts";
import { scorerOf } from "../../../../domain/onnx/prune/importance.ts";
import { pruneStructured } from "../../../../domain/onnx/prune/prune-structured.ts";
import { weightsOf } from "../../../../domain/onnx/prune/weights.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { countOf } from "../../../../domain/tensors/tensor.ts";
import { expectSame, expectSameOnWasm, normalTensor } from "../support/same-results.ts";
import { randomOf } from "../support/random-numbers.ts";

const random = randomOf("prune structured");

type Weight = (dims: number[], name?: string) => string;
type Case = { dims: (number | string)[]; build: (b: GraphBuilder, w: Weight) => string };

function modelOf({ dims, build }: Case): Model {
  const b = GraphBuilder.empty();
  b.input("x", "float32", dims);
  b.output(
    build(b, (size, name) => b.constant(normalTensor(random, size), name)),
    "y",
  );
  return b.model();
}

const feedsFor = ({ dims }: Case) => ({
  x: normalTensor(
    random,
    dims.map((size) => (typeof size === "number" ? size : 3)),
  ),
});

function batchNormalization(b: GraphBuilder, x: string, channels: number): string {
  const positive = b.constant(floatTensor([channels], Array(channels).fill(0.7)));
  const [scale, shift, mean] = [0, 1, 2].map(() => b.constant(normalTensor(random, [channels])));
  return b.node("BatchNormalization", [x, scale ?? "", shift ?? "", mean ?? "", positive]);
}

const dense = (b: GraphBuilder, x: string, w: string, bias: string) =>
  b.node("Gemm", [x, w, bias], { transB: 1 });

const CASES: Record<string, Case> = {
  "a perceptron": {
    dims: ["batch", 5],
    build: (b, w) => {
      const hidden = b.node("Sigmoid", [dense(b, "x", w([8, 5]), w([8]))]);
      const next = b.node("Relu", [b.node("MatMul", [hidden, w([8, 6])])]);
      return b.node("Softmax", [b.node("Add", [b.node("MatMul", [next, w([6, 3])]), w([3])])]);
    },
  },
  "convolutions, normalised, pooled and flattened": {
    dims: ["batch", 2, 8, 8],
    build: (b, w) => {
      const first = b.node("Conv", ["x", w([6, 2, 3, 3]), w([6])], { pads: [1, 1, 1, 1] });
      const active = b.node("Relu", [batchNormalization(b, first, 6)]);
      const pooled = b.node("MaxPool", [active], { kernel_shape: [2, 2], strides: [2, 2] });
      const second = b.node("Conv", [pooled, w([4, 6, 3, 3])], { strides: [2, 2] });
      const flat = b.node("Reshape", [b.node("LeakyRelu", [second]), b.ints([0, 4])]);
      return dense(b, flat, w([3, 4]), w([3]));
    },
  },
  "a flattened image": {
    dims: ["batch", 2, 6],
    build: (b, w) => {
      const first = b.node("Conv", ["x", w([5, 2, 3]), w([5])]);
      return dense(b, b.node("Flatten", [first]), w([3, 20]), w([3]));
    },
  },
  "a residual block": {
    dims: ["batch", 4, 6],
    build: (b, w) => {
      const stem = b.node("Conv", ["x", w([6, 4, 1]), w([6])]);
      const inner = b.node("Relu", [b.node("Conv", [stem, w([8, 6, 3])], { pads: [1, 1] })]);
      const back = b.node("Conv", [inner, w([6, 8, 3])], { pads: [1, 1] });
      const sum = b.node("Relu", [b.node("Add", [stem, batchNormalization(b, back, 6)])]);
      const pooled = b.node("GlobalAveragePool", [sum]);
      return dense(b, b.node("Squeeze", [pooled, b.ints([2])]), w([2, 6]), w([2]));
    },
  },
  "a depthwise convolution": {
    dims: ["batch", 3, 6],
    build: (b, w) => {
      const wide = b.node("Conv", ["x", w([4, 3, 1]), w([4])]);
      const deep = b.node("Conv", [wide, w([8, 1, 3]), w([8])], { group: 4 });
      return b.node("Conv", [b.node("Clip", [deep, b.scalar(0), b.scalar(6)]), w([2, 8, 1])]);
    },
  },
  "a grouped convolution": {
    dims: ["batch", 3, 6],
    build: (b, w) => {
      const wide = b.node("Conv", ["x", w([8, 3, 1]), w([8])]);
      const grouped = b.node("Conv", [wide, w([6, 4, 3]), w([6])], { group: 2 });
      return b.node("Conv", [b.node("Tanh", [grouped]), w([2, 6, 1])]);
    },
  },
  "transposed convolutions": {
    dims: ["batch", 3, 4],
    build: (b, w) => {
      const wide = b.node("ConvTranspose", ["x", w([3, 6, 2]), w([6])], { strides: [2] });
      const deep = b.node("ConvTranspose", [wide, w([6, 1, 2]), w([6])], { group: 6 });
      const grouped = b.node("ConvTranspose", [deep, w([6, 2, 2])], { group: 2 });
      return b.node("Conv", [grouped, w([2, 4, 1])]);
    },
  },
  "branches that are joined and split": {
    dims: ["batch", 3, 5],
    build: (b, w) => {
      const [left, right] = [4, 6].map((size) => b.node("Conv", ["x", w([size, 3, 1])]));
      const joined = b.node("Concat", [left ?? "", right ?? ""], { axis: 1 });
      const [a = "", c = ""] = b.nodes("Split", [joined, b.ints([3, 7])], 2, { axis: 1 });
      const first = b.node("Conv", [a, w([4, 3, 1])]);
      return b.node("Add", [
        b.node("Conv", [first, w([2, 4, 1])]),
        b.node("Conv", [c, w([2, 7, 1])]),
      ]);
    },
  },
  "group and instance normalisation": {
    dims: ["batch", 3, 5],
    build: (b, w) => {
      const wide = b.node("Conv", ["x", w([8, 3, 1])]);
      const grouped = b.node("GroupNormalization", [wide, w([8]), w([8])], { num_groups: 4 });
      const next = b.node("Conv", [grouped, w([4, 8, 1])]);
      const each = b.node("InstanceNormalization", [next, w([4]), w([4])]);
      return b.node("Conv", [b.node("PRelu", [each, w([4, 1])]), w([2, 4, 1])]);
    },
  },
  "the heads of an attention": {
    dims: ["batch", 5, 6],
    build: (b, w) => {
      const heads = (): string =>
        b.node(
          "Transpose",
          [b.node("Reshape", [b.node("MatMul", ["x", w([6, 8])]), b.ints([0, 5, 4, 2])])],
          { perm: [0, 2, 1, 3] },
        );
      const [q, k, v] = [heads(), heads(), heads()];
      const turned = b.node("Transpose", [k], { perm: [0, 1, 3, 2] });
      const shares = b.node("Softmax", [b.node("MatMul", [q, turned])], { axis: -1 });
      const seen = b.node("Transpose", [b.node("MatMul", [shares, v])], { perm: [0, 2, 1, 3] });
      const joined = b.node("Reshape", [seen, b.ints([0, 5, 8])]);
      return b.node("Einsum", [joined, w([8, 3])], { equation: "btk,kn->btn" });
    },
  },
  "recurrent layers": {
    dims: [4, "batch", 3],
    build: (b, w) => {
      const [first = ""] = b.nodes("LSTM", ["x", w([2, 20, 3]), w([2, 20, 5]), w([2, 40])], 1, {
        hidden_size: 5,
        direction: "bidirectional",
      });
      const mean = b.node("ReduceSum", [first, b.ints([1])], { keepdims: 0 });
      const [, last = ""] = b.nodes("GRU", [mean, w([1, 12, 5]), w([1, 12, 4])], 2, {
        hidden_size: 4,
      });
      return dense(b, b.node("Gather", [last, b.scalar(0, "int64")]), w([2, 4]), w([2]));
    },
  },
};

/** The original with zeros in the place of all that is removed, which the pruned one has to equal. */
function zeroed(model: Model, amount: number): Model {
  const channels = channelsOf(model, new Set());
  const weights = new Map(weightsOf(model).map((weight) => [weight.name ?? "", weight]));
  const groups = channelGroups(channels, weights, scorerOf({}));
  const removed = new Set(chooseRemoved(groups, { amount }).flat());
  const zero = (stored: StoredTensor): StoredTensor => {
    if (!isFloatType(stored.type)) return stored;
    const values = floatsOf(stored);
    for (const { axis, size, first } of channels.axesOf(stored.name ?? "")) {
      const inner = countOf(stored.dims.slice(axis + 1));
      for (const at of values.keys())
        if (removed.has(channels.classOf(first + (Math.floor(at / inner) % size)))) values[at] = 0;
    }
    return storedFloats(stored.name ?? "", stored.type, stored.dims, values);
  };
  const initializers = model.graph.initializers.map(zero);
  return { ...model, graph: { ...model.graph, initializers } };
}

describe("removing channels is the same as having zeros in their place", () => {
  test.each(Object.entries(CASES))("%s", (_, given) => {
    const model = modelOf(given);
    const { model: pruned, report } = pruneStructured(model, { amount: 0.4 });
    expect(report.skipped).toEqual([]);
    expect(report.parameters_after).toBeLessThan(0.8 * report.parameters_before);
    expect(report.macs_after).toBeLessThan(0.8 * report.macs_before);
    expectSame(zeroed(model, 0.4), pruned, feedsFor(given), 1e-12);
  });

  test.each(Object.entries(CASES))("%s, on the runtime", async (_, given) => {
    const model = modelOf(given);
    const { model: pruned } = pruneStructured(model, { amount: 0.4 });
    await expectSameOnWasm(zeroed(model, 0.4), pruned, feedsFor(given));
  });
});

/** x [1, 2] -> 4 hidden units of weights 1, 2, 3, 4 -> y. */
function fourUnits(): Model {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 2]);
  const first = b.constant(floatTensor([2, 4], [4, 1, 3, 2, 4, 1, 3, 2]), "first");
  const second = b.constant(floatTensor([4, 1], [4, 1, 3, 2]), "second");
  b.output(b.node("MatMul", [b.node("Relu", [b.node("MatMul", ["x", first])]), second]), "y");
  return b.model();
}

const dimsOf = (model: Model) =>
  Object.fromEntries(model.graph.initializers.map(({ name, dims }) => [name, dims]));

describe("what is removed", () => {
  test("is the least important part, as the report says", () => {
    const { model, report } = pruneStructured(fourUnits(), { amount: 0.5 });
    expect(dimsOf(model)).toEqual({ first: [2, 2], second: [2, 1] });
    expect(floatsOf(model.graph.initializers[0] as StoredTensor)).toEqual(
      Float64Array.of(4, 3, 4, 3),
    );
    expect(report).toEqual({
      groups: [
        { weights: ["first", "second"], channels_before: 4, channels_after: 2, removed: [1, 3] },
      ],
      skipped: [],
      parameters_before: 12,
      parameters_after: 6,
      macs_before: 12,
      macs_after: 6,
    });
  });

  test("is never everything, and is rounded to what is asked for", () => {
    const left = (options: object) =>
      pruneStructured(fourUnits(), options).report.groups[0]?.channels_after;
    expect(left({ amount: 0.99 })).toBe(1);
    expect(left({ amount: 0.5, round_to: 3 })).toBe(3);
    expect(left({ amount: 0.5, round_to: 8 })).toBe(4);
    expect(left({})).toBe(3);
  });

  test("goes by gradients where they count", () => {
    const gradients = {
      first: floatTensor([2, 4], [1, -8, 0, 2, -1, -8, 0, 2]),
      second: floatTensor([4, 1], [0, 0, 0.1, 1]),
    };
    const removed = (importance: "taylor" | "snip") =>
      pruneStructured(fourUnits(), { amount: 0.25, importance, gradients }).report.groups[0]
        ?.removed;
    // Taylor: |Σ w g| = 0, |-16|, 0.3, 10. SNIP: Σ |w g| = 8, 16, 0.3, 10.
    expect(removed("taylor")).toEqual([0]);
    expect(removed("snip")).toEqual([2]);
    expect(() => pruneStructured(fourUnits(), { importance: "snip" })).toThrow(
      /gradient of the dims \[2, 4\] is needed for the weight 'first'/u,
    );
  });

  test("is repeatable where it is random", () => {
    const removed = (seed: number) =>
      pruneStructured(fourUnits(), { importance: "random", amount: 0.5, seed }).report.groups[0]
        ?.removed;
    expect(removed(1)).toEqual(removed(1));
    const found = new Set(Array.from({ length: 20 }, (_, seed) => String(removed(seed))));
    expect(found.size).toBeGreaterThan(1);
  });

  test("spares the weights that are asked to stay", () => {
    expect(() => pruneStructured(fourUnits(), { keep: ["second"] })).toThrow(
      /no channel of the model can be removed: of 'first' axis 0 stays, since it is an input of the model; axis 1 stays, since it is asked to stay/u,
    );
  });

  test("over all groups goes where channels matter least within their group", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", ["batch", 1]);
    const even = b.constant(floatTensor([1, 4], [5, 5, 5, 5]), "even");
    const middle = b.constant(floatTensor([4, 4], Array(16).fill(0)), "middle");
    const last = b.constant(floatTensor([4, 1], [1000, 1, 1, 1000]), "last");
    b.output(b.node("MatMul", [b.node("MatMul", [b.node("MatMul", ["x", even]), middle]), last]));
    const { report } = pruneStructured(b.model(), { amount: 0.25, scope: "global" });
    expect(report.groups.map(({ removed }) => removed)).toEqual([[], [1, 2]]);
  });
});

describe("what cannot be followed stays, with a reason", () => {
  test("a channel that a Softmax divides among, and one that the model gives", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", ["batch", 2]);
    const hidden = b.node(
      "Softmax",
      [b.node("MatMul", ["x", b.constant(normalTensor(random, [2, 4]), "held")])],
      {},
      { name: "mixing" },
    );
    const next = b.node("MatMul", [hidden, b.constant(normalTensor(random, [4, 6]), "free")]);
    b.output(b.node("MatMul", [next, b.constant(normalTensor(random, [6, 2]), "last")]));
    const { report } = pruneStructured(b.model());
    expect(report.groups.map(({ weights }) => weights)).toEqual([["free", "last"]]);
    expect(report.skipped).toEqual([
      {
        weight: "held",
        reason: expect.stringMatching(
          /axis 1 stays, since Softmax 'mixing' needs every slice of axis 1/u,
        ),
      },
    ]);
  });

  test("an operator that is not known", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", ["batch", 2]);
    const hidden = b.node("MatMul", ["x", b.constant(normalTensor(random, [2, 4]))]);
    const sorted = b.nodes("TopK", [hidden, b.ints([4])], 2, { axis: 1 })[0] ?? "";
    b.output(b.node("MatMul", [sorted, b.constant(normalTensor(random, [4, 2]))]));
    expect(() => pruneStructured(b.model())).toThrow(/no channel of the model can be removed/u);
  });

  test("a channel that a branch reads", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", ["batch", 2]);
    const hidden = b.node("MatMul", ["x", b.constant(normalTensor(random, [2, 4]), "w")]);
    const branch = (operator: string) =>
      b.subgraph(operator, (inner) => [inner.node(operator, [hidden])]);
    const chosen = b.node("If", [b.input("c", "bool", [])], {
      then_branch: branch("Neg"),
      else_branch: branch("Abs"),
    });
    b.output(b.node("MatMul", [chosen, b.constant(normalTensor(random, [4, 2]))]));
    expect(() => pruneStructured(b.model())).toThrow(/no channel of the model can be removed/u);
  });

  test("an amount of everything is refused", () => {
    expect(() => pruneStructured(fourUnits(), { amount: 1 })).toThrow(/at least 0 and below 1/u);
  });
});
