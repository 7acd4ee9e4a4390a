import { describe, expect, it } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import { DatasetFault } from "../../../../domain/datasets/dataset-fault.ts";
import { findInTree1 } from "../../../../domain/datasets/formats/hdf5/b-tree-1.ts";
import { openSuperblock } from "../../../../domain/datasets/formats/hdf5/superblock.ts";
import { writeHdf5 } from "../../../../domain/datasets/formats/hdf5/write-hdf5.ts";
import { superblock } from "../../../../domain/datasets/formats/hdf5/write-headers.ts";
import { HeapWriter } from "../../../../domain/datasets/formats/hdf5/write-heap.ts";
import { chunkTree } from "../../../../domain/datasets/formats/hdf5/write-tree.ts";
import type { Field, Schema } from "../../../../domain/datasets/schema.ts";
import type { Batch, Cell, TensorCell } from "../../../../domain/datasets/table.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { cellsOf, readTable, vector } from "./hdf5-file.ts";

type Column = [field: Omit<Field, "nullable" | "name">, cell: (row: number) => Cell];

const tensor = (dims: number[], data: TensorCell["data"]): TensorCell => ({ dims, data });

/** A column of each type, with the values at the ends of its range. */
const COLUMNS: Record<string, Column> = {
  flag: [{ type: "bool" }, (row) => row % 3 === 0],
  int8: [{ type: "int8" }, (row) => (row % 256) - 128],
  uint8: [{ type: "uint8" }, (row) => row % 256],
  "more/int16": [{ type: "int16" }, (row) => (row % 65_536) - 32_768],
  uint16: [{ type: "uint16" }, (row) => 65_535 - (row % 65_536)],
  int32: [{ type: "int32" }, (row) => row - 2 ** 31],
  uint32: [{ type: "uint32" }, (row) => 2 ** 32 - 1 - row],
  int64: [{ type: "int64" }, (row) => BigInt(row) - 2n ** 63n],
  uint64: [{ type: "uint64" }, (row) => 2n ** 64n - 1n - BigInt(row)],
  "more/half": [{ type: "float16" }, (row) => (row % 2000) / 4],
  float32: [{ type: "float32", unit: "m/s²" }, (row) => Math.fround(row / 3)],
  float64: [
    { type: "float64", description: "naïve" },
    (row) => [Number.NaN, Infinity, -0, row / 7][row % 4] ?? 0,
  ],
  text: [{ type: "string" }, (row) => ["", "é", "日本 ", "x".repeat(row % 90)][row % 4] ?? ""],
  bytes: [{ type: "binary" }, (row) => new Uint8Array(row % 9).fill(row)],
  day: [{ type: "date" }, (row) => row - 5],
  time: [{ type: "timestamp" }, (row) => BigInt(row - 3) * 1_000_003n],
  json: [{ type: "json" }, (row) => (row % 5 === 0 ? null : { row, list: [null, "x", true] })],
  "more/still/tensor": [
    { type: "float32", shape: [2, 3], sampling_rate_hz: 12_800.5, unit: "g" },
    (row) =>
      tensor(
        [2, 3],
        Float32Array.from({ length: 6 }, (_, at) => row + at / 8),
      ),
  ],
  flags: [{ type: "bool", shape: [2] }, (row) => tensor([2], Uint8Array.of(row & 1, 1))],
  halves: [{ type: "float16", shape: [2] }, (row) => tensor([2], Float32Array.of(row % 9, 0.5))],
  longs: [{ type: "int64", shape: [1] }, (row) => tensor([1], BigInt64Array.of(BigInt(-row)))],
  sequence: [
    { type: "int16", shape: [null], sampling_rate_hz: 5 },
    (row) =>
      tensor(
        [row % 6],
        Int16Array.from({ length: row % 6 }, (_, at) => at - row),
      ),
  ],
};

const schema: Schema = {
  fields: Object.entries(COLUMNS).map(([name, [field]]) => ({ ...field, name, nullable: false })),
};

const columnsOf = (from: number, rows: number): Cell[][] =>
  Object.values(COLUMNS).map(([, cell]) =>
    Array.from({ length: rows }, (_, at) => cell(from + at)),
  );

