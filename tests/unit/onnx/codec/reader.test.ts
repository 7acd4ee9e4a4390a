import { describe, expect, test } from "vitest";
import { Reader } from "../../../../domain/onnx/codec/reader.ts";
import { block, float, int, tag, text, varint } from "./wire.ts";

const LIMITS = { depth: 3, parts: 100 };
const readerOf = (...bytes: number[]) => Reader.of(Uint8Array.from(bytes), LIMITS);

describe("numbers", () => {
  test.each([0, 1, 127, 128, 300, 2 ** 32, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER])(
    "%i",
    (value) => {
      const reader = readerOf(...varint(value), 7);
      expect(reader.integer()).toBe(value);
      expect(reader.at).toBe(varint(value).length);
    },
  );

  test.each([-1, -128, -(2 ** 40), Number.MIN_SAFE_INTEGER])("%i has ten bytes", (value) => {
    const reader = readerOf(...varint(value));
    expect(reader.integer()).toBe(value);
    expect(reader.at).toBe(10);
  });

  test.each([2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -1n])(
    "%i to the last digit",
    (value) => {
      expect(readerOf(...varint(value)).long()).toBe(value);
    },
  );

  test("a number may have more bytes than it needs, up to ten", () => {
    expect(readerOf(0x81, 0x80, 0x00).integer()).toBe(1);
    expect(() => readerOf(...Array<number>(10).fill(0x80), 0).integer()).toThrow("ten bytes");
  });

  test.each([[[0x80]], [[0xff, 0xff]], [Array<number>(8).fill(0x80)]])(
    "a number that ends too early: %j",
    (bytes) => {
      expect(() => readerOf(...bytes).integer()).toThrow("ends inside a number");
    },
  );

  test("a float32", () => {
    expect(readerOf(...float(-1.5)).float32()).toBe(-1.5);
    expect(() => readerOf(1, 2, 3).float32()).toThrow("more bytes than there are");
  });
});

describe("texts", () => {
  test.each([
    "",
    "a",
    "/model/layers.0/attention/MatMul_output_0",
    "Größe",
    "日本",
    "x".repeat(5000),
    "\ufffd",
  ])("%s", (value) => {
    expect(readerOf(...text(1, value).slice(1)).text()).toBe(value);
  });

  test.each([[[0xff]], [[0xc3]], [[0x61, 0xed, 0xa0, 0x80]]])("no UTF-8: %j", (bytes) => {
    expect(() => readerOf(bytes.length, ...bytes).text()).toThrow("not UTF-8");
  });
});

describe("blocks", () => {
  test("are views", () => {
    const bytes = Uint8Array.of(2, 8, 9, 1);
    const found = Reader.of(bytes, LIMITS).block();
    expect([...found]).toEqual([8, 9]);
    expect(found.buffer).toBe(bytes.buffer);
  });

  test.each([[[5, 1]], [varint(2 ** 31)], [varint(2n ** 62n)], [varint(-1)]])(
    "a length that cannot be: %j",
    (bytes) => {
      expect(() => readerOf(...bytes).block()).toThrow(/more bytes than there are|out of range/);
    },
  );

  test("a message ends where its length says, whatever comes after", () => {
    const reader = readerOf(2, ...varint(300), 5);
    const inner = reader.inside(() => [reader.integer(), reader.isAtEnd]);
    expect(inner).toEqual([300, true]);
    expect(reader.integer()).toBe(5);
    const short = readerOf(1, ...varint(300));
    expect(() => short.inside(() => short.integer())).toThrow("ends inside a number");
  });

  test("messages inside messages are counted", () => {
    const nested = (depth: number): number[] =>
      depth === 0 ? [] : block(1, ...nested(depth - 1)).slice(1);
    const descend = (reader: Reader): number => (reader.isAtEnd ? 0 : 1 + reader.inside(descend));
    expect(descend(readerOf(...nested(3)))).toBe(3);
    expect(() => descend(readerOf(...nested(4)))).toThrow("deeper than any model");
  });
});

test("parts are counted", () => {
  const reader = readerOf();
  reader.spend(99);
  reader.spend();
  expect(() => reader.spend()).toThrow("more nodes, names and attributes");
});

describe("fields that are passed over", () => {
  test.each([
    [0, varint(300)],
    [1, Array<number>(8).fill(1)],
    [2, [3, 1, 2, 3]],
    [5, [1, 2, 3, 4]],
  ])("wire type %i", (wire, content) => {
    const reader = readerOf(...content, 42);
    expect([...reader.skip(wire)]).toEqual(content);
    expect(reader.integer()).toBe(42);
  });

  test.each([3, 4, 6, 7])("wire type %i is refused", (wire) => {
    expect(() => readerOf(0, 0).skip(wire)).toThrow(`wire type ${wire}`);
  });
});

test("a tag is a number from 1 to 2^29 - 1 and a wire type", () => {
  expect(readerOf(...tag(16, 2)).tag()).toBe(16 * 8 + 2);
  expect(readerOf(...tag(2 ** 29 - 1, 5)).tag()).toBe((2 ** 29 - 1) * 8 + 5);
  expect(() => readerOf(...tag(2 ** 29, 0)).tag()).toThrow("no field has the number");
  expect(() => readerOf(...tag(0, 2)).tag()).toThrow("no field has the number 0");
  expect(() => readerOf(...int(1, 5).slice(0, 0)).tag()).toThrow("ends inside a number");
});
