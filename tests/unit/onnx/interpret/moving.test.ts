import { describe, expect, test } from "vitest";
import { numbers, type Numbers, type Texts } from "../../../../domain/onnx/interpret/array.ts";
import { countOf } from "../../../../domain/tensors/tensor.ts";
import { runOperator, type OperatorRun } from "../support/run-operator.ts";

const floats = (dims: readonly number[], values: readonly number[]): Numbers =>
  numbers("float32", dims, values);
const counted = (...dims: number[]): Numbers =>
  floats(
    dims,
    Array.from({ length: countOf(dims) }, (_, at) => at + 1),
  );
const ints = (...values: number[]): Numbers => numbers("int64", [values.length], values);
const texts = (...data: string[]): Texts => ({ type: "string", dims: [data.length], data });
const image = counted(1, 1, 2, 4);

type Expectation = OperatorRun & { dims: readonly number[]; values: readonly (number | string)[] };

/** What ONNX's own operator tests, which are of the newest versions only, leave out. */
const VERSIONS: Record<string, Expectation> = {
  "Slice with attributes": {
    operator: "Slice",
    opset: 9,
    inputs: [counted(3, 4)],
    attributes: { starts: [1, -2], ends: [9, 4], axes: [0, 1] },
    dims: [2, 2],
    values: [7, 8, 11, 12],
  },
  "Squeeze with attributes": {
    operator: "Squeeze",
    opset: 11,
    inputs: [counted(1, 2, 1)],
    attributes: { axes: [-1] },
    dims: [1, 2],
    values: [1, 2],
  },
  "Unsqueeze with attributes": {
    operator: "Unsqueeze",
    opset: 11,
    inputs: [counted(2)],
    attributes: { axes: [0, -1] },
    dims: [1, 2, 1],
    values: [1, 2],
  },
  "Pad with attributes": {
    operator: "Pad",
    opset: 7,
    inputs: [counted(2, 2)],
    attributes: { pads: [0, 1, -1, 0] },
    exact: [{ name: "value", kind: "float", value: 0.5 }],
    dims: [1, 3],
    values: [0.5, 1, 2],
  },
  "Pad wrapping more than once": {
    operator: "Pad",
    opset: 19,
    inputs: [floats([3], [0, 1, 2]), ints(5, 4)],
    attributes: { mode: "wrap" },
    dims: [12],
    values: [1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0],
  },
  "Pad of texts": {
    operator: "Pad",
    opset: 18,
    inputs: [texts("a", "b"), ints(1, 0), { type: "string", dims: [], data: ["-"] }],
    dims: [3],
    values: ["-", "a", "b"],
  },
  "TopK with an attribute": {
    operator: "TopK",
    opset: 9,
    inputs: [floats([4], [3, 5, 5, 1])],
    attributes: { k: 3 },
    outputs: 2,
    dims: [3],
    values: [5, 5, 3],
  },
  "Resize 10 shrinks to the element above": {
    operator: "Resize",
    opset: 10,
    inputs: [image, floats([4], [1, 1, 0.6, 0.6])],
    dims: [1, 1, 1, 2],
    values: [1, 3],
  },
  "Resize 10 enlarges linearly from the edge": {
    operator: "Resize",
    opset: 10,
    inputs: [image, floats([4], [1, 1, 1, 2])],
    attributes: { mode: "linear" },
    dims: [1, 1, 2, 8],
    values: [1, 1.5, 2, 2.5, 3, 3.5, 4, 4, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8],
  },
  "Resize 11 for nearest neighbours as TensorFlow has them": {
    operator: "Resize",
    opset: 11,
    inputs: [image, floats([0], []), floats([4], [1, 1, 1.5, 0.5])],
    attributes: {
      coordinate_transformation_mode: "tf_half_pixel_for_nn",
      nearest_mode: "floor",
    },
    dims: [1, 1, 3, 2],
    values: [2, 4, 6, 8, 6, 8],
  },
  "Upsample with attributes": {
    operator: "Upsample",
    opset: 7,
    inputs: [image],
    attributes: { scales: [1, 1, 1, 2] },
    dims: [1, 1, 2, 8],
    values: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8],
  },
  "Upsample, linear": {
    operator: "Upsample",
    opset: 9,
    inputs: [image, floats([4], [1, 1, 2, 1])],
    attributes: { mode: "linear" },
    dims: [1, 1, 4, 4],
    values: [1, 2, 3, 4, 3, 4, 5, 6, 5, 6, 7, 8, 5, 6, 7, 8],
  },
  "Scatter under its old name": {
    operator: "Scatter",
    opset: 9,
    inputs: [counted(1, 3), numbers("int64", [1, 1], [-2]), floats([1, 1], [9])],
    attributes: { axis: 1 },
    dims: [1, 3],
    values: [1, 9, 3],
  },
  "Compress of texts": {
    operator: "Compress",
    opset: 11,
    inputs: [texts("a", "b", "c"), numbers("bool", [3], [1, 0, 1])],
    dims: [2],
    values: ["a", "c"],
  },
  "Unique of texts": {
    operator: "Unique",
    opset: 11,
    inputs: [texts("b", "a", "b")],
    outputs: 4,
    dims: [2],
    values: ["a", "b"],
  },
  "Concat of texts": {
    operator: "Concat",
    opset: 13,
    inputs: [texts("b"), texts("a", "c")],
    attributes: { axis: 0 },
    dims: [3],
    values: ["b", "a", "c"],
  },
  "SpaceToDepth with the channels outside": {
    operator: "SpaceToDepth",
    opset: 28,
    inputs: [counted(1, 2, 2, 2)],
    attributes: { blocksize: 2, mode: "CRD" },
    dims: [1, 8, 1, 1],
    values: [1, 2, 3, 4, 5, 6, 7, 8],
  },
  "MaxRoiPool, the last region from right to left": {
    operator: "MaxRoiPool",
    opset: 11,
    inputs: [
      floats(
        [1, 1, 5, 6],
        Array.from({ length: 30 }, (_, at) => (7 * (at + 1)) % 31),
      ),
      floats([3, 5], [0, 0, 0, 3, 2, 0, 2, 3, 9, 9, 0, 5, 5, 1, 1]),
    ],
    attributes: { pooled_shape: [2, 2], spatial_scale: 0.5 },
    dims: [3, 1, 2, 2],
    values: [14, 21, 25, 25, 30, 30, 27, 24, 30, 30, 30, 30],
  },
  "RoiAlign before it shifted by half a pixel": {
    operator: "RoiAlign",
    opset: 10,
    inputs: [
      floats(
        [1, 1, 5, 6],
        Array.from({ length: 30 }, (_, at) => (7 * (at + 1)) % 31),
      ),
      floats([1, 4], [1, 1, 1, 1.5]),
      ints(0),
    ],
    attributes: { output_height: 2, output_width: 2, sampling_ratio: 2 },
    dims: [1, 1, 2, 2],
    values: [15.9375, 7.8125, 9.8125, 9.4375],
  },
};

