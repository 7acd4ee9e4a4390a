import { describe, expect, test } from "vitest";
import { readTensorProto } from "../fixtures/onnx-tensor-reader.ts";
import { DATA_TYPE, tensorProto } from "../fixtures/onnx-writer.ts";

const bytesOf = (...values: number[]) => Uint8Array.from(values);
const floats = new Uint8Array(Float32Array.of(1.5, -2).buffer);

describe("elements as raw bytes, as the writer of the fixtures puts them", () => {
  test("float32 of rank 2", () => {
    const message = tensorProto({ name: "x", type: "float32", dims: [1, 2], bytes: floats });
    expect(readTensorProto(message)).toEqual({
      ok: true,
      value: {
        name: "x",
        tensor: { type: "float32", dims: [1, 2], data: Float32Array.of(1.5, -2) },
      },
    });
  });

  test("an int64 scalar whose bytes do not lie aligned", () => {
    const bytes = new Uint8Array(BigInt64Array.of(-(2n ** 60n)).buffer);
    const message = tensorProto({ name: "n", type: "int64", dims: [], bytes });
    expect(readTensorProto(message)).toMatchObject({
      value: { tensor: { dims: [], data: BigInt64Array.of(-(2n ** 60n)) } },
    });
  });

  test("no elements at all", () => {
    const message = tensorProto({ name: "e", type: "uint8", dims: [2, 0], bytes: bytesOf() });
    expect(readTensorProto(message)).toMatchObject({
      value: { tensor: { dims: [2, 0], data: bytesOf() } },
    });
  });
});

/** `minus one` is a varint of ten bytes: protobuf widens negative integers to 64 bits. */
const MINUS_ONE = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
const field = (number: number, wire: number) => number * 8 + wire;
const typed = (code: number, count: number, ...rest: number[]) =>
  bytesOf(field(1, 0), count, field(2, 0), code, ...rest);

describe("elements in the field of their type", () => {
  test.each([
    ["packed floats", typed(1, 2, field(4, 2), 8, ...floats), Float32Array.of(1.5, -2)],
    [
      "floats one by one",
      typed(1, 2, field(4, 5), ...floats.slice(0, 4), field(4, 5), ...floats.slice(4)),
      Float32Array.of(1.5, -2),
    ],
    [
      "doubles",
      typed(11, 1, field(10, 1), ...new Uint8Array(Float64Array.of(0.1).buffer)),
      Float64Array.of(0.1),
    ],
    ["packed int32", typed(6, 2, field(5, 2), 12, 172, 2, ...MINUS_ONE), Int32Array.of(300, -1)],
    ["int8 within int32", typed(3, 2, field(5, 2), 11, ...MINUS_ONE, 7), Int8Array.of(-1, 7)],
    ["bool within int32", typed(9, 2, field(5, 2), 2, 1, 0), Uint8Array.of(1, 0)],
    ["float16 bits within int32", typed(10, 1, field(5, 0), 128, 120), Uint16Array.of(0x3c00)],
    [
      "int64 one by one",
      typed(7, 2, field(7, 0), ...MINUS_ONE, field(7, 0), 5),
      BigInt64Array.of(-1n, 5n),
    ],
    ["uint32 within uint64", typed(12, 1, field(11, 0), 172, 2), Uint32Array.of(300)],
    [
      "uint64 beyond int64",
      typed(13, 1, field(11, 0), ...MINUS_ONE),
      BigUint64Array.of(2n ** 64n - 1n),
    ],
    ["texts", typed(8, 2, field(6, 2), 2, 195, 169, field(6, 2), 0), ["é", ""]],
  ])("%s", (_, message, data) => {
    const result = readTensorProto(message);
    expect(result).toMatchObject({ ok: true, value: { name: "", tensor: { data } } });
  });
});

describe("what is no tensor of ours", () => {
  test("another element type, a wrong number of elements, a sequence", () => {
    expect(readTensorProto(typed(DATA_TYPE.bfloat16, 0))).toEqual({
      ok: false,
      error: "data type 16",
    });
    expect(readTensorProto(typed(2, 3, field(5, 0), 1))).toEqual({
      ok: false,
      error: "1 elements for the shape [3]",
    });
    const sequence = bytesOf(field(1, 2), 1, 120, field(2, 0), 1);
    expect(readTensorProto(sequence)).toEqual({
      ok: false,
      error: "a sequence or an optional value",
    });
  });

  test("bytes that end in the middle of a field", () => {
    expect(() => readTensorProto(bytesOf(field(8, 2), 5, 120))).toThrow(/no protobuf/);
    expect(() => readTensorProto(bytesOf(field(1, 0), 128))).toThrow(/does not end/);
    expect(() => readTensorProto(bytesOf(field(1, 3)))).toThrow(/wire type 3/);
  });
});
