import { describe, expect, it } from "vitest";
import { areSignals } from "../../../../domain/datasets/formats/hdf5/signal-table.ts";
import type { ByteSource } from "../../../../domain/datasets/byte-source.ts";
import type { Cell, TensorCell } from "../../../../domain/datasets/table.ts";
import { cellsOf, readTable, vector, vectorJson } from "./hdf5-file.ts";

const signals = Object.entries(vectorJson("signals.json")).map(
  ([path, samples]) => [path, Float32Array.from(samples as string[], Number)] as const,
);

describe.each(["signals-earliest.h5", "signals-latest.h5"])("a file of signals (%s)", (name) => {
  it("has a row for each signal, with its place, samples and attributes", async () => {
    const table = await readTable(vector(name));
    expect(table.schema.fields).toEqual([
      { name: "path", type: "string", nullable: false },
      { name: "group", type: "string", nullable: false },
      { name: "signal", type: "float32", nullable: false, shape: [null], sampling_rate_hz: 12_000 },
      { name: "fs", type: "float64", nullable: false },
      { name: "load", type: "int64", nullable: false },
      { name: "note", type: "string", nullable: false },
    ]);
    const cells = await cellsOf(table);
    expect(cells["path"]).toEqual(signals.map(([path]) => path));
    expect(cells["group"]).toEqual(signals.map(([path]) => path.split("/")[0]));
    expect(cells["signal"]).toEqual(signals.map(([, data]) => ({ dims: [data.length], data })));
    expect(cells["load"]).toEqual([0n, 1n, 0n, 1n, 2n]);
    expect(cells["note"]).toEqual(["n0", "n1", "n0", "n1", "n2"]);
    expect(table.warnings).toEqual([expect.stringContaining("name them in 'arrays'")]);
  });

  it("gives a slice of a signal, and ranges of rows and columns", async () => {
    const table = await readTable(vector(name));
    const samples = signals[1]?.[1];
    expect(await table.slice?.("signal", 1, 7, 11)).toEqual({
      dims: [4],
      data: samples?.slice(7, 11),
    });
    expect(await cellsOf(table, { from: 3, limit: 5, columns: ["load", "path"] })).toEqual({
      load: [1n, 2n],
      path: signals.slice(3).map(([path]) => path),
    });
    await expect(table.slice?.("signal", 1, 0, 1000)).rejects.toMatchObject({
      problem: { code: "option_invalid" },
    });
    await expect(table.slice?.("path", 1, 0, 1)).rejects.toMatchObject({
      problem: { code: "column_unknown" },
    });
  });

  it("has columns where they are asked for", async () => {
    const table = await readTable(vector(name), {
      arrays: ["/normal/sig_001"],
      sampling_rate_hz: 5,
    });
    const data = signals[3]?.[1];
    expect(table.schema.fields).toEqual([
      { name: "normal/sig_001", type: "float32", nullable: false },
    ]);
    expect((await cellsOf(table))["normal/sig_001"]).toEqual([...(data ?? [])]);
    await expect(
      readTable(vector(name), { arrays: ["normal/sig_000", "normal/sig_001"] }),
    ).rejects.toThrow("'normal/sig_001' has 25 rows and 'normal/sig_000' has 20");
    await expect(readTable(vector(name), { arrays: ["normal"] })).rejects.toMatchObject({
      problem: { code: "option_invalid", field: "arrays" },
    });
  });
});

/** Of tensors with 3 samples in 7 rows. */
const BAD_SLICES: [row: number, from: number, to: number][] = [
  [7, 0, 1],
  [0, -1, 1],
  [0, 2, 1],
  [0, 0, 4],
  [0.5, 0, 1],
];

