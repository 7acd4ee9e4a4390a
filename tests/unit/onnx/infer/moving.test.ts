import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { countOf, type Dimension } from "../../../../domain/tensors/tensor.ts";
import { normals, randomOf, SEED } from "../support/random-numbers.ts";
import { runOperator } from "../support/run-operator.ts";

/** The size of an axis as PyTorch exports it, as a vector of one. */
function exportedSize(b: GraphBuilder, tensor: string, axis: number): string {
  const size = b.node("Gather", [b.node("Shape", [tensor]), b.scalar(axis, "int64")], { axis: 0 });
  return b.node("Unsqueeze", [size, b.ints([0])]);
}

describe("a batch of any size goes", () => {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", ["batch", 4, 8]);
  const tokens = b.input("tokens", "float32", ["batch", "length", 64]);
  const shapeOf = (value: string): readonly Dimension[] => b.shapeOf(value);
  const concat = (...parts: string[]): string => b.node("Concat", parts, { axis: 0 });

  test("through a flattening by Shape, Gather, Concat and Reshape", () => {
    const shape = concat(exportedSize(b, x, 0), b.ints([-1]));
    expect(shapeOf(b.node("Reshape", [x, shape]))).toEqual(["batch", 32]);
  });

  test("through attention's heads and back", () => {
    const batch = exportedSize(b, tokens, 0);
    const length = exportedSize(b, tokens, 1);
    const heads = b.node("Reshape", [tokens, concat(batch, length, b.ints([8, -1]))]);
    expect(shapeOf(heads)).toEqual(["batch", "length", 8, 8]);
    const turned = b.node("Transpose", [heads], { perm: [0, 2, 1, 3] });
    expect(shapeOf(turned)).toEqual(["batch", 8, "length", 8]);
    const back = b.node("Transpose", [turned], { perm: [0, 2, 1, 3] });
    const joined = b.node("Reshape", [back, concat(batch, length, b.ints([-1]))]);
    expect(shapeOf(joined)).toEqual(["batch", "length", 64]);
    const open = b.node("Reshape", [back, concat(batch, b.ints([-1, 64]))]);
    expect(shapeOf(open)).toEqual(["batch", "length", 64]);
  });

  test("through parts of a shape that are cut, split, reversed and joined", () => {
    const shape = b.node("Shape", [tokens]);
    const first = b.node("Slice", [shape, b.ints([0]), b.ints([1])]);
    const [, rest = ""] = b.nodes("Split", [shape, b.ints([1, 2])], 2);
    const reversed = b.node("Slice", [rest, b.ints([-1]), b.ints([-9]), b.ints([0]), b.ints([-1])]);
    expect(b.tensorOf(concat(first, reversed)).elements).toEqual(["batch", 64, "length"]);
    expect(b.tensorOf(b.node("Shape", [tokens], { start: -2 })).elements).toEqual(["length", 64]);
    const scalar = b.node("Squeeze", [first]);
    expect(b.tensorOf(b.node("Reshape", [scalar, b.ints([1])])).elements).toEqual(["batch"]);
  });

  test("through pads that PyTorch writes from the last axis on and turns round as a matrix", () => {
    const image = b.input("image", "float32", ["batch", 3, 5, 7]);
    const given = b.ints([1, 2, 3, 4]);
    const none = b.node("ConstantOfShape", [b.ints([4])], {
      value: { type: "int64", dims: [1], data: BigInt64Array.of(0n) },
    });
    const pairs = b.node("Reshape", [concat(given, none), b.ints([-1, 2])]);
    const turned = b.node("Slice", [
      pairs,
      b.ints([-1]),
      b.ints([-(2 ** 31)]),
      b.ints([0]),
      b.ints([-1]),
    ]);
    const pads = b.node("Reshape", [b.node("Transpose", [turned]), b.ints([-1])]);
    expect(b.tensorOf(pads).elements).toEqual([0, 0, 3, 1, 0, 0, 4, 2]);
    expect(shapeOf(b.node("Pad", [image, pads]))).toEqual(["batch", 3, 12, 10]);
    expect(b.tensorOf(b.node("Gather", [pairs, b.scalar(1, "int64")])).elements).toBeUndefined();
    const cut = b.node("Slice", [turned, b.ints([1]), b.ints([3]), b.ints([1])]);
    expect(b.tensorOf(cut)).toMatchObject({ shape: [4, 1], elements: [0, 0, 4, 2] });
  });

  test("into new tensors", () => {
    const batch = exportedSize(b, x, 0);
    const size = b.node("Squeeze", [batch, b.ints([0])]);
    const range = b.node("Range", [b.scalar(0, "int64"), size, b.scalar(1, "int64")]);
    expect(shapeOf(range)).toEqual(["batch"]);
    expect(shapeOf(b.node("ConstantOfShape", [concat(batch, b.ints([3]))]))).toEqual(["batch", 3]);
    const token = b.constant(floatTensor([1, 1, 8], Array<number>(8).fill(0)));
    const tokens = b.node("Expand", [token, concat(batch, b.ints([1, 8]))]);
    expect(shapeOf(b.node("Concat", [tokens, x], { axis: 1 }))).toEqual(["batch", 5, 8]);
  });

  test("through operators that leave its axis alone, and to null through those that do not", () => {
    expect(shapeOf(b.node("Flatten", [x]))).toEqual(["batch", 32]);
    expect(shapeOf(b.node("Flatten", [x], { axis: 2 }))).toEqual([null, 8]);
    expect(shapeOf(b.node("Tile", [x, b.ints([1, 2, 1])]))).toEqual(["batch", 8, 8]);
    expect(shapeOf(b.node("Tile", [x, b.ints([2, 1, 1])]))).toEqual([null, 4, 8]);
    expect(shapeOf(b.node("Pad", [x, b.ints([0, 1, 0, 0, 1, 0])]))).toEqual(["batch", 6, 8]);
    expect(shapeOf(b.node("Pad", [x, b.ints([1, 0, 0, 0, 0, 0])]))).toEqual([null, 4, 8]);
    const last = [b.ints([-1]), b.ints([2 ** 31 - 1]), b.ints([1])];
    expect(shapeOf(b.node("Slice", [x, ...last]))).toEqual(["batch", 1, 8]);
    const all = [b.ints([0]), b.ints([2 ** 31 - 1]), b.ints([0])];
    expect(shapeOf(b.node("Slice", [x, ...all]))).toEqual(["batch", 4, 8]);
    const whole = [b.ints([0]), exportedSize(b, x, 0), b.ints([0])];
    expect(shapeOf(b.node("Slice", [x, ...whole]))).toEqual(["batch", 4, 8]);
    const some = [b.ints([0]), b.ints([3]), b.ints([0])];
    expect(shapeOf(b.node("Slice", [x, ...some]))).toEqual([null, 4, 8]);
    const scales = b.constant(floatTensor([3], [1, 2, 0.5]));
    expect(shapeOf(b.node("Resize", [x, "", scales]))).toEqual(["batch", 8, 4]);
  });

  test("but a Reshape whose size cannot be told is unknown", () => {
    expect(shapeOf(b.node("Reshape", [tokens, b.ints([-1, 64])]))).toEqual([null, 64]);
    const given = b.input("given", "int64", [3]);
    expect(shapeOf(b.node("Reshape", [tokens, given]))).toEqual([null, null, null]);
  });

  test("and one size of a Reshape that is not known follows from the others", () => {
    const y = b.input("matrix", "float32", [4, 6]);
    const one = b.input("one", "int64", [1]);
    expect(shapeOf(b.node("Reshape", [y, concat(one, b.ints([8]))]))).toEqual([3, 8]);
    expect(shapeOf(b.node("Reshape", [y, concat(one, b.ints([-1]))]))).toEqual([null, null]);
    expect(shapeOf(b.node("Reshape", [x, concat(one, b.ints([4, 8]))]))).toEqual(["batch", 4, 8]);
  });

  test("what inputs of unknown length cut, split and resize is unknown", () => {
    const y = b.input("y", "float32", [4, 6]);
    const any = b.input("any", "int64", [null]);
    const pair = b.ints([0, 1]);
    expect(shapeOf(b.node("Slice", [y, pair, b.ints([2, 3]), any]))).toEqual([null, null]);
    expect(shapeOf(b.node("Slice", [y, any, any]))).toEqual([null, null]);
    expect(b.nodes("Split", [y, any], 2).map(shapeOf)).toEqual([
      [null, 6],
      [null, 6],
    ]);
    expect(shapeOf(b.node("Resize", [y, "", "", any]))).toEqual([null, null]);
    const roi = b.input("roi", "float32", [4]);
    const scales = b.constant(floatTensor([2], [2, 2]));
    const crop = { coordinate_transformation_mode: "tf_crop_and_resize" };
    expect(shapeOf(b.node("Resize", [y, roi, scales], crop))).toEqual([null, null]);
  });
});

