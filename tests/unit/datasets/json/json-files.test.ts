import * as fc from "fast-check";
import { expect, test } from "vitest";
import { inferJson, jsonReader } from "../../../../domain/datasets/formats/json/json-reader.ts";
import { JsonRows } from "../../../../domain/datasets/formats/json/json-rows.ts";
import { TextDecoding } from "../../../../domain/datasets/formats/text/decoder.ts";
import { writeJson } from "../../../../domain/datasets/formats/json/write-json.ts";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import {
  arriving,
  batchesOf,
  bytesOf,
  columnsOf,
  endsWell,
  problemOf,
  readColumns,
  typesOf,
  utf8,
} from "../../../fixtures/dataset-tables.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { randomColumns } from "../../../fixtures/random-columns.ts";

const infer = inferJson(nodePlatform);
const decoding = new TextDecoding(nodePlatform);

test("what is written is read back with its schema, however it arrives, and is JSON", () =>
  fc.assert(
    fc.asyncProperty(randomColumns, fc.integer({ min: 1, max: 64 }), async (columns, piece) => {
      const schema = { fields: columns.map(({ field }) => field) };
      const cells = columns.map((column) => column.cells);
      const rows = cells[0]?.length ?? 0;
      const bytes = await bytesOf(writeJson(schema, batchesOf(cells, rows)));
      expect(await readColumns(jsonReader, arriving(bytes, piece), { schema })).toEqual(cells);
      const text = new TextDecoder().decode(bytes).trim();
      for (const line of text === "" ? [] : text.split("\n"))
        expect(Object.keys(JSON.parse(line) as object)).toHaveLength(columns.length);
    }),
    { numRuns: 200 },
  ));

test("floats are written so that they are guessed to be floats", async () => {
  const schema = {
    fields: [
      { name: "x", type: "float64" as const, nullable: true },
      { name: "n", type: "int64" as const, nullable: true },
      { name: "b", type: "binary" as const, nullable: true },
    ],
  };
  const cells = [
    [1, 0.5, null],
    [1n, 2n ** 62n, null],
    [Uint8Array.of(1, 2), null, new Uint8Array(0)],
  ];
  const bytes = await bytesOf(writeJson(schema, batchesOf(cells, 3)));
  expect(new TextDecoder().decode(bytes)).toBe(
    '{"x":1.0,"n":1,"b":"AQI="}\n{"x":0.5,"n":4611686018427387904,"b":null}\n{"x":null,"n":null,"b":""}\n',
  );
  expect(typesOf((await infer(sourceOf(bytes), {})).schema)).toEqual([
    "float64",
    "int64",
    "string",
  ]);
});

test("one list of objects is read as lines are, however it arrives", async () => {
  const list = utf8(' [\n  {"a": 1,\n   "b": [1, 2]},\n{"a": 2, "b": []} , {"b":{}}]\n ');
  for (const piece of [1, 3, 100])
    expect(await readColumns(jsonReader, arriving(list, piece))).toEqual([
      [1n, 2n, null],
      [[1, 2], [], {}],
    ]);
  const schema = { fields: [{ name: "a", type: "int64" as const, nullable: true }] };
  expect(await readColumns(jsonReader, utf8("[]"), { schema })).toEqual([[]]);
});

test("a later value or name that would change a guess ends the rows, and the whole file tells the type", async () => {
  const early = Array.from({ length: 1000 }, (_, row) => `{"a":${row},"b":null}\n`).join("");
  const changes: [line: string, field: string, types: string[]][] = [
    ['{"a":1.5}', "a", ["float64", "json"]],
    ['{"a":"x"}', "a", ["json", "json"]],
    ['{"b":true}', "b", ["int64", "bool"]],
    ['{"c":"x"}', "c", ["int64", "json", "string"]],
  ];
  for (const [line, field, types] of changes) {
    const file = utf8(early + line);
    const problem = await problemOf(readColumns(jsonReader, file));
    expect(problem).toMatchObject({ code: "schema_mismatch", field, row: 1000 });
    expect(problem.message).toContain("whole file");
    const { schema, rows } = await infer(arriving(file, 999), {});
    expect([typesOf(schema), rows]).toEqual([types, 1001]);
    expect((await readColumns(jsonReader, file, { schema }))[0]).toHaveLength(1001);
  }
});

test("rows and columns are picked", async () => {
  const text = Array.from({ length: 9000 }, (_, row) => `{"a":${row},"b":"x${row}"}\n`).join("");
  const table = await jsonReader(nodePlatform).read(sourceOf(utf8(text)), {});
  expect(await columnsOf(table, { from: 8990, limit: 2, columns: ["b", "a"] })).toEqual([
    ["x8990", "x8991"],
    [8990n, 8991n],
  ]);
  expect(await columnsOf(table, { from: 9000 })).toEqual([[], []]);
});

