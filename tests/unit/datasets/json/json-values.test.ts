import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inferJson, jsonReader } from "../../../../domain/datasets/formats/json/json-reader.ts";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import type { Field } from "../../../../domain/datasets/schema.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import {
  arriving,
  columnsOf,
  problemOf,
  readColumns,
  typesOf,
  utf8,
} from "../../../fixtures/dataset-tables.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";

const reader = jsonReader(nodePlatform);
const infer = inferJson(nodePlatform);
const lines = (values: readonly string[]): Uint8Array =>
  utf8(values.map((value) => `{"column": ${value}}\n`).join(""));

describe("what is guessed", () => {
  const GUESSED: [type: string, values: string[], cells: Cell[]][] = [
    ["bool", ["true", "null", "false"], [true, null, false]],
    ["int64", ["1", "-2", "0"], [1n, -2n, 0n]],
    ["int64", ["9007199254740993", "-9223372036854775808"], [2n ** 53n + 1n, -(2n ** 63n)]],
    ["float64", ["1.0", "2"], [1, 2]],
    ["float64", ["1e2", "-0.5", "NaN", "-Infinity"], [100, -0.5, Number.NaN, -Infinity]],
    ["string", ['"a"', '"\\u00e9\\n\\"\\/"', '"😀\\ud83d\\ude00"'], ["a", 'é\n"/', "😀😀"]],
    ["json", ["[1, [2.5]]", '{"a": {}}'], [[1, [2.5]], { a: {} }]],
    ["json", ["1", '"a"', "true"], [1, "a", true]],
    // A number would lose the last digits.
    ["json", ["9007199254740993", "0.5"], ["9007199254740993", 0.5]],
    [
      "json",
      ["12345678901234567890", "[9007199254740993]"],
      ["12345678901234567890", ["9007199254740993"]],
    ],
    ["json", ["null", "null"], [null, null]],
    ["json", ['{"__proto__": 1, "": 2}'], [JSON.parse('{"__proto__": 1, "": 2}') as Cell]],
  ];
  for (const [type, values, cells] of GUESSED)
    test(`${values.join(" | ")} is ${type}`, async () => {
      const table = await reader.read(sourceOf(lines(values)), {});
      expect(typesOf(table.schema)).toEqual([type]);
      expect(await columnsOf(table)).toEqual([cells]);
      const found = await infer(sourceOf(lines(values)), {});
      expect(found).toEqual({ schema: table.schema, rows: values.length, warnings: [] });
    });

  test("columns come in the order in which their names do, and are null where they do not", async () => {
    const file = utf8('{"b": 1}\n\n  {"a": "x", "b": 2}\r\n{"c": true}');
    const table = await reader.read(sourceOf(file), {});
    expect(table.schema.fields.map(({ name }) => name)).toEqual(["b", "a", "c"]);
    expect(await columnsOf(table)).toEqual([
      [1n, 2n, null],
      [null, "x", null],
      [null, null, true],
    ]);
  });
});