describe("slices", () => {
  it("are part of the last axis of a row's tensor, of an array, a member or a sequence", async () => {
    const table = await readTable(vector("kinds-latest.h5"));
    const slice = async (...args: [string, number, number, number]): Promise<Cell> =>
      (await table.slice?.(...args)) ?? null;
    expect(await slice("arr", 6, 1, 3)).toEqual({
      dims: [2, 2],
      data: Float32Array.of(37, 38, 40, 41),
    });
    expect(await slice("arrtype", 2, 1, 2)).toEqual({ dims: [1], data: Int16Array.of(7) });
    expect(await slice("rec.inner.b", 3, 0, 1)).toEqual({ dims: [1], data: Float32Array.of(6) });
    expect(await slice("seq", 5, 2, 4)).toEqual({ dims: [2], data: Int16Array.of(-2, -3) });
    expect(await slice("arr", 0, 3, 3)).toEqual({ dims: [2, 0], data: new Float32Array(0) });
    for (const [row, from, to] of BAD_SLICES)
      await expect(slice("arr", row, from, to), `${row}: ${from} to ${to}`).rejects.toMatchObject({
        problem: { code: "option_invalid" },
      });
  });

  it("read the bytes of the slice, and not of the array", async () => {
    const bytes = vector("layouts-v110.h5");
    const ranges: number[] = [];
    const source: ByteSource = {
      size: bytes.length,
      read(offset, length) {
        ranges.push(length);
        return Promise.resolve(bytes.subarray(offset, offset + length));
      },
    };
    const table = await readTable(source, { arrays: ["single"] });
    await table.slice?.("single", 20, 0, 5);
    ranges.length = 0;
    const cell: TensorCell | undefined = await table.slice?.("single", 20, 1, 3);
    expect(cell?.data).toEqual(Int32Array.of(101 ** 2 % 97, 102 ** 2 % 97));
    expect(ranges).toEqual([8]);
  });
});

describe("arrays are signals", () => {
  const type = { kind: "number", size: 4, element: "float32", bigEndian: false } as const;
  const are = (...arrays: [path: string, ...shape: number[]][]): boolean =>
    areSignals(arrays.map(([path, ...shape]) => ({ path, shape, type, address: 0, place: null })));

  it("where none has the length of another, or all lie in groups of which there are several", () => {
    expect(are(["a", 5], ["b", 6], ["c", 7])).toBe(true);
    expect(are(["g/a", 5], ["g/b", 6], ["g/c", 6])).toBe(true);
    expect(are(["g/a", 5], ["h/b", 5])).toBe(true);
  });

  it("and columns everywhere else", () => {
    expect(are(["a", 5])).toBe(false);
    expect(are(["a", 5], ["b", 5], ["c", 6])).toBe(false);
    expect(are(["g/a", 5], ["g/b", 5])).toBe(false);
    expect(are(["g/a", 5], ["h/b", 5], ["c", 5])).toBe(false);
    expect(are(["a", 5, 2], ["b", 6, 2])).toBe(false);
  });
});

describe("what cannot be read", () => {
  const refusal = (name: string) => readTable(vector("refused.h5"), { arrays: [name] });

  it.each([
    ["elsewhere", "whose data lie in another file"],
    ["virtual", "which is virtual"],
    ["bits", "a bit field"],
    ["time", "a time"],
  ])("is refused by name: %s", async (name, message) => {
    await expect(refusal(name)).rejects.toThrow(message);
    await expect(refusal(name)).rejects.toMatchObject({ problem: { code: "file_unsupported" } });
  });

  it("is told where it was not asked for, and the rest is read", async () => {
    const table = await readTable(vector("refused.h5"));
    // h5py writes complex numbers as structures of two members.
    const names = table.schema.fields.map(({ name }) => name);
    expect(names).toEqual(["complex.r", "complex.i", "good", "lzf", "scaled", "three", "vax"]);
    const cells = await cellsOf(table, { columns: ["good", "three"] });
    expect(cells["good"]?.[22]).toBe(22);
    // Integers of three bytes.
    expect(cells["three"]).toEqual(Array.from({ length: 23 }, (_, at) => (at - 11) * 700_000));
    const told = table.warnings.map((warning) => /'(\w+)'[^']*$/.exec(warning)?.[1]);
    expect(told).toEqual(["bits", "elsewhere", "time", "virtual"]);
  });

  it("is a column that is not there", async () => {
    const table = await readTable(vector("kinds-latest.h5"));
    await expect(cellsOf(table, { columns: ["nothing"] })).rejects.toMatchObject({
      problem: { code: "column_unknown" },
    });
    await expect(refusal("nothing")).rejects.toThrow("there is no 'nothing'");
  });
});

describe("a declared schema", () => {
  it("is what the columns become, or refused by column", async () => {
    const schema = {
      fields: [{ name: "normal/sig_001", type: "float64" as const, nullable: false }],
    };
    const arrays = ["normal/sig_001"];
    const table = await readTable(vector("signals-earliest.h5"), { arrays, schema });
    expect(table.schema.fields[0]?.type).toBe("float64");
    const wrong = { fields: [{ name: "normal/sig_001", type: "bool" as const, nullable: false }] };
    await expect(
      readTable(vector("signals-earliest.h5"), { arrays, schema: wrong }),
    ).rejects.toMatchObject({
      problem: { code: "schema_mismatch", field: "normal/sig_001" },
    });
  });
});
