import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import { numpyReader } from "../../../../domain/datasets/formats/numpy/numpy-reader.ts";
import { writeNpy } from "../../../../domain/datasets/formats/numpy/write-npy.ts";
import type { ColumnType, Field } from "../../../../domain/datasets/schema.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import { batchesOf, bytesOf, columnsOf, problemOf } from "../../../fixtures/dataset-tables.ts";
import { vectorBytes } from "../../../fixtures/dataset-vectors.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { CELLS, tensorOf } from "../../../fixtures/random-columns.ts";

const write = (fields: Field[], cells: Cell[][], rows: number): Promise<Uint8Array> =>
  bytesOf(writeNpy({ fields }, () => batchesOf(cells, rows), rows));

const read = async (bytes: Uint8Array): Promise<{ fields: Field[]; cells: Cell[][] }> => {
  const table = await numpyReader(nodePlatform).read(sourceOf(bytes), {});
  return { fields: table.schema.fields, cells: await columnsOf(table) };
};

const NOT_WRITTEN: ColumnType[] = ["binary", "json"];
const TIMES: ColumnType[] = ["date", "timestamp"];

/** What a .npy file can hold: numbers and texts without nulls, times with them. */
const columns = (rows: number): fc.Arbitrary<{ field: Field; cells: Cell[] }[]> => {
  const types = (Object.keys(CELLS) as ColumnType[]).filter((type) => !NOT_WRITTEN.includes(type));
  const column = fc
    .record({
      type: fc.constantFrom(...types),
      shape: fc.constantFrom<number[][]>([], [2], [2, 3]),
    })
    .chain(({ type, shape }) => {
      const isTime = TIMES.includes(type);
      const isTensor = shape.length > 0 && !isTime && type !== "string";
      const value = isTensor ? tensorOf(type, shape) : CELLS[type];
      const cell = isTime ? fc.option<Cell>(value, { nil: null }) : value;
      const made = { type, nullable: isTime, ...(isTensor ? { shape } : {}) };
      return fc
        .array<Cell>(
          cell.filter((value) => typeof value !== "string" || !value.endsWith("\0")),
          { minLength: rows, maxLength: rows },
        )
        .map((cells) => ({ made, cells }));
    });
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 });
  return fc
    .tuple(
      fc.array(column, { minLength: 2, maxLength: 5 }),
      fc.uniqueArray(name, { minLength: 5, maxLength: 5 }),
    )
    .map(([columns, names]) =>
      columns.map(({ made, cells }, at) => ({ field: { name: names[at] ?? "", ...made }, cells })),
    );
};

test("what is written is read back, with its types and names", () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 7 }).chain((rows) => fc.tuple(fc.constant(rows), columns(rows))),
      async ([rows, columns]) => {
        const fields = columns.map(({ field }) => field);
        const cells = columns.map((column) => column.cells);
        expect(await read(await write(fields, cells, rows))).toEqual({ fields, cells });
      },
    ),
    { numRuns: 150 },
  ));

test("one column is an array of its own, byte for byte as numpy writes it", async () => {
  const field: Field = { name: "any", type: "int32", nullable: false };
  expect(await write([field], [[0, 1, 2]], 3)).toEqual(vectorBytes("numpy/version-1.npy"));
  const tensors: Field = { name: "any", type: "float32", nullable: false, shape: [3] };
  expect(await write([tensors], [[]], 0)).toEqual(vectorBytes("numpy/empty.npy"));
});

test("no value is NaN in a float", async () => {
  const field: Field = { name: "x", type: "float64", nullable: true };
  const { cells } = await read(await write([field], [[1, null]], 2));
  expect(cells).toEqual([[1, Number.NaN]]);
});

const REFUSED: [why: string, field: Partial<Field>, cells: Cell[]][] = [
  ["no value in a column of integers", { type: "int8", nullable: true }, [1, null]],
  ["bytes", { type: "binary" }, [new Uint8Array(1)]],
  ["JSON", { type: "json" }, [1]],
  ["tensors of differing sizes", { type: "int8", shape: [null] }, []],
  [
    "another shape than the column's",
    { type: "int8", shape: [2] },
    [{ dims: [1], data: new Int8Array(1) }],
  ],
  ["a text that ends in a zero", { type: "string" }, ["a\0"]],
];
for (const [why, field, cells] of REFUSED)
  test(`${why} is refused with the column's name`, async () => {
    const column: Field = { name: "x", type: "int8", nullable: false, ...field };
    const problem = await problemOf(write([column], [cells], cells.length));
    expect(problem).toMatchObject({ code: "option_invalid", field: "x" });
  });

test("other rows than were promised are a mistake of the caller's", async () => {
  const field: Field = { name: "x", type: "int8", nullable: false };
  const wrong = bytesOf(writeNpy({ fields: [field] }, () => batchesOf([[1, 2]], 2), 3));
  await expect(wrong).rejects.toThrow(RangeError);
});
