import { describe, expect, test } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import { numpyReader } from "../../../../domain/datasets/formats/numpy/numpy-reader.ts";
import type { Json } from "../../../../domain/datasets/table.ts";
import {
  columnsOf,
  endsWell,
  problemOf,
  readColumns,
  typesOf,
} from "../../../fixtures/dataset-tables.ts";
import { cellAsVector, vectorBytes, vectorJson } from "../../../fixtures/dataset-vectors.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";

type Vectors = { files: Record<string, { columns: Json[][]; types: string[]; warnings: number }> };

const { files } = vectorJson("numpy/numpy.json") as Vectors;
const reader = numpyReader(nodePlatform);

describe("files that numpy has written", () => {
  for (const [name, { columns, types, warnings }] of Object.entries(files))
    test(`${name} has numpy's values`, async () => {
      const table = await reader.read(sourceOf(vectorBytes(`numpy/${name}`)), {});
      expect(typesOf(table.schema)).toEqual(types);
      expect(table.rows).toBe(columns[0]?.length);
      expect(table.warnings).toHaveLength(warnings);
      const cells = await columnsOf(table);
      expect(cells.map((column) => column.map(cellAsVector))).toEqual(columns);
    });
});

test("rows and columns are picked, compressed or not", async () => {
  for (const name of ["stored.npz", "deflated.npz"]) {
    const table = await reader.read(sourceOf(vectorBytes(`numpy/${name}`)), {});
    const [label, x] = await columnsOf(table, { from: 30, limit: 2, columns: ["label", "x"] });
    expect([label, x]).toEqual([
      ["class 0 é", "class 1 é"],
      [210n, 217n],
    ]);
  }
});

test("arrays are picked, and told where they are not", async () => {
  const source = sourceOf(vectorBytes("numpy/stored.npz"));
  const { schema, warnings } = await reader.read(source, {
    arrays: ["other"],
    sampling_rate_hz: 50,
  });
  expect(schema.fields).toEqual([
    { name: "other", type: "float64", nullable: false, shape: [2], sampling_rate_hz: 50 },
  ]);
  expect(warnings).toEqual([expect.stringContaining("objects")]);
  const unknown = await problemOf(reader.read(source, { arrays: ["none"] }));
  expect(unknown).toMatchObject({ code: "option_invalid", field: "arrays" });
  const differing = await problemOf(reader.read(source, { arrays: ["x", "other"] }));
  expect(differing.message).toContain("50 and 3 rows");
});

test("a part of a tensor is read alone", async () => {
  const bytes = vectorBytes("numpy/c-order.npy");
  const reads: number[] = [];
  const source = {
    size: bytes.length,
    read: async (offset: number, length: number) => {
      reads.push(length);
      return sourceOf(bytes).read(offset, length);
    },
  };
  const table = await reader.read(source, {});
  const [rows] = await columnsOf(table);
  reads.length = 0;
  const part = await table.slice?.("value", 3, 1, 3);
  const whole = rows?.[3] as { data: BigInt64Array };
  expect(part).toEqual({
    dims: [2, 2],
    data: BigInt64Array.of(...[1, 2, 4, 5].map((at) => whole.data[at] ?? 0n)),
  });
  expect(reads).toEqual([16, 16]);
  const outside = await problemOf(table.slice?.("value", 4, 0, 1) ?? Promise.resolve());
  expect(outside).toMatchObject({ code: "option_invalid", field: "value" });
});

test("a schema gives the types that were declared, where the values allow it", async () => {
  const source = sourceOf(vectorBytes("numpy/version-1.npy"));
  const field = { name: "value", type: "float64" as const, nullable: false };
  expect(await readColumns(numpyReader, source, { schema: { fields: [field] } })).toEqual([
    [0, 1, 2],
  ]);
  const other = { ...field, type: "string" as const };
  const problem = await problemOf(reader.read(source, { schema: { fields: [other] } }));
  expect(problem).toMatchObject({ code: "schema_mismatch", field: "value" });
});

test("arrays of Python objects are never loaded", async () => {
  const problem = await problemOf(reader.read(sourceOf(vectorBytes("numpy/objects.npy")), {}));
  expect(problem.code).toBe("file_unsupported");
  expect(problem.message).toContain("never loaded");
});

test("every beginning of a file is refused", async () => {
  for (const name of ["version-3.npy", "texts-and-times.npy", "deflated.npz"]) {
    const bytes = vectorBytes(`numpy/${name}`);
    const step = Math.ceil(bytes.length / 400);
    for (let length = 0; length < bytes.length; length += step)
      expect(await endsWell(readColumns(numpyReader, bytes.subarray(0, length)))).toBe(false);
  }
});
