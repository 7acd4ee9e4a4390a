import { describe, expect, it } from "vitest";
import { matReader } from "../../../../domain/datasets/formats/mat/mat-reader.ts";
import { matNames } from "../../../../domain/datasets/formats/mat/mat-names.ts";
import { writeMat } from "../../../../domain/datasets/formats/mat/mat-writer.ts";
import type { ColumnType, Field, Schema } from "../../../../domain/datasets/schema.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import { randomColumns } from "./random-tables.ts";
import { batchesOf, cellsOf, joined, readBytes } from "./tables.ts";

const NUMBERS: ColumnType[] = [
  "bool",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float32",
  "float64",
];
const scalars: Field[] = NUMBERS.map((type) => ({ name: type, type, nullable: false }));
const tensors: Field[] = NUMBERS.flatMap((type) =>
  [[3], [2, 3], [2, 1, 3]].map((shape) => ({
    name: `${type}_${shape.join("x")}`,
    type,
    nullable: false,
    shape,
    sampling_rate_hz: 48_000,
  })),
);

const written = (schema: Schema, columns: Cell[][], size?: number): Promise<Uint8Array> =>
  joined(writeMat(schema, () => batchesOf(columns, size), columns[0]?.length ?? 0));

describe("what is written is read back", () => {
  it.each(["first", "second"])("numbers and tensors of every type, with seed %s", async (seed) => {
    const schema: Schema = { fields: [...scalars, ...tensors] };
    const columns = randomColumns(seed, schema, 31);
    const bytes = await written(schema, columns, 7);
    expect(bytes).toEqual(await written(schema, columns, 31));
    const table = await readBytes(matReader, bytes);
    expect(table.schema).toEqual(schema);
    const cells = await cellsOf(table);
    for (const [i, { name }] of schema.fields.entries())
      expect({ [name]: cells[i] }).toStrictEqual({ [name]: columns[i] });
  });

  it("texts, and that there is none; days, microseconds and JSON as what MATLAB has", async () => {
    const schema: Schema = {
      fields: [
        { name: "text", type: "string", nullable: true },
        { name: "day", type: "date", nullable: false },
        { name: "time", type: "timestamp", nullable: false },
        { name: "json", type: "json", nullable: true },
        { name: "half", type: "float16", nullable: true },
      ],
    };
    const columns: Cell[][] = [
      ["ä😀", "", null, "a\nb"],
      [-1, 0, 20_000, 5],
      [-1n, 0n, 2n ** 60n, 5n],
      [{ a: [1] }, null, "x", 5],
      [1.5, null, -0, Infinity],
    ];
    const table = await readBytes(matReader, await written(schema, columns));
    expect(table.schema.fields.map(({ type }) => type)).toEqual([
      "string",
      "int32",
      "int64",
      "string",
      "float32",
    ]);
    expect(await cellsOf(table)).toEqual([
      ["ä😀", "", null, "a\nb"],
      [-1, 0, 20_000, 5],
      [-1n, 0n, 2n ** 60n, 5n],
      ['{"a":[1]}', null, '"x"', "5"],
      [1.5, NaN, -0, Infinity],
    ]);
  });

  it("tensors whose sizes may differ and do not", async () => {
    const schema: Schema = {
      fields: [{ name: "x", type: "int8", nullable: false, shape: [null, 2] }],
    };
    const cell = (first: number): Cell => ({ dims: [2, 2], data: Int8Array.of(first, 2, 3, 4) });
    const table = await readBytes(matReader, await written(schema, [[cell(1), cell(9), cell(7)]]));
    expect(table.schema.fields[0]?.shape).toEqual([2, 2]);
    expect(await cellsOf(table)).toEqual([[cell(1), cell(9), cell(7)]]);
  });

  it("texts in as many pieces as there are batches, however short they are", async () => {
    const schema: Schema = { fields: [{ name: "text", type: "string", nullable: true }] };
    const cells: Cell[] = Array.from({ length: 300_000 }, (_, row) => (row % 2 ? null : ""));
    let pieces = 0;
    for await (const piece of writeMat(schema, () => batchesOf([cells], 4096), cells.length))
      pieces += piece.length > 0 ? 1 : 0;
    expect(pieces).toBeLessThan(300_000 / 4096 + 4);
  });

  it("columns that are larger than what is held are gone through several times", async () => {
    const rows = 1200;
    const schema: Schema = {
      fields: [
        { name: "wide", type: "float64", nullable: false, shape: [2000] },
        { name: "n", type: "int32", nullable: false },
      ],
    };
    const wide = (row: number): Cell => ({
      dims: [2000],
      data: Float64Array.from({ length: 2000 }, (_, i) => row * 2000 + i),
    });
    let passes = 0;
    async function* batches() {
      passes++;
      for (let row = 0; row < rows; row += 100) {
        const numbers = Array.from({ length: 100 }, (_, i) => row + i);
        yield { rows: 100, columns: [numbers.map(wide), numbers] };
      }
    }
    const table = await readBytes(matReader, await joined(writeMat(schema, batches, rows)));
    expect(passes).toBe(3);
    expect(await cellsOf(table, { from: 777, limit: 2 })).toEqual([
      [wide(777), wide(778)],
      [777, 778],
    ]);
    const part = await table.slice?.("wide", 1199, 1990, 1992);
    expect(part?.data).toEqual(Float64Array.of(1199 * 2000 + 1990, 1199 * 2000 + 1991));
  });
});

describe("what a MAT file cannot hold is refused by name", () => {
  const one = (field: Omit<Field, "name">, cells: Cell[]): Promise<Uint8Array> =>
    written({ fields: [{ name: "column", ...field }] }, [cells]);

  it.each<[string, Omit<Field, "name">, Cell[], number | undefined]>([
    ["bytes", { type: "binary", nullable: false }, [new Uint8Array(1)], undefined],
    ["a null that is no float", { type: "int32", nullable: true }, [1, null], 1],
    ["a null tensor that is no float", { type: "int8", nullable: true, shape: [1] }, [null], 0],
    [
      "tensors of different sizes",
      { type: "int8", nullable: false, shape: [null] },
      [
        { dims: [1], data: new Int8Array(1) },
        { dims: [2], data: new Int8Array(2) },
      ],
      1,
    ],
  ])("%s", async (_what, field, cells, row) => {
    await expect(one(field, cells)).rejects.toMatchObject({
      problem: { code: "schema_mismatch", field: "column", ...(row === undefined ? {} : { row }) },
    });
  });

  it("rows that are not as many as were said", async () => {
    const schema: Schema = { fields: [{ name: "n", type: "int8", nullable: false }] };
    await expect(joined(writeMat(schema, () => batchesOf([[1, 2]]), 3))).rejects.toThrow(
      RangeError,
    );
  });
});

describe("names", () => {
  it("are those that MATLAB has", () => {
    expect(
      matNames(["ok_1", "drive end/x", "1st", "é", "drive-end-x", "", "y".repeat(70)]),
    ).toEqual(["ok_1", "drive_end_x", "x1st", "x_", "drive_end_x_2", "x", "y".repeat(63)]);
  });
});