async function* batchesOf(rows: number, size: number): AsyncGenerator<Batch> {
  for (let from = 0; from < rows; from += size) {
    const count = Math.min(size, rows - from);
    yield { rows: count, columns: columnsOf(from, count) };
  }
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}

const one = (field: Partial<Field>, ...cells: Cell[]) =>
  joined(
    writeHdf5(
      { fields: [{ name: "column", type: "int32", nullable: true, ...field }] },
      async function* () {
        yield { rows: cells.length, columns: [cells] };
      },
      cells.length,
    ),
  );

describe("what is written", () => {
  it.each([0, 1, 7, 700])("is read back equal: %i rows of every type", async (rows) => {
    const bytes = await joined(writeHdf5(schema, () => batchesOf(rows, 101), rows));
    const table = await readTable(bytes);
    expect(table.schema).toEqual(schema);
    expect([table.rows, table.warnings]).toEqual([rows, []]);
    const names = Object.keys(COLUMNS);
    const wanted = Object.fromEntries(columnsOf(0, rows).map((cells, at) => [names[at], cells]));
    expect(await cellsOf(table)).toEqual(wanted);
  });

  it("is the same bytes, however the rows came", async () => {
    const whole = await joined(writeHdf5(schema, () => batchesOf(300, 300), 300));
    const pieces = await joined(writeHdf5(schema, () => batchesOf(300, 7), 300));
    expect(Buffer.compare(whole, pieces)).toBe(0);
  });

  it("is a file that h5py 3.16 was seen to read equal", async () => {
    const bytes = await joined(writeHdf5(schema, () => batchesOf(4, 4), 4));
    expect(Buffer.compare(bytes, vector("written.h5"))).toBe(0);
  });

  it("is cut into chunks of some megabytes, and read across them", async () => {
    const field: Field = { name: "signal", type: "float64", nullable: false, shape: [100_000] };
    const rowOf = (row: number): Float64Array => new Float64Array(100_000).fill(row);
    async function* rows(): AsyncGenerator<Batch> {
      for (let row = 0; row < 12; row++)
        yield { rows: 1, columns: [[tensor([100_000], rowOf(row))]] };
    }
    const sizes: number[] = [];
    const pieces: Uint8Array[] = [];
    for await (const piece of writeHdf5({ fields: [field] }, rows, 12)) {
      sizes.push(piece.length);
      pieces.push(piece);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * 2 ** 20);
    const table = await readTable(new Uint8Array(Buffer.concat(pieces)));
    const cells = (await cellsOf(table))["signal"] as TensorCell[];
    expect(cells.map(({ data }) => [data[0], data[99_999]])).toEqual(
      Array.from({ length: 12 }, (_, row) => [row, row]),
    );
    expect(await table.slice?.("signal", 11, 5, 8)).toEqual({
      dims: [3],
      data: Float64Array.of(11, 11, 11),
    });
  });

  it("has NaN for a float that is missing, in a tensor too", async () => {
    expect(
      (await cellsOf(await readTable(await one({ type: "float32" }, 1, null))))["column"],
    ).toEqual([1, Number.NaN]);
    const tensors = await one(
      { type: "float64", shape: [2] },
      null,
      tensor([2], Float64Array.of(1, 2)),
    );
    const [first] = (await cellsOf(await readTable(tensors)))["column"] ?? [];
    expect(first).toEqual(tensor([2], Float64Array.of(Number.NaN, Number.NaN)));
  });

  it("keeps heaps of every size readable, to the byte", async () => {
    const draws = seededRandom("heaps");
    for (const length of [4040, 4048, 4056, 4064, 4072, 4080, 65_000, 65_500, 70_000, 3_000_000]) {
      const texts = ["a", "x".repeat(length), "b".repeat(draws.integer(20))];
      const bytes = await one({ type: "string" }, ...texts);
      expect((await cellsOf(await readTable(bytes)))["column"], `${length}`).toEqual(texts);
    }
  });
});

