import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import { writeCsv } from "../../../../domain/datasets/formats/csv/write-csv.ts";
import { writeJson } from "../../../../domain/datasets/formats/json/write-json.ts";
import { parquetReader } from "../../../../domain/datasets/formats/parquet/parquet-reader.ts";
import { platform } from "../../../../workers/data/platform.ts";

const COLUMNS = 40;
const ROWS = 60_000;

/** One row group, whose pages are 19 MB together. */
const file = new Uint8Array(
  parquetWriteBuffer({
    columnData: Array.from({ length: COLUMNS }, (_, column) => ({
      name: `c${column}`,
      data: Float64Array.from({ length: ROWS }, (_, row) => (row * 7_919) % (1_000 + column)),
      type: "DOUBLE" as const,
      encoding: "PLAIN" as const,
    })),
    codec: "UNCOMPRESSED",
    rowGroupSize: ROWS,
    statistics: false,
  }),
);

describe("reading a Parquet file whose pages do not find room together", () => {
  it("reads each page a few times, and not for every batch", async () => {
    let read = 0;
    const bytes = sourceOf(file);
    const counted = {
      size: bytes.size,
      read(offset: number, length: number) {
        read += length;
        return bytes.read(offset, length);
      },
    };
    const table = await parquetReader(platform).read(counted, {});
    let rows = 0;
    let last: unknown;
    for await (const batch of table.batches()) {
      expect(batch.rows).toBeLessThanOrEqual(4_096);
      rows += batch.rows;
      last = batch.columns.at(-1)?.[batch.rows - 1];
    }
    expect(rows).toBe(ROWS);
    expect(last).toBe(((ROWS - 1) * 7_919) % (1_000 + COLUMNS - 1));
    expect(read / bytes.size).toBeLessThan(6);
  });
});

describe("a Parquet file whose dictionary gives every row the same long text", () => {
  const text = "x".repeat(10_000);
  const rows = 2_000;
  const file = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "text", data: Array.from({ length: rows }, () => text), type: "STRING" },
      ],
    }),
  );

  it("is read in batches, and written in pieces, of what it stands for", async () => {
    expect(file.length).toBeLessThan(30_000);
    const table = await parquetReader(platform).read(sourceOf(file), {});
    for await (const batch of table.batches())
      expect(batch.rows * text.length).toBeLessThan(2 ** 21 + text.length);
    for (const write of [writeCsv, writeJson]) {
      let bytes = 0;
      for await (const piece of write(table.schema, table.batches())) {
        expect(piece.length).toBeLessThan(2 ** 19);
        bytes += piece.length;
      }
      expect(bytes).toBeGreaterThan(rows * text.length);
    }
  });
});
