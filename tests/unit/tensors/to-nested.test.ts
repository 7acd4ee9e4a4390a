import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensorFromNested } from "../../../domain/tensors/from-nested.ts";
import { ELEMENT_TYPES } from "../../../domain/tensors/tensor.ts";
import { tensorToNested } from "../../../domain/tensors/to-nested.ts";
import { anyTensor, asJsonKeeps } from "./arbitrary-tensor.ts";

describe("round trip through JSON text", () => {
  // A dimension of size 0 hides the sizes after it, so that nested arrays cannot carry it.
  test.each(ELEMENT_TYPES)("%s", (type) => {
    fc.assert(
      fc.property(anyTensor(type, 1), (tensor) => {
        const value: unknown = JSON.parse(JSON.stringify(tensorToNested(tensor)));
        const spec = { name: "x", type, shape: tensor.dims };
        expect(tensorFromNested(spec, value, new Map())).toEqual({
          ok: true,
          value: asJsonKeeps(tensor),
        });
      }),
    );
  });
});

test("what JSON has no word for", () => {
  const { POSITIVE_INFINITY, NaN: missing } = Number;
  expect(
    tensorToNested({
      type: "float32",
      dims: [3],
      data: Float32Array.of(0.5, missing, POSITIVE_INFINITY),
    }),
  ).toEqual([0.5, null, null]);
  expect(
    tensorToNested({ type: "float16", dims: [2], data: Uint16Array.of(0x3c00, 0x7c00) }),
  ).toEqual([1, null]);
  expect(
    tensorToNested({
      type: "int64",
      dims: [3],
      data: BigInt64Array.of(-1n, 2n ** 53n - 1n, 2n ** 53n),
    }),
  ).toEqual([-1, 9007199254740991, "9007199254740992"]);
  expect(tensorToNested({ type: "bool", dims: [2, 1], data: Uint8Array.of(1, 0) })).toEqual([
    [true],
    [false],
  ]);
});

const empty = (dims: number[]) => tensorToNested({ type: "int8", dims, data: new Int8Array(0) });

test("scalars and empty dimensions", () => {
  expect(tensorToNested({ type: "string", dims: [], data: ["a"] })).toBe("a");
  expect(empty([0])).toEqual([]);
  expect(empty([0, 30])).toEqual([]);
  expect(empty([2, 0, 3])).toEqual([[], []]);
});