describe("a node that cannot take its inputs is named with the reason", () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 4, 6]);
  b.input("y", "float32", [2, 5]);
  test.each<[string, () => string]>([
    ["[batch, 4, 6] cannot be reshaped to [0, 5]", () => b.node("Reshape", ["x", b.ints([0, 5])])],
    ["the axis 3 is outside", () => b.node("Gather", ["x", b.ints([0])], { axis: 3 })],
    ["is not 1", () => b.node("Squeeze", ["x", b.ints([1])])],
    ["perm [0, 0, 1]", () => b.node("Transpose", ["x"], { perm: [0, 0, 1] })],
    ["have different ranks", () => b.node("Concat", ["x", "y"], { axis: 0 })],
    [
      "are 4 and 5",
      () => b.node("Concat", ["x", b.node("Unsqueeze", ["y", b.ints([2])])], { axis: 2 }),
    ],
    ["2 pads are given for 3 axes", () => b.node("Pad", ["x", b.ints([1, 1])])],
    ["take more away", () => b.node("Pad", ["y", b.ints([-3, 0, 0, 0])])],
    ["2 repeats", () => b.node("Tile", ["x", b.ints([1, 2])])],
    ["largest 7 of 6", () => b.nodes("TopK", ["x", b.ints([7])], 2)[0] ?? ""],
    ["3 sizes for 2 outputs", () => b.nodes("Split", ["y", b.ints([1, 1, 1])], 2)[0] ?? ""],
    ["an axis is there twice", () => b.node("Unsqueeze", ["y", b.ints([0, -4])])],
    [
      "a step is 0",
      () => b.node("Slice", ["y", b.ints([0]), b.ints([1]), b.ints([0]), b.ints([0])]),
    ],
  ])("%s", (message, add) => {
    expect(add).toThrow(message);
    expect(add).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ code: "invalid" }) }),
    );
  });
});

