import { describe, expect, it } from "vitest";
import type { Cell, TensorCell } from "../../../../domain/datasets/table.ts";
import { cellsOf, datasetOf, openVector, readTable, vector, vectorJson } from "./hdf5-file.ts";

const expected = vectorJson("kinds.json");

/** A cell as the oracle has it: numbers as texts, bytes as hexadecimal, tensors as lists. */
function told(cell: Cell): unknown {
  if (typeof cell === "number" || typeof cell === "bigint") return Number(cell);
  if (cell instanceof Uint8Array) return ["hex", Buffer.from(cell).toString("hex")];
  if (cell !== null && typeof cell === "object" && "dims" in cell) {
    const { dims, data } = cell as TensorCell;
    return nested(Array.from<number | bigint, number>(data, Number), dims);
  }
  return cell;
}

function nested(values: number[], [size = 0, ...rest]: number[]): unknown[] {
  if (rest.length === 0) return values;
  const step = values.length / size;
  return Array.from({ length: size }, (_, at) =>
    nested(values.slice(at * step, (at + 1) * step), rest),
  );
}

/** The oracle's texts of numbers as numbers. */
const numbers = (value: unknown): unknown =>
  Array.isArray(value) && value[0] !== "hex"
    ? value.map(numbers)
    : Array.isArray(value)
      ? value
      : Number(value);

describe.each(["kinds-earliest.h5", "kinds-latest.h5"])("the types of %s", (name) => {
  it("are the cells that h5py reads", async () => {
    const cells = await cellsOf(await readTable(vector(name)));
    const types = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"];
    for (const column of [
      ...types.flatMap((type) => [`le_${type}`, `be_${type}`]),
      "arr",
      "arrtype",
      "seq",
    ])
      expect(cells[column]?.map(told), column).toEqual(numbers(expected[column]));
    for (const column of ["fixed", "text", "raw", "flag"])
      expect(cells[column]?.map(told), column).toEqual(expected[column]);
    expect(cells["colour"]).toEqual(["RED", "GREEN", "BLUE", "RED", "GREEN", "7", "RED"]);
    const records = expected["rec"] as {
      id: string;
      at: string;
      name: string;
      inner: { a: string; b: string[] };
    }[];
    expect(cells["rec.id"]).toEqual(records.map(({ id }) => Number(id)));
    expect(cells["rec.at"]).toEqual(records.map(({ at }) => Number(at)));
    expect(cells["rec.name"]).toEqual(records.map((record) => record.name));
    expect(cells["rec.inner.a"]).toEqual(records.map(({ inner }) => Number(inner.a)));
    expect(cells["rec.inner.b"]?.map(told)).toEqual(
      records.map(({ inner }) => inner.b.map(Number)),
    );
  });

  it("keep 64 bits, infinities and the sign of zero apart", async () => {
    const cells = await cellsOf(await readTable(vector(name)));
    expect(cells["be_i8"]?.slice(1, 4)).toEqual([-5n, -(2n ** 63n), 2n ** 63n - 1n]);
    expect(cells["le_u8"]?.[3]).toBe(2n ** 64n - 1n);
    expect(cells["be_f2"]?.slice(1, 4)).toEqual([Number.NaN, -Infinity, 2 ** -24]);
  });

  it("are the schema's, with the units and the sampling rates of the attributes", async () => {
    const { schema } = await readTable(vector(name));
    const field = (wanted: string) => schema.fields.find((candidate) => candidate.name === wanted);
    expect(field("le_f8")).toEqual({ name: "le_f8", type: "float64", nullable: false, unit: "V" });
    expect(field("arr")).toEqual({
      name: "arr",
      type: "float32",
      nullable: false,
      shape: [2, 3],
      sampling_rate_hz: 12_000,
      unit: "g",
    });
    expect(field("seq")).toMatchObject({ type: "int16", shape: [null] });
    expect(field("flag")?.type).toBe("bool");
    expect(field("raw")?.type).toBe("binary");
  });

  it("tell what is no column", async () => {
    const { warnings, rows } = await readTable(vector(name));
    expect(rows).toBe(7);
    expect(warnings).toEqual([
      "'nothing' has no elements and was not read",
      "'scalar' is a single value and was not read",
      "'other_length' has the sizes 5, and not 7 rows as most arrays: it was not read",
      "HDF5: references to other objects in 'ref' cannot be read here; it was left out of the table",
    ]);
  });

  it("lead a reference to its object", async () => {
    const file = await openVector(name);
    const [first, second] = await (await datasetOf(file, "ref")).read();
    expect(second).toBeNull();
    const target = await file.dereference(first as bigint);
    expect(target.kind === "dataset" && (await target.read())[1]).toBe("bc");
  });

  it("read a scalar as one element, and a null array as none", async () => {
    const file = await openVector(name);
    expect(await (await datasetOf(file, "scalar")).read()).toEqual(Float64Array.of(3.5));
    expect(await (await datasetOf(file, "nothing")).read()).toEqual([]);
  });
});
