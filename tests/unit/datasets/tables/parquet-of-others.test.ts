import { describe, expect, it } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import { parquetReader } from "../../../../domain/datasets/formats/parquet/parquet-reader.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { cellsOf, plain, readBytes, vector, vectorJson } from "./tables.ts";

type Expected = { same: string[]; files: Record<string, Record<string, unknown[]>> };

const expected = vectorJson("parquet-expected.json") as Expected;
const [reference = ""] = expected.same;
const all = expected.files[reference] ?? {};
const read = (name: string) => readBytes(parquetReader, vector(`${name}.parquet`));

describe("Parquet files of pyarrow", () => {
  it.each(expected.same)("%s: every value of every type", async (name) => {
    const table = await read(name);
    const cells = await cellsOf(table);
    expect(table.rows).toBe(40);
    for (const [i, field] of table.schema.fields.entries())
      expect({ [field.name]: cells[i]?.map(plain) }).toEqual({ [field.name]: all[field.name] });
    expect(table.schema.fields.map(({ name }) => name)).toEqual(Object.keys(all));
  });

  it.each(expected.same)("%s: rows and columns from any place on", async (name) => {
    const table = await read(name);
    const columns = ["st", "i64", "ll", "s", "lf"];
    for (const from of [0, 14, 15, 16, 39, 99])
      for (const limit of [1, 2, 26]) {
        const cells = await cellsOf(table, { from, limit, columns });
        for (const [i, column] of columns.entries())
          expect(cells[i]?.map(plain)).toEqual(all[column]?.slice(from, from + limit));
      }
  });

  it("types are the nearest that a column can have", async () => {
    const { schema, warnings } = await read(reference);
    const types = schema.fields.map(
      ({ name, type, shape }) => `${name} ${type}${shape ? "[]" : ""}`,
    );
    expect(types.join(", ")).toBe(
      "b bool, i8 int8, u8 uint8, i16 int16, u16 uint16, i32 int32, u32 uint32, i64 int64, u64 uint64, " +
        "f16 float16, f32 float32, f64 float64, s string, bin binary, fsb binary, date date, tus timestamp, " +
        "tns timestamp, tms timestamp, dec string, dec38 string, time string, lf float32[], li int64[], " +
        "ls json, ll json, st json, sl json, mp json, mi json, fsl int16[], nul json",
    );
    expect(schema.fields.every(({ nullable }) => nullable)).toBe(true);
    expect(warnings).toContain(
      "tns: times without a zone are taken as UTC, nanoseconds are cut off to microseconds",
    );
    expect(warnings).toContain("dec: its decimals are texts, so that no digit is lost");
  });

  it("the older LZ4 codec of fastparquet", async () => {
    const table = await read("fastparquet-lz4");
    const cells = await cellsOf(table);
    expect(table.rows).toBe(40);
    for (const [i, { name }] of table.schema.fields.entries())
      expect(cells[i]?.map(plain)).toEqual(expected.files["fastparquet-lz4"]?.[name]);
  });
});

describe("reading by ranges", () => {
  it("reads only the columns and row groups that are asked for", async () => {
    const bytes = vector("none-encodings-v2.parquet");
    let read = 0;
    const source = sourceOf(bytes);
    const counted = {
      size: source.size,
      read(offset: number, length: number) {
        read += length;
        return source.read(offset, length);
      },
    };
    const table = await parquetReader(nodePlatform).read(counted, {});
    const footer = read;
    expect(await cellsOf(table, { from: 31, limit: 1, columns: ["u8"] })).toEqual([[31 * 6]]);
    expect(read - footer).toBeLessThan(600);
  });

  it("refuses a column and a row that are not there", async () => {
    const table = await read(reference);
    await expect(cellsOf(table, { columns: ["nothing"] })).rejects.toMatchObject({
      problem: { code: "column_unknown", field: "nothing" },
    });
    await expect(cellsOf(table, { from: -1 })).rejects.toMatchObject({
      problem: { code: "option_invalid", field: "from" },
    });
  });
});

describe("a declared schema", () => {
  const declared = (fields: object[]) =>
    readBytes(parquetReader, vector("fastparquet-lz4.parquet"), { schema: { fields } as never });
  const field = (name: string, type: string, nullable = false) => ({ name, type, nullable });
  const all = [field("s", "string"), field("f", "float64"), field("i", "int64")];

  it("orders the columns and converts numbers that fit", async () => {
    const table = await declared([
      field("s", "json"),
      field("i", "float64"),
      field("f", "float64"),
    ]);
    expect(table.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "s json",
      "i float64",
      "f float64",
    ]);
    expect(await cellsOf(table, { from: 2, limit: 1, columns: ["i", "s"] })).toEqual([
      [2e15],
      ["x2"],
    ]);
  });

  it.each([
    ["a column too few", all.slice(1), { code: "schema_mismatch", field: "s" }],
    ["a column too many", [...all, field("z", "bool")], { code: "schema_mismatch", field: "z" }],
    [
      "another type",
      [field("s", "int32"), ...all.slice(1)],
      { code: "schema_mismatch", field: "s" },
    ],
  ])("%s is refused by name", async (_what, fields, problem) => {
    await expect(declared(fields)).rejects.toMatchObject({ problem });
  });

  it("a value that does not fit is refused with its row", async () => {
    const table = await declared([
      field("s", "string"),
      field("f", "float64"),
      field("i", "int32"),
    ]);
    await expect(cellsOf(table)).rejects.toMatchObject({
      problem: { code: "schema_mismatch", field: "i", row: 1 },
    });
  });
});