describe(`inference foresees what the interpreter makes, SEED=${SEED}`, () => {
  const random = randomOf("infer moving");
  const between = (low: number, high: number): number => low + random.integer(high - low + 1);
  const several = <T>(count: number, make: (at: number) => T): T[] =>
    Array.from({ length: count }, (_, at) => make(at));
  const ints = (values: readonly number[], dims: readonly number[] = [values.length]): Numbers =>
    numbers("int64", dims, values);

  /** The inputs after the first. */
  type Draw = { others: (Numbers | undefined)[]; attributes?: AttributeLiterals; outputs?: number };
  /** `runOperator` compares the two. */
  const DRAWS: Record<string, (dims: readonly number[]) => Draw> = {
    Slice: (dims) => {
      const draw = (): Numbers => ints(dims.map(() => between(-7, 7)));
      const steps = dims.map(() => between(1, 3) * (between(0, 1) ? 1 : -1));
      return { others: [draw(), draw(), ints(dims.map((_, axis) => axis)), ints(steps)] };
    },
    Gather: (dims) => {
      const axis = between(-dims.length, dims.length - 1);
      const shape = several(between(0, 2), () => between(1, 3));
      const size = dims.at(axis) ?? 1;
      return {
        others: [
          ints(
            several(countOf(shape), () => between(-size, size - 1)),
            shape,
          ),
        ],
        attributes: { axis },
      };
    },
    Pad: (dims) => ({
      others: [ints(several(2 * dims.length, () => between(0, 3)))],
      attributes: { mode: ["constant", "edge", "wrap"][between(0, 2)] },
    }),
    Tile: (dims) => ({ others: [ints(dims.map(() => between(0, 3)))] }),
    Transpose: (dims) => ({
      others: [],
      attributes: {
        perm: dims
          .map((_, axis) => [random.uniform(), axis] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, axis]) => axis),
      },
    }),
    Expand: (dims) => ({ others: [ints([between(1, 3), ...dims.map(() => 1)])] }),
    Unsqueeze: (dims) => ({ others: [ints([between(0, dims.length), -1])] }),
    Flatten: (dims) => ({ others: [], attributes: { axis: between(-dims.length, dims.length) } }),
    Shape: () => ({ others: [], attributes: { start: between(-4, 4), end: between(-4, 4) } }),
    Split: (dims) => {
      const axis = between(-dims.length, dims.length - 1);
      return { others: [], attributes: { axis, num_outputs: 2 }, outputs: 2 };
    },
    TopK: (dims) => ({ others: [ints([between(0, dims.at(-1) ?? 0)])], outputs: 2 }),
    CenterCropPad: (dims) => ({ others: [ints(dims.map(() => between(1, 6)))] }),
    Resize: (dims) =>
      between(0, 1)
        ? { others: [undefined, undefined, ints(dims.map(() => between(1, 6)))] }
        : {
            others: [
              undefined,
              numbers(
                "float32",
                [dims.length],
                dims.map(() => between(1, 20) / 7),
              ),
            ],
          },
    OneHot: (dims) => ({
      others: [ints([4], []), numbers("float32", [2], [0, 1])],
      attributes: { axis: between(-dims.length - 1, dims.length) },
    }),
  };

  test.each(Object.keys(DRAWS))("%s", (operator) => {
    for (let round = 0; round < 25; round += 1) {
      const dims = several(between(1, 3), () => between(1, 5));
      const { others, ...draw } = DRAWS[operator]?.(dims) ?? { others: [] };
      const inputs = [normals(random, dims), ...others];
      runOperator({ operator, opset: 21, ...draw, inputs, known: true });
    }
  });
});
