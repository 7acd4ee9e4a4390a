import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { feedsFromJson } from "../../../domain/tensors/feeds-from-json.ts";
import type { Dimension, ElementType, Signature } from "../../../domain/tensors/tensor.ts";

const inputs = (...specs: [name: string, type: ElementType, shape: Dimension[]][]): Signature => ({
  inputs: specs.map(([name, type, shape]) => ({ name, type, shape })),
  outputs: [],
});
const one = (type: ElementType, shape: Dimension[], value: unknown) =>
  feedsFromJson(inputs(["x", type, shape]), { x: value });
const data = (type: ElementType, values: unknown[]) => {
  const read = one(type, [null], values);
  return read.ok ? read.value.feeds["x"]?.data : read.error;
};
const refusal = (type: ElementType, values: unknown[]) => {
  const read = one(type, [null], values);
  return read.ok ? "accepted" : `${read.error.code} ${read.error.path}: ${read.error.found}`;
};

describe("a real request", () => {
  const { features }: { features: number[][] } = JSON.parse(
    readFileSync("examples/wdbc/expected.json", "utf8"),
  );
  const wdbc = inputs(["features", "float32", [null, 30]]);

  test("rows of the wdbc test split become one float32 batch", () => {
    expect(feedsFromJson(wdbc, { features })).toEqual({
      ok: true,
      value: {
        feeds: {
          features: {
            type: "float32",
            dims: [features.length, 30],
            data: Float32Array.from(features.flat()),
          },
        },
        batch: features.length,
      },
    });
  });

  test("a row that lacks a feature says what was expected and found", () => {
    const short = [features[0]?.slice(1)];
    expect(feedsFromJson(wdbc, { features: short })).toEqual({
      ok: false,
      error: {
        code: "input_shape",
        input: "features",
        expected: "float32 [?, 30]",
        found: "[1, 29]",
      },
    });
  });
});

describe("shapes", () => {
  const shape = ["batch", 2, null];

  test.each([
    ["rank too low", [1, 2], "float32 [batch, 2, ?]", "[2]", undefined],
    ["rank too high", [[[[1]], [[2]]]], "float32 [batch, 2, ?]", "[1, 2, 1, 1]", undefined],
    ["fixed size", [[[1], [2], [3]]], "float32 [batch, 2, ?]", "[1, 3, 1]", undefined],
    ["a bare value", 7, "float32 [batch, 2, ?]", "7", undefined],
    ["an object", { a: 1 }, "float32 [batch, 2, ?]", "an object", undefined],
    ["null", null, "float32 [batch, 2, ?]", "null", undefined],
    ["a shorter row", [[[1, 2], [3]]], "an array of 2", "an array of 1", "[0][1]"],
    ["a longer row", [[[1], [2, 3]]], "an array of 1", "an array of 2", "[0][1]"],
    [
      "a value for a row",
      [
        [[1], [2]],
        [[1], 2],
      ],
      "an array of 1",
      "2",
      "[1][1]",
    ],
    ["a row for a value", [[[1], [[2]]]], "a single value", "an array of 1", "[0][1][0]"],
  ])("%s is refused", (_, value, expected, found, path) => {
    const read = one("float32", shape, value);
    expect(read).toEqual({
      ok: false,
      error: {
        code: "input_shape",
        input: "x",
        expected,
        found,
        ...(path === undefined ? {} : { path }),
      },
    });
  });

  test("a symbol takes one size in a request, and that of a leading one is the batch", () => {
    const signature = inputs(
      ["ids", "int64", ["batch", "tokens"]],
      ["mask", "int64", ["batch", "tokens"]],
    );
    const ids = [[1, 2, 3]];
    expect(feedsFromJson(signature, { ids, mask: [[1, 1, 0]] })).toMatchObject({
      value: { batch: 1 },
    });
    for (const [found, mask] of Object.entries({ "[1, 2]": [[1, 1]], "[1, 4]": [[1, 1, 0, 0]] }))
      expect(feedsFromJson(signature, { ids, mask })).toEqual({
        ok: false,
        error: {
          code: "input_shape",
          input: "mask",
          expected: 'int64 [batch, tokens] where tokens is 3, as in input "ids"',
          found,
        },
      });
  });

  test("free leading dimensions that differ give no batch", () => {
    const signature = inputs(["a", "float32", [null]], ["b", "float32", [null]]);
    expect(feedsFromJson(signature, { a: [1], b: [1, 2] })).toMatchObject({
      value: { batch: null },
    });
  });

  test("a declared [] takes a scalar and any other shape", () => {
    expect(one("float32", [], 2.5)).toEqual({
      ok: true,
      value: {
        feeds: { x: { type: "float32", dims: [], data: Float32Array.of(2.5) } },
        batch: null,
      },
    });
    expect(one("int8", [], [[1, 2]])).toMatchObject({ value: { feeds: { x: { dims: [1, 2] } } } });
    expect(one("int8", [], "no")).toMatchObject({ error: { code: "input_type", found: '"no"' } });
  });

  test("an empty batch is a batch", () => {
    expect(one("float32", [null, 0], [[], []])).toMatchObject({ value: { batch: 2 } });
    expect(one("float32", [null], [])).toMatchObject({ value: { batch: 0 } });
  });

  test("a deep nest or a long first row costs neither the stack nor memory", () => {
    const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
    expect(one("float32", [], deep)).toMatchObject({ error: { code: "input_shape" } });
    const rows = Array.from({ length: 100_000 }, (): number[] => []);
    rows[0] = Array.from({ length: 100_000 }, () => 0);
    expect(one("float32", [null, null], rows)).toMatchObject({ error: { path: "[1]" } });
  });
});