test.each(Object.entries(VERSIONS))("%s", (_, { dims, values, ...run }) => {
  const [found] = runOperator(run);
  expect(found?.dims).toEqual(dims);
  for (const [at, value] of values.entries())
    if (typeof value === "string") expect(found?.data[at]).toBe(value);
    else expect(found?.data[at]).toBeCloseTo(value, 5);
});

describe("Split", () => {
  test.each([
    { opset: 11, attributes: { split: [1, 3] }, sizes: [1, 3] },
    { opset: 11, attributes: {}, sizes: [2, 2] },
    { opset: 13, given: [3, 1], attributes: {}, sizes: [3, 1] },
    { opset: 18, attributes: { num_outputs: 3 }, sizes: [2, 2, 0] },
  ])("of opset $opset in $sizes", ({ opset, attributes, given, sizes }) => {
    const parts = runOperator({
      operator: "Split",
      opset,
      inputs: [counted(4), ...(given ? [ints(...given)] : [])],
      attributes,
      outputs: sizes.length,
    });
    expect(parts.map(({ dims }) => dims)).toEqual(sizes.map((size) => [size]));
    expect(parts.flatMap(({ data }) => [...data])).toEqual([1, 2, 3, 4]);
  });
});

test("the other outputs of Unique", () => {
  const outputs = runOperator({
    operator: "Unique",
    opset: 11,
    inputs: [floats([5], [3, 1, 3, 2, 1])],
    outputs: 4,
  });
  expect(outputs.map(({ data }) => [...data])).toEqual([
    [1, 2, 3],
    [1, 3, 0],
    [2, 0, 2, 1, 0],
    [2, 1, 2],
  ]);
});

test.each<[string, OperatorRun]>([
  [
    "index 3 is outside an axis of 3",
    {
      operator: "GatherElements",
      opset: 13,
      inputs: [counted(3), ints(3)],
    },
  ],
  [
    "index -4 is outside an axis of 3",
    { operator: "Gather", opset: 13, inputs: [counted(3), ints(-4)] },
  ],
  [
    "there is no reduction 'mean'",
    {
      operator: "ScatterElements",
      opset: 18,
      inputs: [counted(3), ints(0), floats([1], [1])],
      attributes: { reduction: "mean" },
    },
  ],
])("%s", (message, run) => {
  expect(() => runOperator(run)).toThrow(message);
});
