import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvReader, inferCsv } from "../../../../domain/datasets/formats/csv/csv-reader.ts";
import type { ColumnType, Field } from "../../../../domain/datasets/schema.ts";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
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

const fileOf = (cells: readonly string[]): Uint8Array => utf8(`column\n${cells.join("\n")}\n`);
const infer = inferCsv(nodePlatform);

describe("what is guessed", () => {
  const GUESSED: [type: ColumnType, cells: string[], read: Cell[]][] = [
    ["bool", ["true", "False", ""], [true, false, null]],
    ["int64", ["1", "-5", " 7 ", "0"], [1n, -5n, 7n, 0n]],
    ["int64", ["9223372036854775807", "1"], [2n ** 63n - 1n, 1n]],
    ["int64", ["-9223372036854775808", "9007199254740993"], [-(2n ** 63n), 2n ** 53n + 1n]],
    ["float64", ["1", "2.5", "1e3", ".5", "2.", "-0"], [1, 2.5, 1000, 0.5, 2, -0]],
    ["float64", ["NaN", "inf", "-Infinity", "1"], [Number.NaN, Infinity, -Infinity, 1]],
    [
      "float64",
      ["0.1", "123456789.123456789", "1e-320"],
      [0.1, Number("123456789.123456789"), 1e-320],
    ],
    ["date", ["1970-01-02", "2024-02-29", "1969-12-31"], [1, 19_782, -1]],
    [
      "timestamp",
      [
        "1970-01-01T00:00:01Z",
        "1970-01-01 01:00:00+01:00",
        "1970-01-01T00:00:00.000001",
        "1970-01-02",
      ],
      [1_000_000n, 0n, 1n, 86_400_000_000n],
    ],
    ["string", ["007", "8"], ["007", "8"]],
    ["string", ["+49", "30"], ["+49", "30"]],
    ["string", ["9223372036854775808", "1"], ["9223372036854775808", "1"]],
    ["string", ["1", "x"], ["1", "x"]],
    ["string", ["true", "1"], ["true", "1"]],
    ["string", ["2023-02-30"], ["2023-02-30"]],
    ["string", ["2024-01-01T00:00:00.1234567"], ["2024-01-01T00:00:00.1234567"]],
    ["string", ["2024-01-01", "1"], ["2024-01-01", "1"]],
    ["string", ["1e999"], ["1e999"]],
    ["string", ["0x10", "1_000", "1,000"].slice(0, 2), ["0x10", "1_000"]],
    // A float64 would lose the last digit of 2^53 + 1.
    ["string", ["9007199254740993", "0.5"], ["9007199254740993", "0.5"]],
    ["string", ["", ""], [null, null]],
  ];
  for (const [type, cells, read] of GUESSED)
    test(`${cells.join(" | ")} is ${type}`, async () => {
      const table = await csvReader(nodePlatform).read(sourceOf(fileOf(cells)), {});
      expect(typesOf(table.schema)).toEqual([type]);
      expect(await columnsOf(table)).toEqual([read]);
      const found = await infer(sourceOf(fileOf(cells)), {});
      expect(found).toEqual({ schema: table.schema, rows: cells.length, warnings: [] });
    });
});

describe("what is declared", () => {
  const DECLARED: [type: ColumnType, cell: string, read: Cell][] = [
    ["int64", "007", 7n],
    ["int8", "+12", 12],
    ["int32", "3.0", 3],
    ["uint64", "18446744073709551615", 2n ** 64n - 1n],
    ["bool", "1", true],
    ["float32", "0.1", Math.fround(0.1)],
    ["float16", "0.1", 0.0999755859375],
    ["float64", "9007199254740993", 9007199254740992],
    ["string", "42", "42"],
    ["timestamp", "1970-01-02", 86_400_000_000n],
    ["date", "+012024-01-01", 3_672_148],
    ["binary", "aGk", Uint8Array.of(104, 105)],
    ["json", '"{""a"": [1, null]}"', { a: [1, null] }],
  ];
  const fieldOf = (type: ColumnType): Field => ({ name: "column", type, nullable: false });
  for (const [type, cell, read] of DECLARED)
    test(`${cell} is a ${type}`, async () => {
      const schema = { fields: [fieldOf(type)] };
      expect(await readColumns(csvReader, fileOf([cell]), { schema, delimiter: "," })).toEqual([
        [read],
      ]);
    });

  const REFUSED: [type: ColumnType, cell: string][] = [
    ["int8", "128"],
    ["uint16", "-1"],
    ["int64", "1.5"],
    ["int64", "9223372036854775808"],
    ["int32", "x"],
    ["bool", "2"],
    ["float32", "1e39"],
    ["float64", "one"],
    ["date", "2024-13-01"],
    ["date", "2024-01-01T00:00"],
    ["timestamp", "5"],
    ["binary", "a"],
    ["json", "[1"],
    ["json", "NaN"],
    ["string", ""],
  ];
  for (const [type, cell] of REFUSED)
    test(`'${cell}' is no ${type}, and the row and column say where`, async () => {
      const schema = { fields: [{ ...fieldOf("int64"), name: "n" }, fieldOf(type)] };
      const file = utf8(`n;column\n1;${cell}\n`);
      const problem = await problemOf(readColumns(csvReader, file, { schema, delimiter: ";" }));
      expect(problem).toMatchObject({ code: "schema_mismatch", field: "column", row: 0 });
    });

  test("tensors are lists in lists, of the declared shape", async () => {
    const field: Field = { name: "column", type: "float32", nullable: false, shape: [null, 2] };
    const file = utf8('column\n"[[1,2],[3,4.5]]"\n[]\n');
    expect(await readColumns(csvReader, file, { schema: { fields: [field] } })).toEqual([
      [
        { dims: [2, 2], data: Float32Array.of(1, 2, 3, 4.5) },
        { dims: [0, 2], data: new Float32Array(0) },
      ],
    ]);
    const ragged = utf8('column\n"[[1,2],[3]]"\n');
    const problem = await problemOf(
      readColumns(csvReader, ragged, { schema: { fields: [field] } }),
    );
    expect(problem.message).toContain("float32 [any, 2]");
  });

  test("columns are found by name, and none too few or too many", async () => {
    const schema = { fields: ["b", "a"].map((name) => ({ ...fieldOf("int64"), name })) };
    expect(await readColumns(csvReader, utf8("a,b\n1,2\n"), { schema })).toEqual([[2n], [1n]]);
    const few = await problemOf(readColumns(csvReader, utf8("a\n1\n"), { schema }));
    expect(few).toMatchObject({ code: "schema_mismatch", field: "b" });
    const many = await problemOf(readColumns(csvReader, utf8("a,b,c\n1,2,3\n"), { schema }));
    expect(many).toMatchObject({ code: "schema_mismatch", field: "c" });
  });
});

