import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { parquetReader } from "../../../../domain/datasets/formats/parquet/parquet-reader.ts";
import { writeParquet } from "../../../../domain/datasets/formats/parquet/parquet-writer.ts";
import { COLUMN_TYPES, type Field, type Schema } from "../../../../domain/datasets/schema.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import { randomColumns } from "./random-tables.ts";
import { batchesOf, cellsOf, joined, readBytes } from "./tables.ts";

const TENSOR_TYPES = COLUMN_TYPES.filter((type) => /^(bool|u?int|float)/.test(type));
const SHAPES: (number | null)[][] = [[], [3], [null], [2, null], [null, null], [0, null], [2, 2]];

const scalars: Field[] = COLUMN_TYPES.flatMap((type) => [
  { name: type, type, nullable: true },
  { name: `${type}, all there`, type, nullable: false },
]);
const tensors: Field[] = TENSOR_TYPES.flatMap((type) =>
  SHAPES.map((shape) => ({
    name: `${type} ${JSON.stringify(shape)}`,
    type,
    shape,
    nullable: shape.length !== 1,
    ...(shape.length === 1
      ? { sampling_rate_hz: 12_000, unit: "m/s2", description: "fan end" }
      : {}),
  })),
);

const written = (schema: Schema, columns: Cell[][], size?: number): Promise<Uint8Array> =>
  joined(writeParquet(schema, batchesOf(columns, size)));

describe("what is written is read back", () => {
  it.each(["first", "second", "third"])("every type and shape, with seed %s", async (seed) => {
    const schema: Schema = {
      fields: [...scalars, ...tensors],
      primary_key: ["int64, all there"],
      partition_keys: ["string"],
    };
    const columns = randomColumns(seed, schema, 57);
    const table = await readBytes(parquetReader, await written(schema, columns, 10));
    expect(table.schema).toEqual(schema);
    expect(table.rows).toBe(57);
    expect(table.warnings).toEqual([]);
    const cells = await cellsOf(table);
    for (const [i, { name }] of schema.fields.entries())
      expect({ [name]: cells[i] }).toStrictEqual({ [name]: columns[i] });
  });

  it("is the same bytes, however the rows come", async () => {
    const schema = { fields: [...scalars, ...tensors.slice(0, 20)] };
    const columns = randomColumns("bytes", schema, 40);
    expect(await written(schema, columns, 1)).toEqual(await written(schema, columns, 40));
  });

  it("a table without rows", async () => {
    const schema = { fields: scalars };
    const table = await readBytes(
      parquetReader,
      await written(
        schema,
        scalars.map(() => []),
      ),
    );
    expect(table.rows).toBe(0);
    expect(table.schema).toEqual(schema);
    expect(await cellsOf(table)).toEqual(scalars.map(() => []));
  });

  it("row groups of 65,536 rows, and any row in any of them", async () => {
    const schema: Schema = { fields: [{ name: "n", type: "int32", nullable: false }] };
    const numbers = Array.from({ length: 150_000 }, (_, i) => (i * 7919) % 100_003);
    const bytes = await written(schema, [numbers]);
    const groups = parquetMetadata(bytes.slice().buffer).row_groups;
    expect(groups.map(({ num_rows }) => Number(num_rows))).toEqual([65_536, 65_536, 18_928]);
    const table = await readBytes(parquetReader, bytes);
    for (const from of [0, 65_535, 65_536, 131_000, 149_999])
      expect(await cellsOf(table, { from, limit: 3 })).toEqual([numbers.slice(from, from + 3)]);
  });

  it("long signals lie in pages of their own, of which one is read for one row", async () => {
    const schema: Schema = {
      fields: [
        {
          name: "signal",
          type: "float32",
          nullable: false,
          shape: [50_000],
          sampling_rate_hz: 48_000,
        },
      ],
    };
    const signal = (row: number): Cell => ({
      dims: [50_000],
      data: Float32Array.from({ length: 50_000 }, (_, i) => Math.sin(i * (row + 1))),
    });
    const bytes = await written(schema, [Array.from({ length: 20 }, (_, row) => signal(row))]);
    let read = 0;
    const source = {
      size: bytes.length,
      async read(offset: number, length: number) {
        read += length;
        return bytes.subarray(offset, offset + length);
      },
    };
    const { nodePlatform } = await import("../../../fixtures/format-platform.ts");
    const table = await parquetReader(nodePlatform).read(source, {});
    expect(await cellsOf(table, { from: 17, limit: 1 })).toEqual([[signal(17)]]);
    expect(read).toBeLessThan(bytes.length / 2);
  });
});