const REFUSED: [why: string, text: string, problem: object][] = [
  ["an empty file", "", { code: "file_invalid" }],
  ["rows without members", "{}\n{}\n", { code: "file_invalid" }],
  ["a list in a line", '{"a":1}\n[1]\n', { code: "file_invalid", row: 1 }],
  ["a list of numbers", "[1,2]", { code: "file_invalid", row: 0 }],
  ["two objects in a line", '{"a":1} {"a":2}\n', { code: "file_invalid", row: 0 }],
  ["an object over two lines", '{"a":1,\n"b":2}\n', { code: "file_invalid", row: 0 }],
  ["a name twice", '{"a":1}\n{"b":1,"a":1,"a":2}\n', { code: "file_invalid", row: 1 }],
  ["a name twice within", '{"a":{"b":1,"b":2}}\n', { code: "file_invalid", row: 0 }],
  ["a list that is not closed", '[{"a":1}', { code: "file_invalid" }],
  ["a list with a comma too many", '[{"a":1},]', { code: "file_invalid" }],
  ["something behind a list", '[{"a":1}] {"a":2}', { code: "file_invalid" }],
  ["half a surrogate pair", '{"a":"\\ud83d"}', { code: "file_invalid", row: 0 }],
  ["a number that no float holds", '{"a":1e400}', { code: "file_invalid", row: 0 }],
  ["a file cut off", '{"a":1}\n{"a":', { code: "file_invalid", row: 1 }],
  ["lists 200 deep", `{"a":${"[".repeat(200)}${"]".repeat(200)}}`, { code: "file_unsupported" }],
  [
    "3,000 names",
    `{${Array.from({ length: 3000 }, (_, at) => `"${at}":1`).join()}}`,
    {
      code: "file_unsupported",
    },
  ],
];
for (const [why, text, problem] of REFUSED)
  test(`${why} is refused`, async () => {
    expect(await problemOf(readColumns(jsonReader, utf8(text)))).toMatchObject(problem);
    expect(await problemOf(infer(arriving(utf8(text), 2), {}))).toMatchObject(problem);
  });

test("a line may be long, and not longer than memory allows", async () => {
  const long = "x".repeat(3_000_000);
  const { schema } = await infer(sourceOf(utf8(`{"a":"${long}"}`)), {});
  expect(
    await readColumns(jsonReader, arriving(utf8(`{"a":"${long}"}`), 99_999), { schema }),
  ).toEqual([[long]]);
  const endless = new Uint8Array(20 * 1024 * 1024).fill(120);
  endless.set(utf8('{"a":"'));
  expect(await problemOf(infer(sourceOf(endless), {}))).toMatchObject({
    code: "file_too_large",
    row: 0,
  });
});

test("rows are whole wherever the first part ends that a file is read in", async () => {
  const lines = utf8(
    '{"a":"é\\n","b":[12,{"c":-1.5e3}]}\r\n\n {"a":1234567890123456789} \n{"a":null}',
  );
  const list = utf8(
    '[{"a":"é\\n","b":[12,{"c":-1.5e3}]},\n{"a":1234567890123456789},{"a":null} ] ',
  );
  for (const bytes of [lines, list])
    for (let cut = 1; cut <= bytes.length; cut++) {
      const isList = bytes === list;
      const file = { source: sourceOf(bytes), head: bytes.subarray(0, cut), isList };
      const rows = new JsonRows({ ...file, start: isList ? 1 : 0 }, decoding, (name) =>
        name === "a" ? 0 : 1,
      );
      const values: unknown[] = [];
      do {
        while (rows.next()) values.push(...rows.values.slice(0, rows.members));
      } while (await rows.more());
      expect(values).toEqual(["é\n", [12, { c: -1500 }], 1234567890123456789n, null]);
    }
});

test("every beginning of a file is a table or refused", async () => {
  const lines = utf8(
    '\uFEFF{"a":1,"b":"é\\u00e9"}\r\n{"a":-1.5e3,"b":null,"c":[true,{"d":"x"}]}\n',
  );
  const list = utf8('[{"a":1,"b":"é"},\n{"a":-1.5,"c":[true,{"d":"x"}]}]\n');
  let tables = 0;
  for (const file of [lines, list])
    for (let length = 0; length <= file.length; length++)
      if (await endsWell(readColumns(jsonReader, arriving(file.subarray(0, length), 5)))) tables++;
  expect(tables).toBeGreaterThan(4);
});

test("any bytes are a table or refused", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...Array.from('a1,:"[]{}\n\\u-.eNé ')), { maxLength: 30 }),
      async (characters) => {
        await endsWell(readColumns(jsonReader, utf8(`{"a":${characters.join("")}`)));
      },
    ),
    { numRuns: 500 },
  ));
