import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ExpectedFile } from "../../../../contract/dataset-work.ts";
import { endsOf, END_BYTES, NotAtHand } from "../../../../domain/datasets/file-ends.ts";
import type { Format } from "../../../../domain/datasets/table.ts";
import type { Field, Schema } from "../../../../domain/datasets/schema.ts";
import { typeText } from "../../../../domain/datasets/schema-rules/named.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { checkEnds } from "../../../../workers/data/check-ends.ts";
import { endsWell, problemOf, utf8 } from "../../../fixtures/dataset-tables.ts";
import { vectorBytes } from "../../../fixtures/dataset-vectors.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { bytesField, example, fileOf as tfrecordOf, int64s } from "../tfrecord/make-tfrecord.ts";

type Cut = { head: number; tail: number };
const BOTH: Cut = { head: END_BYTES, tail: END_BYTES };

/** Checks a file of which only the ends are told. */
function check(
  file: Uint8Array,
  format: Format,
  { head, tail }: Cut = BOTH,
  expected: Partial<ExpectedFile> = {},
) {
  const bytes = Buffer.concat([file.subarray(0, head), file.subarray(file.length - tail)]);
  const size_bytes = file.length;
  const task = { format, read_options: {}, follows: null, size_bytes, head, ...expected };
  return checkEnds(nodePlatform, new Uint8Array(bytes), task);
}

/** Rows until there are more bytes than both ends hold. */
function longText(row: (at: number) => string, first = "", last = ""): Uint8Array {
  const rows = [first];
  for (let at = 0, length = 0; length < 2.2 * END_BYTES; at += 1) {
    const text = row(at);
    rows.push(text);
    length += text.length;
  }
  return utf8(rows.join("") + last);
}
/** Each row has a text with letters of several bytes, a newline, and quotes. */
const CSV = longText((at) => `${at},"süß, ""${at}""\n☀"\n`, "id,value\n");
const LINES = longText((at) => `{"id":${at},"value":"süß ☀"}\n`);
const LIST = longText((at) => `${at ? "," : ""}{"id":${at},"value":"süß ☀"}`, "[", "]");
const RECORDS = tfrecordOf(
  Array.from({ length: 230 }, (_, id) =>
    example({ id: int64s([BigInt(id)]), value: bytesField([utf8("☀".repeat(3_500))]) }),
  ),
);

/** The text with one row in the place of another, which is as long. */
const withRow = (text: Uint8Array, old: string, row: string): Uint8Array =>
  utf8(Buffer.from(text).toString().replace(old, row.padEnd(old.length)));

const schemaOf = (...fields: Pick<Field, "name" | "type">[]): Schema => ({
  fields: fields.map((field) => ({ nullable: true, ...field })),
});
/** Of a version whose values were numbers. */
const NUMBERS = {
  schema: schemaOf({ name: "value", type: "float64" }),
  compatibility: "backward",
} as const;

describe("the ends of a file", () => {
  const bytes = Uint8Array.of(1, 2, 3, 8, 9);

  it("are read where they lie, and nothing else is", async () => {
    const ends = endsOf(bytes, 3, 9);
    expect([...(await ends.read(1, 2))]).toEqual([2, 3]);
    expect([...(await ends.read(7, 2))]).toEqual([8, 9]);
    expect(ends.hasMissed).toBe(false);
    await expect(ends.read(2, 2)).rejects.toBeInstanceOf(NotAtHand);
    expect(ends.hasMissed).toBe(true);
    await expect(ends.read(6, 2)).rejects.toBeInstanceOf(NotAtHand);
    expect(await problemOf(ends.read(8, 2))).toMatchObject({ code: "file_invalid" });
  });

  it("may be all of it", async () => {
    expect([...(await endsOf(bytes, 3, 5).read(2, 2))]).toEqual([3, 8]);
  });

  it("are no more than the file, nor than what is here", async () => {
    const other = async (head: number, size: number) => endsOf(bytes, head, size);
    expect(await problemOf(other(6, 9))).toMatchObject({ code: "option_invalid", field: "head" });
    expect(await problemOf(other(3, 4))).toMatchObject({ field: "size_bytes" });
  });
});

/** Files whose middle is in neither end. */
const FILES: [name: string, format: Format, types: string[]][] = [
  ["pyarrow.parquet", "parquet", ["id int64", "x float64", "name string"]],
  ["numpy.npy", "numpy", ["value float32[16]"]],
  ["numpy.npz", "numpy", ["X float32[16]", "y int32"]],
  ["h5py-earliest.h5", "hdf5", ["X float32[16]", "y int32"]],
  ["h5py-latest.h5", "hdf5", ["X float32[16]", "y int32"]],
  ["scipy-4.mat", "mat", ["X float32[16]", "y int32"]],
  ["scipy-5.mat", "mat", ["X float32[16]", "y int32"]],
  ["h5py-7.3.mat", "mat", ["X float32[16]", "y int32"]],
];
const fileOf = (name: string): Uint8Array =>
  new Uint8Array(gunzipSync(vectorBytes(`ends/${name}.gz`)));
const columnsOf = (schema: Schema | null): string[] | undefined =>
  schema?.fields.map((field) => `${field.name} ${typeText(field)}`);

