import { describe, expect, it } from "vitest";
import { exportTable } from "../../../../domain/datasets/formats/convert.ts";
import { EXPORT_FORMATS } from "../../../../domain/datasets/formats/format-names.ts";
import { FORMAT_TABLE, readerOf } from "../../../../domain/datasets/formats/formats.ts";
import { sniffFormat } from "../../../../domain/datasets/formats/sniff-format.ts";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import type { Field, Schema } from "../../../../domain/datasets/schema.ts";
import type { Table } from "../../../../domain/datasets/table.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { randomColumns } from "./random-tables.ts";
import { cellsOf, joined, tableOf, vector } from "./tables.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** What every format can hold. */
const schema: Schema = {
  fields: [
    { name: "n", type: "int64", nullable: false },
    { name: "x", type: "float64", nullable: false },
  ],
};
const columns = [
  [3n, -(2n ** 53n), 5n],
  [0.5, -1e300, 1 / 3],
];

async function exported(table: Table, format: (typeof EXPORT_FORMATS)[number], range = {}) {
  const file = await exportTable(table, format, { range });
  return { ...file, bytes: await joined(file.chunks) };
}

describe("the table of formats", () => {
  it("every extension belongs to one format", () => {
    const extensions = Object.values(FORMAT_TABLE).flatMap((entry) => entry.extensions);
    expect(new Set(extensions).size).toBe(extensions.length);
  });

  it("those that are exported are those that are written", () => {
    const written = Object.entries(FORMAT_TABLE).filter(([, { writer }]) => writer !== null);
    expect(written.map(([format]) => format).sort()).toEqual([...EXPORT_FORMATS].sort());
  });

  it("pickle has no reader", () => {
    expect(() => readerOf("pickle", nodePlatform)).toThrow(/never loaded/);
  });
});

describe("telling a format", () => {
  it.each([
    ["parquet", vector("snappy-dictionary-v1.parquet"), ""],
    ["mat", vector("mat/scipy-plain.mat"), ""],
    ["mat", vector("mat/big_endian.mat"), "x.csv"],
    ["mat", vector("mat/hdf5storage-7.3.mat"), ""],
    ["mat", vector("mat/testvec_4_GLNX86.mat"), "x.MAT"],
    ["json", text('\n {"a":1}\n'), ""],
    ["json", text("\u{feff}[1]"), ""],
    ["csv", text("a,b\n1,2\n"), ""],
    ["csv", text("{a},b\n1,2\n"), "x.csv"],
    ["pickle", Uint8Array.of(0x80, 4, 0x95, 1, 0), ""],
    ["pickle", text("(lp0\n."), "model.pkl"],
    ["numpy", text("not yet known"), "x.npz"],
    [undefined, new Uint8Array(9), ""],
    [undefined, new Uint8Array(0), ""],
    [undefined, Uint8Array.of(0x50, 0x4b, 3, 4, ...new Uint8Array(60)), "x.docx"],
  ])("%s", (format, bytes, name) => {
    expect(sniffFormat(bytes.subarray(0, 4096), name)).toBe(format);
  });

  it.each(EXPORT_FORMATS)("%s by what was written", async (format) => {
    const { bytes } = await exported(tableOf(schema, columns), format);
    expect(sniffFormat(bytes)).toBe(format);
  });
});

describe("a table as another format", () => {
  it.each(EXPORT_FORMATS)("%s gives the same numbers back", async (format) => {
    const { bytes, extension, mediaType } = await exported(tableOf(schema, columns), format);
    const back = await readerOf(format, nodePlatform).read(sourceOf(bytes), {});
    expect(back.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "n int64",
      "x float64",
    ]);
    expect(await cellsOf(back)).toEqual(columns);
    expect(FORMAT_TABLE[format].extensions[0]).toBe(extension);
    expect(mediaType).toMatch(/^[a-z]+\/[a-z0-9.-]+/);
  });

  it.each(EXPORT_FORMATS)(
    "%s of some rows and columns, whether the table knows its rows or not",
    async (format) => {
      for (const rows of [null, 3]) {
        const table = { ...tableOf(schema, columns), rows };
        const { bytes } = await exported(table, format, { from: 1, limit: 5, columns: ["x"] });
        const back = await readerOf(format, nodePlatform).read(sourceOf(bytes), {});
        expect(await cellsOf(back)).toEqual([[-1e300, 1 / 3]]);
      }
    },
  );

  it.each(["csv", "json", "parquet", "hdf5"] as const)(
    "%s of signals gives them back",
    async (format) => {
      const signals: Schema = {
        fields: [
          { name: "label", type: "string", nullable: false },
          {
            name: "signal",
            type: "float32",
            nullable: false,
            shape: [16],
            sampling_rate_hz: 12_000,
          },
        ],
      };
      const cells = randomColumns("signals", signals, 9);
      const { bytes } = await exported(tableOf(signals, cells), format);
      const back = await readerOf(format, nodePlatform).read(sourceOf(bytes), { schema: signals });
      expect(await cellsOf(back)).toEqual(cells);
    },
  );

  const refused: Field = { name: "bytes", type: "binary", nullable: false };
  it.each(["mat", "numpy"] as const)(
    "%s refuses a column before the first byte",
    async (format) => {
      const table = tableOf({ fields: [refused] }, [[new Uint8Array(2)]]);
      await expect(exportTable(table, format)).rejects.toMatchObject({
        problem: { field: "bytes" },
      });
    },
  );

  it("a column that is not there is refused by name", async () => {
    await expect(
      exportTable(tableOf(schema, columns), "csv", { range: { columns: ["z"] } }),
    ).rejects.toMatchObject({ problem: { code: "column_unknown", field: "z" } });
  });

  it("stops reading when nobody takes the rest", async () => {
    let open = 0;
    const table: Table = {
      schema,
      rows: 300_000,
      warnings: [],
      async *batches() {
        open++;
        try {
          for (let i = 0; i < 100_000; i++) yield { rows: 3, columns };
        } finally {
          open--;
        }
      },
    };
    const file = await exportTable(table, "csv");
    expect(open).toBe(1);
    for await (const chunk of file.chunks) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(open).toBe(0);
  });
});