describe("other readers", () => {
  it("hyparquet reads the same values", async () => {
    const fields: Field[] = ["bool", "int8", "uint32", "int64", "float32", "float64", "string"].map(
      (name) =>
        scalars.find((field) => field.name === name) ?? { name, type: "bool", nullable: true },
    );
    const list: Field = { name: "list", type: "int16", nullable: true, shape: [null] };
    const columns = randomColumns("others", { fields: [...fields, list] }, 30);
    const bytes = await written({ fields: [...fields, list] }, columns);
    const rows = await parquetReadObjects({ file: bytes.slice().buffer });
    for (const [i, { name }] of fields.entries())
      expect(rows.map((row) => row[name] ?? null)).toEqual(columns[i]);
    expect(rows.map((row) => row["list"] ?? null)).toEqual(
      columns
        .at(-1)
        ?.map((cell) =>
          cell !== null && typeof cell === "object" && "data" in cell
            ? Array.from(cell.data as Int16Array)
            : null,
        ),
    );
  });

  it("find statistics and page indexes", async () => {
    const schema: Schema = { fields: [{ name: "n", type: "float64", nullable: true }] };
    const numbers = Array.from({ length: 60_000 }, (_, i) => (i === 5 ? null : Math.cos(i)));
    const bytes = await written(schema, [numbers]);
    const [column] = parquetMetadata(bytes.slice().buffer).row_groups[0]?.columns ?? [];
    expect(column?.meta_data?.statistics).toMatchObject({ null_count: 1n, max_value: 1 });
    expect(Number(column?.column_index_offset)).toBeGreaterThan(0);
    expect(Number(column?.offset_index_offset)).toBeGreaterThan(0);
  });
});

describe("a declared column without nulls", () => {
  it("refuses the first null with its row, and takes columns that only may have them", async () => {
    const wide: Field = { name: "n", type: "int32", nullable: true };
    const declared = { schema: { fields: [{ ...wide, nullable: false }] } };
    const read = async (cells: Cell[]) =>
      cellsOf(await readBytes(parquetReader, await written({ fields: [wide] }, [cells]), declared));
    expect(await read([1, 2])).toEqual([[1, 2]]);
    await expect(read([1, 2, null])).rejects.toMatchObject({
      problem: { code: "schema_mismatch", field: "n", row: 2 },
    });
  });
});

describe("what a file cannot hold", () => {
  const refusal = (field: Field, cells: Cell[]) => written({ fields: [field] }, [cells]);

  it("no value where there must be one", async () => {
    const field: Field = { name: "n", type: "int8", nullable: false };
    await expect(refusal(field, [1, null])).rejects.toMatchObject({
      problem: { code: "schema_mismatch", field: "n", row: 1 },
    });
  });

  it("a scalar among tensors, and a tensor among scalars", async () => {
    const tensor = { dims: [1], data: Float32Array.of(1) };
    const scalar: Field = { name: "x", type: "float32", nullable: true };
    await expect(refusal({ ...scalar, shape: [1] }, [1])).rejects.toMatchObject({
      problem: { field: "x", row: 0 },
    });
    await expect(refusal(scalar, [1, tensor])).rejects.toMatchObject({
      problem: { field: "x", row: 1 },
    });
  });
});
