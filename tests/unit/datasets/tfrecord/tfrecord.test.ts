import * as fc from "fast-check";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import {
  inferTfrecord,
  tfrecordReader,
} from "../../../../domain/datasets/formats/tfrecord/tfrecord-reader.ts";
import type { Field } from "../../../../domain/datasets/schema.ts";
import type { Json } from "../../../../domain/datasets/table.ts";
import {
  arriving,
  columnsOf,
  endsWell,
  problemOf,
  readColumns,
  typesOf,
  utf8,
} from "../../../fixtures/dataset-tables.ts";
import { cellAsVector, vectorBytes, vectorJson } from "../../../fixtures/dataset-vectors.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import {
  bytesField,
  example,
  framed,
  fileOf,
  int64s,
  packedFloats,
  packedInt64s,
} from "./make-tfrecord.ts";

type Vectors = { columns: Record<string, Json[]>; types: string[] };

const FILE = vectorBytes("tfrecord/examples.tfrecord");
const infer = inferTfrecord(nodePlatform);

describe("a file that another library has written", () => {
  const { columns, types } = vectorJson("tfrecord/examples.json") as Vectors;
  test("has its values, however it arrives", async () => {
    for (const piece of [1, 10, 100_000]) {
      const table = await tfrecordReader(nodePlatform).read(arriving(FILE, piece), {});
      expect(table.schema.fields.map(({ name }) => name)).toEqual(Object.keys(columns));
      expect(typesOf(table.schema)).toEqual(types);
      const cells = await columnsOf(table);
      expect(cells.map((column) => column.map(cellAsVector))).toEqual(Object.values(columns));
    }
  });

  test("has the schema that the whole file tells", async () => {
    const { schema, rows } = await infer(arriving(FILE, 7), {});
    expect([typesOf(schema), rows]).toEqual([types, 6]);
  });

  test("is read by rows and columns", async () => {
    const table = await tfrecordReader(nodePlatform).read(sourceOf(FILE), {});
    expect(await columnsOf(table, { from: 2, limit: 2, columns: ["label", "id"] })).toEqual([
      ["café 2", null],
      [0n, 1n],
    ]);
  });

  test("no changed byte goes unnoticed", async () => {
    for (let at = 0; at < FILE.length; at++) {
      const changed = Uint8Array.from(FILE);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(await endsWell(readColumns(tfrecordReader, changed))).toBe(false);
    }
  });

  test("every beginning is refused, or ends with a record", async () => {
    let tables = 0;
    for (let length = 0; length < FILE.length; length++)
      if (await endsWell(readColumns(tfrecordReader, FILE.subarray(0, length)))) tables++;
    expect(tables).toBe(5);
  });
});

test("a schema gives the types and shapes that were declared", async () => {
  const file = fileOf([
    example({
      image: packedInt64s([1n, 2n, 255n, 4n]),
      flag: packedInt64s([1n]),
      x: packedFloats([0.5]),
    }),
  ]);
  const declared = (field: Partial<Field>): Field => ({
    name: "image",
    type: "uint8",
    nullable: false,
    ...field,
  });
  const schema = {
    fields: [
      declared({ shape: [2, 2] }),
      declared({ name: "flag", type: "bool" }),
      declared({ name: "x", type: "float64" }),
    ],
  };
  expect(await readColumns(tfrecordReader, file, { schema })).toEqual([
    [{ dims: [2, 2], data: Uint8Array.of(1, 2, 255, 4) }],
    [true],
    [0.5],
  ]);
  for (const field of [declared({ shape: [3] }), declared({ type: "int8", shape: [4] })]) {
    const problem = await problemOf(
      readColumns(tfrecordReader, file, { schema: { fields: [field, ...schema.fields.slice(1)] } }),
    );
    expect(problem).toMatchObject({ code: "schema_mismatch", field: "image", row: 0 });
  }
});

test("numbers are read whether they are packed or each with a tag", async () => {
  const values = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 300n];
  const file = fileOf([example({ a: packedInt64s(values), b: int64s(values) })]);
  const cell = { dims: [5], data: BigInt64Array.from(values) };
  expect(await readColumns(tfrecordReader, file)).toEqual([[cell], [cell]]);
});

test("a later record that would change a guess ends the rows, and the whole file tells the columns", async () => {
  const early = Array.from({ length: 1000 }, () =>
    example({
      n: packedInt64s([1n]),
      text: bytesField([utf8("a")]),
      wave: packedFloats([1, 2]),
      none: new Uint8Array(0),
    }),
  );
  const changes: [late: Uint8Array, field: string, types: string[]][] = [
    [example({ n: packedInt64s([1n, 2n]) }), "n", ["int64[null]", "json", "string", "float32[2]"]],
    [
      example({ text: bytesField([Uint8Array.of(255)]) }),
      "text",
      ["int64", "json", "binary", "float32[2]"],
    ],
    [example({ text: bytesField([]) }), "text", ["int64", "json", "json", "float32[2]"]],
    [example({ wave: packedFloats([1]) }), "wave", ["int64", "json", "string", "float32[null]"]],
    [
      example({ none: bytesField([utf8("a")]) }),
      "none",
      ["int64", "string", "string", "float32[2]"],
    ],
    [example({ z: packedFloats([1]) }), "z", ["int64", "json", "string", "float32[2]", "float32"]],
  ];
  for (const [late, field, types] of changes) {
    const file = fileOf([...early, late]);
    const problem = await problemOf(readColumns(tfrecordReader, file));
    expect(problem).toMatchObject({ code: "schema_mismatch", field, row: 1000 });
    const { schema, rows } = await infer(sourceOf(file), {});
    expect([typesOf(schema), rows]).toEqual([types, 1001]);
    expect((await readColumns(tfrecordReader, file, { schema }))[0]).toHaveLength(1001);
  }
});

test("a record longer than the sample is read", async () => {
  const long = "x".repeat(3_000_000);
  const file = fileOf([
    example({ a: bytesField([utf8(long)]) }),
    example({ a: bytesField([utf8("b")]) }),
  ]);
  expect(await readColumns(tfrecordReader, arriving(file, 65_536))).toEqual([[long, "b"]]);
});

const REFUSED: [why: string, file: Uint8Array, problem: object][] = [
  ["an empty file", new Uint8Array(0), { code: "file_invalid" }],
  ["records without features", fileOf([example({})]), { code: "file_invalid" }],
  [
    "a compressed file",
    gzipSync(FILE),
    {
      code: "file_unsupported",
      message: expect.stringContaining("gzip"),
    },
  ],
  ["another message", framed(utf8("plain text")), { code: "file_invalid", row: 0 }],
  [
    "one name with two kinds of lists",
    fileOf([example({ a: packedInt64s([1n]) }), example({ a: packedFloats([1]) })]),
    {
      code: "schema_mismatch",
      field: "a",
      row: 1,
    },
  ],
];
for (const [why, file, problem] of REFUSED)
  test(`${why} is refused`, async () => {
    expect(await problemOf(readColumns(tfrecordReader, new Uint8Array(file)))).toMatchObject(
      problem,
    );
  });

test("any content of a record is a row or refused", () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 30 }), fc.nat(), async (noise, seed) => {
      const message = example({ a: packedInt64s([1n, 300n]), b: bytesField([noise]) });
      message.set(noise.subarray(0, 4), seed % (message.length - 4));
      await endsWell(readColumns(tfrecordReader, framed(message)));
      await endsWell(readColumns(tfrecordReader, framed(noise)));
    }),
    { numRuns: 400 },
  ));
