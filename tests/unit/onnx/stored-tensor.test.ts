import { describe, expect, test } from "vitest";
import { readTensor } from "../../../domain/onnx/codec/onnx-file.ts";
import { codeOf, type OnnxType } from "../../../domain/onnx/model.ts";
import { elementsOf, storedTensor } from "../../../domain/onnx/stored-tensor.ts";
import type { TensorData } from "../../../domain/tensors/tensor.ts";
import { block, float, int, tag, text, varint } from "./codec/wire.ts";

const RAW = 9;

const read = (type: OnnxType, dims: readonly number[], ...elements: number[]) =>
  elementsOf(
    readTensor(
      Uint8Array.from([
        ...dims.flatMap((size) => int(1, size)),
        ...int(2, codeOf(type)),
        ...elements,
      ]),
    ),
  );

const double = (value: number): number[] => [...new Uint8Array(Float64Array.of(value).buffer)];

describe("elements in the field of their type", () => {
  test.each<[OnnxType, number[], TensorData]>([
    ["float32", block(4, ...float(1.5), ...float(-2)), Float32Array.of(1.5, -2)],
    ["float64", [...tag(10, 1), ...double(0.1)], Float64Array.of(0.1)],
    ["int32", block(5, ...varint(300), ...varint(-1)), Int32Array.of(300, -1)],
    ["int8", block(5, ...varint(-1), ...varint(7)), Int8Array.of(-1, 7)],
    ["uint8", block(5, ...varint(200)), Uint8Array.of(200)],
    ["int16", block(5, ...varint(-300)), Int16Array.of(-300)],
    ["uint16", block(5, ...varint(60_000)), Uint16Array.of(60_000)],
    ["bool", block(5, 1, 0), Uint8Array.of(1, 0)],
    ["float16", int(5, 0x3c00), Uint16Array.of(0x3c00)],
    ["int64", [...int(7, -1), ...int(7, 5)], BigInt64Array.of(-1n, 5n)],
    ["uint32", int(11, 2 ** 32 - 1), Uint32Array.of(2 ** 32 - 1)],
    ["uint64", int(11, -1), BigUint64Array.of(2n ** 64n - 1n)],
    ["string", [...text(6, "é"), ...text(6, "")], ["é", ""]],
  ])("%s", (type, elements, data) => {
    const dims = [data.length];
    expect(read(type, dims, ...elements)).toEqual({ type, dims, data });
  });
});

describe("elements as raw bytes", () => {
  test("are read wherever they lie", () => {
    for (const name of ["", "a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"])
      expect(read("float64", [1], ...text(8, name), ...block(RAW, ...double(0.1))).data).toEqual(
        Float64Array.of(0.1),
      );
  });

  test("of none there are none", () => {
    expect(read("uint8", [2, 0]).data).toEqual(new Uint8Array());
  });

  test("of a part of an array are that part", () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(elementsOf(storedTensor("t", { type: "float32", dims: [2], data })).data).toEqual(
      Float32Array.of(2, 3),
    );
  });
});

test.each<[string, OnnxType, number[], number[], string]>([
  ["too few", "float32", [3], block(4, ...float(1)), "1 elements where [3] asks for 3"],
  ["one that is cut", "float32", [1], block(RAW, 0, 0, 0, 0, 0), "do not end evenly"],
  ["texts for numbers", "int32", [1], text(6, "a"), "holds texts"],
  ["numbers for texts", "string", [1], int(5, 1), "holds numbers"],
  ["a type of no JavaScript value", "bfloat16", [1], int(5, 1), "bfloat16"],
])("%s: refused", (_, type, dims, elements, message) => {
  expect(() => read(type, dims, ...elements)).toThrow(message);
});