describe("both ends of a file of others tell its columns", () => {
  it.each(FILES)("%s", async (name, format, columns) => {
    const file = fileOf(name);
    expect(file.length).toBeGreaterThan(3 * END_BYTES);
    const { schema } = await check(file, format);
    expect(columnsOf(schema)).toEqual(columns);
    const before = { fields: [{ name: "gone", type: "string" as const, nullable: false }] };
    const follows = { schema: before, compatibility: "full" as const };
    expect(await problemOf(check(file, format, BOTH, { follows }))).toMatchObject({
      code: "schema_incompatible",
    });
    const declared = { read_options: { schema: schemaOf({ name: "rig", type: "string" }) } };
    expect(await problemOf(check(file, format, BOTH, declared))).toMatchObject({
      code: "schema_mismatch",
    });
  });

  it("however they are cut: all of them, or none", async () => {
    const random = seededRandom("where ends are cut");
    const told = { all: 0, none: 0 };
    for (const [name, format, columns] of FILES) {
      const file = fileOf(name);
      for (let cut = 0; cut < 12; cut += 1) {
        const head = 1 + random.integer(2 ** (1 + random.integer(20)));
        const tail = random.integer(2 ** (1 + random.integer(20)));
        const { schema } = await check(file, format, { head, tail });
        if (schema) expect(columnsOf(schema), `${name} ${head} ${tail}`).toEqual(columns);
        told[schema ? "all" : "none"] += 1;
      }
    }
    expect(Math.min(told.all, told.none)).toBeGreaterThan(10);
  });

  it("cut within what is compressed: none, and nothing is damaged", async () => {
    for (const [path, format] of [
      ["tables/mat/scipy-compressed.mat", "mat"],
      ["numpy/deflated.npz", "numpy"],
    ] as const) {
      const file = vectorBytes(path);
      for (let head = 150; head < file.length; head += 97)
        expect(await check(file, format, { head, tail: 0 })).toEqual({
          schema: null,
          warnings: [],
        });
    }
  });

  it("that are damaged are refused, or left to who reads the whole", async () => {
    const random = seededRandom("what is damaged");
    let refused = 0;
    for (const [name, format] of FILES) {
      const file = fileOf(name);
      for (let time = 0; time < 6; time += 1) {
        const damaged = file.slice();
        const place = random.integer(2) === 0 ? 0 : file.length - 600;
        for (let byte = 0; byte < 8; byte += 1)
          damaged[place + random.integer(600)] = random.integer(256);
        if (!(await endsWell(check(damaged, format)))) refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(10);
  });
});

describe("the beginning of a file that is read forward", () => {
  it.each<[string, Format, Uint8Array]>([
    ["CSV", "csv", CSV],
    ["lines of JSON", "json", LINES],
    ["a list of JSON", "json", LIST],
    ["TFRecord", "tfrecord", RECORDS],
  ])("tells the columns of %s, wherever it is cut", async (_, format, file) => {
    const random = seededRandom("where a beginning is cut");
    for (let time = 0; time < 4; time += 1) {
      const head = END_BYTES + random.integer(200);
      const { schema } = await check(file, format, { head, tail: 0 });
      expect(columnsOf(schema)).toEqual(["id int64", "value string"]);
    }
    const refused = check(file, format, BOTH, { follows: NUMBERS });
    expect(await problemOf(refused)).toMatchObject({ code: "schema_incompatible", field: "value" });
  });

  it("tells nothing where it is shorter than what types are guessed from", async () => {
    const told = await check(CSV, "csv", { head: END_BYTES - 1, tail: 10 }, { follows: NUMBERS });
    expect(told).toEqual({ schema: null, warnings: [] });
  });

  it("with a row of too many cells is refused with the row", async () => {
    const file = withRow(CSV, '3000,"süß, ""3000""\n☀"', '3000,"süß","☀"');
    expect(await problemOf(check(file, "csv"))).toMatchObject({ code: "file_invalid", row: 3000 });
  });

  it("with a value that the declared schema does not take is refused with row and column", async () => {
    const schema = schemaOf({ name: "id", type: "int32" }, { name: "value", type: "string" });
    const read_options = { schema };
    expect(await check(CSV, "csv", BOTH, { read_options })).toEqual({ schema, warnings: [] });
    const file = withRow(LINES, '{"id":3000,"value":"süß ☀"}', '{"id":30.5,"value":"süß"}');
    expect(await problemOf(check(file, "json", BOTH, { read_options }))).toMatchObject({
      code: "schema_mismatch",
      row: 3000,
      field: "id",
    });
  });

  it("with a value that only the guess does not take is not: the guess will be another", async () => {
    const file = withRow(LINES, '{"id":3000,', '{"id":30.5,');
    const { schema } = await check(file, "json", BOTH);
    expect(columnsOf(schema)).toEqual(["id int64", "value string"]);
  });

  it("that is another format's is refused, and so is one that cannot be a table", async () => {
    const parquet = fileOf("pyarrow.parquet");
    const { message } = await problemOf(check(parquet, "csv"));
    expect(message).toContain("begins like Parquet");
    const twice = withRow(CSV, "id,value", "value,value");
    expect(await problemOf(check(twice, "csv"))).toMatchObject({ code: "schema_invalid" });
  });

  it("of a pickle tells nothing", async () => {
    const file = new Uint8Array(3 * END_BYTES);
    expect(await check(file, "pickle")).toEqual({ schema: null, warnings: [] });
  });
});

it("a few bytes that stand for very much are not read to their end", async () => {
  // 268 million rows.
  const file = fileOf("zeros.npz");
  expect(file.length).toBeLessThan(END_BYTES);
  const began = performance.now();
  const { schema } = await check(file, "numpy", { head: file.length, tail: 0 });
  expect(columnsOf(schema)).toEqual(["value uint8"]);
  expect(performance.now() - began).toBeLessThan(5_000);
});