/** Enough rows that a later one is not looked at before the table is given out. */
const SAMPLED = 1000;

test("a later value that would change a guess ends the rows, and the whole file tells the type", async () => {
  const cells = [...Array.from({ length: SAMPLED }, (_, row) => String(row)), "1.5"];
  const problem = await problemOf(readColumns(csvReader, fileOf(cells)));
  expect(problem).toMatchObject({ code: "schema_mismatch", field: "column", row: SAMPLED });
  expect(problem.message).toContain("infer it from the whole file");
  const { schema } = await infer(arriving(fileOf(cells), 1000), {});
  expect(typesOf(schema)).toEqual(["float64"]);
  const [column] = await readColumns(csvReader, fileOf(cells), { schema });
  expect(column?.at(-1)).toBe(1.5);
});

test("a column without a value but an empty text, late, has that text", async () => {
  const file = fileOf([...Array.from({ length: SAMPLED }, () => ""), '""']);
  const table = await csvReader(nodePlatform).read(sourceOf(file), {});
  expect((await columnsOf(table))[0]?.slice(-2)).toEqual([null, ""]);
});

test("a table read to its end has the schema of the whole file, and one that fails has another", async () => {
  const values = [
    "",
    "1",
    "-3",
    "2.5",
    "true",
    "2024-01-01",
    "2024-01-01T10:00Z",
    "007",
    "x",
    '""',
  ];
  const early = fc.subarray(values, { maxLength: 3 });
  const late = fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, early);
  await fc.assert(
    fc.asyncProperty(early, late, async (early, late) => {
      const filled = Array.from({ length: SAMPLED }, (_, row) => early[row % early.length] ?? "");
      const file = fileOf([...filled, ...late]);
      const { schema, rows } = await infer(sourceOf(file), {});
      const table = await csvReader(nodePlatform).read(sourceOf(file), {});
      const guess = await columnsOf(table).catch(() => undefined);
      const exact = await readColumns(csvReader, file, { schema });
      expect(exact[0]).toHaveLength(rows);
      if (guess) expect([table.schema, guess]).toEqual([schema, exact]);
      else if (early.some((value) => value !== "" && value !== '""'))
        expect(table.schema).not.toEqual(schema);
    }),
    { numRuns: 60 },
  );
});

test("numbers are read as the language reads them", () =>
  fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
        fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value.toFixed(7)),
        fc.double({ min: 1e-300, max: 1e300, noNaN: true }).map((value) => value.toExponential(12)),
      ),
      async (text) => {
        const schema = { fields: [{ name: "column", type: "float64", nullable: false } as const] };
        expect(await readColumns(csvReader, fileOf([text]), { schema })).toEqual([[Number(text)]]);
      },
    ),
    { numRuns: 300 },
  ));

test("times are read as the language reads them", () =>
  fc.assert(
    fc.asyncProperty(
      fc.date({ min: new Date("0000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
      async (date) => {
        const cells = [date.toISOString(), date.toISOString().slice(0, 10)];
        const [[time, day] = []] = await readColumns(csvReader, fileOf(cells));
        expect(time).toBe(BigInt(date.getTime()) * 1000n);
        expect(day).toBe(BigInt(Math.floor(date.getTime() / 86_400_000)) * 86_400_000_000n);
      },
    ),
    { numRuns: 200 },
  ));
