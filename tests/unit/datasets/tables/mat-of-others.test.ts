import { describe, expect, it } from "vitest";
import { matReader } from "../../../../domain/datasets/formats/mat/mat-reader.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import type { TensorCell } from "../../../../domain/datasets/table.ts";
import { cellsOf, plain, readBytes, vector, vectorJson } from "./tables.ts";

type Expected = Record<string, Record<string, { shape: number[]; data: unknown[] }>>;

const expected = vectorJson("mat-expected.json") as Expected;
const read = (name: string, arrays?: string[]) =>
  readBytes(matReader, vector(`mat/${name}.mat`), arrays === undefined ? {} : { arrays });

const flat = (cell: Cell): unknown[] => {
  const value = plain(cell);
  return typeof value === "object" && value !== null && "data" in value
    ? (value.data as unknown[])
    : [value];
};

/** An array's name without what tells the parts of complex numbers apart. */
const variable = (name: string): string => name.replace(/\.(real|imag)$/, "");

describe("MAT files of MATLAB, SciPy and hdf5storage", () => {
  it.each(Object.keys(expected))("%s: every array", async (name) => {
    for (const [array, { shape, data }] of Object.entries(expected[name] ?? {})) {
      const table = await read(name, [variable(array)]);
      const place = table.schema.fields.findIndex((field) => field.name === array);
      const field = table.schema.fields[place];
      const cells = (await cellsOf(table))[place] ?? [];
      const isVector = shape.length <= 2 && shape.some((size) => size === 1);
      expect(cells.length).toBe(isVector ? Math.max(...shape) : shape[0]);
      if (field?.shape !== undefined) expect(field.shape).toEqual(shape.slice(1));
      // SciPy tells logical values as the bytes that they lie in.
      const values = cells
        .flatMap(flat)
        .map((value) => (typeof value === "boolean" ? +value : value));
      const wanted = data.map((value) => (typeof value === "boolean" ? +value : value));
      expect({ [array]: values.map(String) }).toEqual({ [array]: wanted.map(String) });
    }
  });

  it("the vectors of one length are the columns, and the rest is told", async () => {
    for (const name of ["scipy-plain", "scipy-compressed"]) {
      const table = await read(name);
      expect(table.rows).toBe(24);
      expect(
        table.schema.fields.map(({ name, type, shape }) =>
          `${name} ${type} ${shape?.join("x") ?? ""}`.trim(),
        ),
      ).toEqual([
        "X097_DE_time float64",
        "X097_FE_time float64",
        "label int8",
        "big int64",
        "u uint64",
        "names string",
        "windows int16 2x3",
        "single float32",
      ]);
      expect(table.warnings).toEqual([
        "X097RPM = 1796",
        "wide (4 x 5 float64) has another number of rows, and is not in the table; the option arrays picks it",
      ]);
    }
  });

  it("rows and columns from any place on, forwards and backwards in what is compressed", async () => {
    const names = expected["scipy-plain"]?.["names"]?.data ?? [];
    const plainTable = await read("scipy-plain");
    const compressed = await read("scipy-compressed");
    for (const table of [plainTable, compressed])
      for (const from of [20, 0, 7, 6, 23])
        expect(await cellsOf(table, { from, limit: 2, columns: ["names"] })).toEqual([
          names.slice(from, from + 2),
        ]);
    for (const from of [20, 0, 7, 23])
      for (const columns of [["names", "windows"], ["X097_FE_time"], ["u", "label", "names"]])
        expect(await cellsOf(compressed, { from, limit: 5, columns })).toEqual(
          await cellsOf(plainTable, { from, limit: 5, columns }),
        );
  });

  it("classes become types: logical bool, characters texts, structures their fields", async () => {
    const types = async (name: string): Promise<string[]> =>
      (await read(name)).schema.fields.map((field) => `${field.name} ${field.type}`);
    expect(await types("testbool_8_WIN64")).toEqual(["testbools bool"]);
    expect(await types("logical_sparse")).toEqual(["sp_log_5_4 bool"]);
    expect(await types("testsimplecell")).toEqual(["s.mycell string"]);
    expect(await types("testcomplex_7.4_GLNX86")).toEqual([
      "testcomplex.real float64",
      "testcomplex.imag float64",
    ]);
    expect(await types("hdf5storage-7.3")).toContain("s.a float64");
    expect((await read("testhdf5_7.4_GLNX86")).rows).toBe(9);
  });

  it("sparse matrices of version 4, with their zeros written out", async () => {
    const table = await read("scipy-sparse-4");
    const rows = async (column: string) =>
      (await cellsOf(table, { columns: [column] }))[0]?.map((cell) =>
        Array.from((cell as TensorCell).data as Float64Array),
      );
    expect(await rows("real")).toEqual([
      [0, 1.5, 0],
      [0, 0, 0],
      [0, 0, 0],
      [7, 0, 1e300],
      [0, 0, 0],
      [0, 0, -2],
    ]);
    expect(await rows("complex.real")).toEqual([
      [0, 0],
      [1, 0],
      [0, 0],
      [0, 0],
      [0, -0],
      [0, 0],
    ]);
    expect(await rows("complex.imag")).toEqual([
      [0, 0],
      [2, 0],
      [0, 0],
      [0, 0],
      [0, -3],
      [0, 0],
    ]);
    expect(table.warnings).toEqual([]);
  });

  it("a part of a tensor, compressed or not, of version 5 or 7.3", async () => {
    const rows = expected["scipy-plain"]?.["windows"]?.data ?? [];
    for (const name of ["scipy-plain", "scipy-compressed", "hdf5storage-7.3"]) {
      const table = await read(name);
      const part = await table.slice?.("windows", 5, 1, 3);
      const of = expected[name]?.["windows"]?.data ?? rows;
      const whole = of.slice(30, 36);
      expect(part?.dims).toEqual([2, 2]);
      expect(Array.from(part?.data as Int16Array)).toEqual([
        whole[1],
        whole[2],
        whole[4],
        whole[5],
      ]);
      await expect(table.slice?.("windows", 5, 1, 4)).rejects.toMatchObject({
        problem: { code: "option_invalid", field: "windows" },
      });
    }
  });

  it("a sampling rate that is given is that of the tensors", async () => {
    const table = await readBytes(matReader, vector("mat/scipy-plain.mat"), {
      sampling_rate_hz: 12_000,
    });
    expect(table.schema.fields.filter((field) => field.sampling_rate_hz !== undefined)).toEqual([
      { name: "windows", type: "int16", nullable: false, shape: [2, 3], sampling_rate_hz: 12_000 },
    ]);
  });

  it("arrays that are not there, do not go together or cannot be read are refused by name", async () => {
    await expect(read("scipy-plain", ["nothing"])).rejects.toMatchObject({
      problem: { code: "column_unknown", field: "arrays" },
    });
    await expect(read("scipy-plain", ["wide", "label"])).rejects.toMatchObject({
      problem: { code: "option_invalid", field: "arrays" },
    });
    expect((await read("scipy-plain", ["wide"])).schema.fields).toEqual([
      { name: "wide", type: "float64", nullable: false, shape: [5] },
    ]);
  });
});