describe("values", () => {
  test("floats take numbers, and null for a missing one", () => {
    expect(data("float32", [1.5, null, -0, 3.4028235e38])).toEqual(
      Float32Array.of(1.5, Number.NaN, -0, 3.4028234663852886e38),
    );
    expect(data("float64", [1e308, null])).toEqual(Float64Array.of(1e308, Number.NaN));
    expect(data("float16", [1, -2, 65504, 65519, 0.1])).toEqual(
      Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x7bff, 0x2e66),
    );
  });

  test("a number that would become infinite is refused", () => {
    const least = 2 ** 128 - 2 ** 103;
    expect(Math.fround(least)).toBe(Number.POSITIVE_INFINITY);
    expect(refusal("float32", [0, least])).toBe("input_type [1]: 3.4028235677973366e+38");
    expect(refusal("float32", [-least])).toMatch(/^input_type/);
    expect(refusal("float16", [65520])).toBe("input_type [0]: 65520");
    expect(refusal("float64", [JSON.parse("1e999")])).toBe("input_type [0]: Infinity");
  });

  test.each([
    ["int8", -0x80, 0x7f],
    ["uint8", 0, 0xff],
    ["int16", -0x8000, 0x7fff],
    ["uint16", 0, 0xffff],
    ["int32", -0x8000_0000, 0x7fff_ffff],
    ["uint32", 0, 0xffff_ffff],
  ] as const)("%s takes its range and nothing else", (type, least, most) => {
    const read = data(type, [least, most, 1]);
    expect(Array.from(Object.values(read ?? {}))).toEqual([least, most, 1]);
    for (const odd of [least - 1, most + 1, 0.5, null, "1", true])
      expect(refusal(type, [1, odd])).toMatch(/^input_type \[1\]/);
    expect(one(type, [null], [most + 1])).toMatchObject({
      error: { expected: `${type}: an integer from ${least} to ${most}` },
    });
  });

  test("64-bit integers take safe numbers and decimal strings", () => {
    expect(data("int64", [-5, "-9223372036854775808", "9223372036854775807"])).toEqual(
      BigInt64Array.of(-5n, -(2n ** 63n), 2n ** 63n - 1n),
    );
    expect(data("uint64", ["18446744073709551615", 0])).toEqual(
      BigUint64Array.of(2n ** 64n - 1n, 0n),
    );
    for (const odd of ["9223372036854775808", 2 ** 53, 0.5, "0x1", "", " 1", "1e3", null, true])
      expect(refusal("int64", [odd])).toMatch(/^input_type \[0\]/);
    expect(refusal("uint64", [-1])).toBe("input_type [0]: -1");
    expect(refusal("uint64", ["18446744073709551616"])).toMatch(/^input_type/);
  });

  test("booleans and strings", () => {
    expect(data("bool", [true, false, 1, 0])).toEqual(Uint8Array.of(1, 0, 1, 0));
    expect(refusal("bool", [true, 2])).toBe("input_type [1]: 2");
    expect(data("string", ["", "né"])).toEqual(["", "né"]);
    expect(refusal("string", ["a", 1])).toBe("input_type [1]: 1");
    expect(refusal("string", ["a", "b\u0000c"])).toMatch(/^input_type \[1\]: /);
  });

  test("the path leads to the value, and a long one is cut", () => {
    const rows = [
      [1, 2],
      [3, "x".repeat(1000)],
    ];
    const read = one("float32", [null, 2], rows);
    expect(read).toMatchObject({ error: { code: "input_type", path: "[1][1]" } });
    expect(read.ok ? 0 : read.error.found.length).toBeLessThan(80);
  });
});

describe("names", () => {
  const signature = inputs(["age", "float32", [null]], ["income", "float32", [null]]);

  test("a missing input is named with what was expected", () => {
    expect(feedsFromJson(signature, { age: [1] })).toEqual({
      ok: false,
      error: {
        code: "input_missing",
        input: "income",
        expected: "float32 [?]",
        found: "nothing",
      },
    });
  });

  test.each([
    ["instead of a declared one", { age: [1], incone: [2] }],
    ["beside the declared ones", { age: [1], income: [2], incone: [2] }],
  ])("an unknown input %s is refused with the known ones", (_, given) => {
    expect(feedsFromJson(signature, given)).toEqual({
      ok: false,
      error: {
        code: "input_unknown",
        input: "incone",
        expected: '"age", "income"',
        found: '"incone"',
      },
    });
  });

  test("what every object inherits does not count as given", () => {
    expect(feedsFromJson(inputs(["toString", "float32", []]), {})).toMatchObject({
      error: { code: "input_missing" },
    });
  });
});

test("any JSON gets an answer", () => {
  const signature = inputs(["x", "float32", ["n", 2]], ["y", "int64", []]);
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (x, y) => {
      expect(feedsFromJson(signature, { x, y })).toHaveProperty("ok");
    }),
    { numRuns: 1000 },
  );
});