describe("what is declared", () => {
  const DECLARED: [field: Partial<Field>, value: string, cell: Cell][] = [
    [{ type: "int8" }, "-128", -128],
    [{ type: "int32" }, "3.0", 3],
    [{ type: "uint64" }, "18446744073709551615", 2n ** 64n - 1n],
    [{ type: "uint64" }, '"18446744073709551615"', 2n ** 64n - 1n],
    [{ type: "float32" }, "0.1", Math.fround(0.1)],
    [{ type: "float64" }, '"-Infinity"', -Infinity],
    [{ type: "date" }, '"1970-01-03"', 2],
    [{ type: "timestamp" }, '"1970-01-01T00:00:00.5Z"', 500_000n],
    [{ type: "timestamp" }, '"1970-01-02"', 86_400_000_000n],
    [{ type: "binary" }, '"/+8="', Uint8Array.of(255, 239)],
    [{ type: "json" }, "1.5", 1.5],
    [
      { type: "float64", shape: [2, null] },
      '[[1, "NaN"], [2.5, NaN]]',
      { dims: [2, 2], data: Float64Array.of(1, Number.NaN, 2.5, Number.NaN) },
    ],
    [
      { type: "int64", shape: [2] },
      "[1, 9007199254740993]",
      { dims: [2], data: BigInt64Array.of(1n, 2n ** 53n + 1n) },
    ],
    [{ type: "bool", shape: [2] }, "[true, false]", { dims: [2], data: Uint8Array.of(1, 0) }],
  ];
  const fieldOf = (field: Partial<Field>): Field => ({
    name: "column",
    type: "json",
    nullable: false,
    ...field,
  });
  for (const [field, value, cell] of DECLARED)
    test(`${value} is a ${field.type}`, async () => {
      const schema = { fields: [fieldOf(field)] };
      expect(await readColumns(jsonReader, lines([value]), { schema })).toEqual([[cell]]);
    });

  const REFUSED: [field: Partial<Field>, value: string][] = [
    [{ type: "int8" }, "128"],
    [{ type: "int64" }, "1.5"],
    [{ type: "int64" }, "9223372036854775808"],
    [{ type: "float32" }, "1e39"],
    [{ type: "float64" }, '"1"'],
    [{ type: "string" }, "1"],
    [{ type: "bool" }, "1"],
    [{ type: "date" }, '"1970-1-3"'],
    [{ type: "binary" }, '"?"'],
    [{ type: "json" }, "[NaN]"],
    [{ type: "int8" }, "null"],
    [{ type: "float32", shape: [2] }, "[1]"],
    [{ type: "float32", shape: [2, null] }, "[[1], [1, 2]]"],
    [{ type: "float32", shape: [2] }, "1"],
    [{ type: "uint8", shape: [null] }, "[256]"],
  ];
  for (const [field, value] of REFUSED)
    test(`${value} is no ${field.type}, and the row and column say where`, async () => {
      const schema = { fields: [fieldOf(field)] };
      const problem = await problemOf(readColumns(jsonReader, lines([value]), { schema }));
      expect(problem).toMatchObject({ code: "schema_mismatch", field: "column", row: 0 });
    });

  test("a name that the schema does not have is refused, and one that a row does not have is null", async () => {
    const schema = { fields: [{ ...fieldOf({ type: "int64" }), nullable: true }] };
    expect(await readColumns(jsonReader, utf8('{"column":1}\n{}\n'), { schema })).toEqual([
      [1n, null],
    ]);
    const problem = await problemOf(readColumns(jsonReader, utf8('{"other":1}'), { schema }));
    expect(problem).toMatchObject({ code: "schema_mismatch", field: "other", row: 0 });
  });
});

test("any value is read as JSON.parse reads it", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.json({ maxDepth: 4, stringUnit: "grapheme" }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 50 }),
      async (values, piece) => {
        const schema = { fields: [{ name: "column", type: "json", nullable: true } as const] };
        const cells = values.map((value) => JSON.parse(value) as Cell);
        const file = arriving(lines(values), piece);
        expect(await readColumns(jsonReader, file, { schema })).toEqual([cells]);
      },
    ),
    { numRuns: 300 },
  ));

/** What JSON.parse takes without a word: the last value of a name, and an infinity for a large number. */
const REFUSED_HERE = /a second value of|that a float64 can hold/;

test("what JSON.parse refuses is refused, and nothing else", () =>
  fc.assert(
    fc.asyncProperty(
      fc.json({ maxDepth: 2 }),
      fc.nat(),
      fc.constantFrom(...Array.from('{}[]",:0-.e\\\u0001 x')),
      async (json, seed, character) => {
        const at = seed % json.length;
        const text = json.slice(0, at) + character + json.slice(at + 1);
        const reading = readColumns(jsonReader, lines([text])).then(
          () => "",
          (error: Error) => error.message,
        );
        const refusal = await reading;
        if (!REFUSED_HERE.test(refusal)) expect(refusal === "").toBe(isJson(`{"column": ${text}}`));
      },
    ),
    { numRuns: 1000 },
  ));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