describe("what HDF5 cannot hold", () => {
  const cases: [string, Partial<Field>, Cell, string][] = [
    ["a missing integer", { type: "int32" }, null, "schema_mismatch"],
    ["a missing text", { type: "string" }, null, "schema_mismatch"],
    ["a missing sequence", { type: "float32", shape: [null] }, null, "schema_mismatch"],
    ["a number out of range", { type: "int8" }, 128, "schema_mismatch"],
    ["a fraction", { type: "int32" }, 0.5, "schema_mismatch"],
    ["a text for a number", { type: "int32" }, "1", "schema_mismatch"],
    [
      "a tensor of another size",
      { type: "float32", shape: [2] },
      tensor([3], new Float32Array(3)),
      "schema_mismatch",
    ],
    [
      "a tensor of another type",
      { type: "float32", shape: [2] },
      tensor([2], new Float64Array(2)),
      "schema_mismatch",
    ],
    ["a text with a zero", { type: "string" }, "a\0b", "file_unsupported"],
    [
      "tensors of two free sizes",
      { type: "float32", shape: [null, null] },
      null,
      "file_unsupported",
    ],
    ["tensors of texts", { type: "string", shape: [2] }, null, "file_unsupported"],
    ["a name with an empty part", { name: "column//x" }, 1, "file_unsupported"],
  ];

  it.each(cases)("is refused, and the column named: %s", async (_, field, cell, code) => {
    const refusal = await one(field, cell).then(
      () => null,
      (error: unknown) => (error instanceof DatasetFault ? error.problem : null),
    );
    expect(refusal).toMatchObject({ code, field: field.name ?? "column" });
    expect(refusal?.message).toContain("column");
  });

  it("is a column whose name is part of another's path", async () => {
    const fields = ["a/b", "a"].map((name): Field => ({ name, type: "int32", nullable: false }));
    const rows = (names: Field[]) => joined(writeHdf5({ fields: names }, () => batchesOf(0, 1), 0));
    await expect(rows(fields)).rejects.toMatchObject({ problem: { field: "a" } });
    await expect(rows(fields.toReversed())).rejects.toMatchObject({ problem: { field: "a/b" } });
  });
});

describe("rows that are not as many as they should be", () => {
  it.each([3, 5])("are a mistake of the caller: %i of 4", async (rows) => {
    await expect(joined(writeHdf5(schema, () => batchesOf(rows, 10), 4))).rejects.toThrow(
      RangeError,
    );
  });

  it("and rows that change between the passes", async () => {
    let pass = 0;
    const changing = async function* (): AsyncGenerator<Batch> {
      yield { rows: 1, columns: [["x".repeat(5000 * pass++)]] };
    };
    const fields: Field[] = [{ name: "text", type: "string", nullable: false }];
    await expect(joined(writeHdf5({ fields }, changing, 1))).rejects.toThrow(RangeError);
  });
});

describe("a collection of a heap", () => {
  it("has the least size of the format, and room for the header of its free space", () => {
    for (let length = 3904; length < 4200; length += 8) {
      const heap = new HeapWriter(0);
      heap.add(new Uint8Array(length), length, new Uint8Array(16), 0);
      const bytes = heap.take(true);
      expect(bytes.length, `${length}`).toBeGreaterThanOrEqual(4096);
      const free = bytes.length - 32 - length;
      expect(free === 0 || free >= 16, `${free} bytes are free`).toBe(true);
      if (free > 0) expect(new DataView(bytes.buffer).getUint32(32 + length + 8, true)).toBe(free);
    }
  });
});

describe("a tree of chunks", () => {
  it.each([1, 64, 65, 5000])("finds each of %i, and no other", async (count) => {
    const addresses = Array.from({ length: count }, (_, at) => 1_000_000 + at * 64);
    const start = 48;
    const { bytes, root } = chunkTree({ addresses, chunkRows: 10, chunkBytes: 80, rank: 2 }, start);
    const whole = new Uint8Array(start + bytes.length);
    whole.set(superblock(0, whole.length));
    whole.set(bytes, start);
    const { file } = await openSuperblock(sourceOf(whole), nodePlatform);
    for (let chunk = 0; chunk < count; chunk += Math.ceil(count / 500))
      expect(await findInTree1(file, root, [10, 1], [chunk, 0])).toEqual({
        address: addresses[chunk],
        size: 80,
        mask: 0,
      });
    expect(await findInTree1(file, root, [10, 1], [count, 0])).toBeNull();
    expect(await findInTree1(file, root, [10, 1], [0, 1])).toBeNull();
  });
});
