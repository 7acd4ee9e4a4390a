import { describe, expect, it } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import { exportTable, type Known } from "../../../../domain/datasets/formats/convert.ts";
import type { ExportFormat } from "../../../../domain/datasets/formats/format-names.ts";
import { readerOf } from "../../../../domain/datasets/formats/formats.ts";
import type { ColumnType, Field } from "../../../../domain/datasets/schema.ts";
import type { Cell, Table } from "../../../../domain/datasets/table.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { type Column, profiled, tableFrom, written } from "./exported.ts";
import { cellsOf, joined, tableOf } from "./tables.ts";

const int = (name: string, cells: Cell[], type: ColumnType = "int64"): Column => ({
  field: { name, type, nullable: true },
  cells,
});

/** How often each export goes through the rows before its first byte is asked for. */
async function passesBefore(
  columns: Column[],
  format: ExportFormat,
  known?: Known,
): Promise<number> {
  let passes = 0;
  const table = tableFrom(columns);
  // As of CSV, whose rows only reading tells.
  const counted: Table = {
    ...table,
    rows: null,
    batches: (range) => {
      passes++;
      return table.batches(range);
    },
  };
  await exportTable(counted, format, known === undefined ? {} : { known });
  return passes;
}

describe("integers that miss a value", () => {
  const columns = [int("n", [1n, 2n ** 53n - 1n, null]), int("other", [1n, 2n, 3n])];

  it.each(["numpy", "hdf5", "mat"] as const)("are float64 with NaN in %s", async (format) => {
    const bytes = await written(columns, format);
    if (typeof bytes === "string") throw new Error(bytes);
    const back = await readerOf(format, nodePlatform).read(sourceOf(bytes), {});
    expect(back.schema.fields.map(({ type }) => type)).toEqual(["float64", "int64"]);
    expect(await cellsOf(back)).toEqual([
      [1, 2 ** 53 - 1, Number.NaN],
      [1n, 2n, 3n],
    ]);
  });

  it("are refused where float64 would round one, with the column and the way out", async () => {
    const rounded = tableFrom([int("n", [2n ** 53n, null])]);
    await expect(exportTable(rounded, "numpy")).rejects.toMatchObject({
      problem: {
        code: "option_invalid",
        field: "n",
        message: expect.stringMatching(/"n" \(int64\).* 1 of its rows.*NumPy.*2\^53.*parquet/),
      },
    });
  });

  it.each([
    [2n ** 53n, "greatest"],
    [-(2n ** 60n), "least"],
  ])("are refused for %s, the %s, by what is known of them alone", async (far) => {
    const columns = [int("n", [far, 5n, null])];
    const known = await profiled(tableFrom(columns));
    expect(await written(columns, "hdf5", known)).toBe("n");
    expect(await written([int("n", [far % 1000n, 5n, null])], "hdf5")).not.toBe("n");
  });

  it("keep their type where a version's profile says that none is missing", async () => {
    const whole = [int("n", [1n, 2n ** 60n]), int("other", [1n, 2n])];
    const known = await profiled(tableFrom(whole));
    expect([await passesBefore(whole, "numpy"), await passesBefore(whole, "numpy", known)]).toEqual(
      [2, 0],
    );
    const bytes = await written(whole, "numpy", known);
    const back = await readerOf("numpy", nodePlatform).read(sourceOf(bytes as Uint8Array), {});
    expect(await cellsOf(back)).toEqual(whole.map(({ cells }) => cells));
  });

  it("are not known of a range by the profile of the whole", async () => {
    const known = await profiled(tableFrom(columns));
    const table = tableOf({ fields: columns.map(({ field }) => field) }, [
      [1n, 2n, null],
      [1n, 2n, 3n],
    ]);
    const { chunks } = await exportTable(table, "numpy", { range: { limit: 2 }, known });
    const back = await readerOf("numpy", nodePlatform).read(sourceOf(await joined(chunks)), {});
    expect(back.schema.fields.map(({ type }) => type)).toEqual(["int64", "int64"]);
  });
});

describe("times that miss a value", () => {
  const days = [int("day", [0, 20_000, null], "date"), int("time", [0n, 5n, null], "timestamp")];

  it("are numbers with the unit that other programs know in HDF5, and NaT in numpy", async () => {
    const read = async (format: ExportFormat) => {
      const bytes = (await written(days, format)) as Uint8Array;
      return readerOf(format, nodePlatform).read(sourceOf(bytes), {});
    };
    const hdf5 = await read("hdf5");
    expect(hdf5.schema.fields.map(({ type, unit }) => [type, unit])).toEqual([
      ["float64", "days since 1970-01-01"],
      ["float64", "microseconds since 1970-01-01 00:00:00 UTC"],
    ]);
    expect(await cellsOf(await read("numpy"))).toEqual(days.map(({ cells }) => cells));
  });
});

it("a sequence that is missing is refused in HDF5, by every type's rule", async () => {
  for (const type of ["int8", "float32"] as const) {
    const field: Field = { name: "s", type, nullable: true, shape: [null] };
    const refusal = exportTable(tableFrom([{ field, cells: [null] }]), "hdf5");
    await expect(refusal).rejects.toMatchObject({
      problem: { code: "option_invalid", field: "s", message: expect.stringContaining("HDF5") },
    });
  }
});

describe("a tensor that is larger than a page of Parquet", () => {
  const rows = (shape: (number | null)[], lengths: number[]): Column[] => [
    {
      field: { name: "signal", type: "float64", nullable: false, shape },
      cells: lengths.map((length) => ({ dims: [length], data: new Float64Array(length) })),
    },
  ];
  const most = 2 ** 21;

  it("is refused by its shape, or found by looking at each", async () => {
    expect(await written(rows([most + 1], [most + 1]), "parquet")).toBe("signal");
    const last = rows([null], [1, 1, 1, most + 1]);
    await expect(exportTable(tableFrom(last), "parquet")).rejects.toMatchObject({
      problem: { code: "option_invalid", field: "signal", row: 3 },
    });
    expect(await written(last, "parquet", await profiled(tableFrom(last)))).toBe("signal");
  });

  it("is not looked for where all elements together are fewer", async () => {
    const small = rows([null], [1, 2, 3]);
    const known = await profiled(tableFrom(small));
    expect(await passesBefore(small, "parquet", known)).toBe(1);
    expect(await passesBefore(small, "parquet")).toBe(2);
  });
});

it("JSON that looks like a tensor is JSON in Parquet", async () => {
  const cells: Cell[] = [{ dims: [1], data: [5] }, { data: "x" }];
  const bytes = await written([int("j", cells, "json")], "parquet");
  const back = await readerOf("parquet", nodePlatform).read(sourceOf(bytes as Uint8Array), {});
  expect(await cellsOf(back)).toEqual([cells]);
});
