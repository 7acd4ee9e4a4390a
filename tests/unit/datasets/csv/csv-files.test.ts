import * as fc from "fast-check";
import { expect, test } from "vitest";
import { csvReader, inferCsv } from "../../../../domain/datasets/formats/csv/csv-reader.ts";
import { CsvRows } from "../../../../domain/datasets/formats/csv/csv-file.ts";
import { writeCsv } from "../../../../domain/datasets/formats/csv/write-csv.ts";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import {
  arriving,
  batchesOf,
  bytesOf,
  columnsOf,
  endsWell,
  problemOf,
  readColumns,
  utf8,
} from "../../../fixtures/dataset-tables.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { randomColumns } from "../../../fixtures/random-columns.ts";

test("what is written is read back with its schema, however it arrives", () =>
  fc.assert(
    fc.asyncProperty(
      randomColumns,
      fc.constantFrom(",", ";", "\t", "|", "-", "1", "t"),
      fc.integer({ min: 1, max: 64 }),
      async (columns, delimiter, piece) => {
        const schema = { fields: columns.map(({ field }) => field) };
        const cells = columns.map((column) => column.cells);
        const rows = cells[0]?.length ?? 0;
        const bytes = await bytesOf(writeCsv(schema, batchesOf(cells, rows), { delimiter }));
        const options = { schema, delimiter };
        expect(await readColumns(csvReader, arriving(bytes, piece), options)).toEqual(cells);
      },
    ),
    { numRuns: 200 },
  ));

test("what is written is as short as it can be read back", async () => {
  const schema = {
    fields: [
      { name: "x", type: "float64" as const, nullable: true },
      { name: "y", type: "float32" as const, nullable: true },
      { name: "text, quoted", type: "string" as const, nullable: true },
      { name: "at", type: "timestamp" as const, nullable: true },
    ],
  };
  const cells = [
    [1, 0.1, -0, null],
    [1e21, Math.fround(0.1), Number.NaN, -Infinity],
    ["", null, 'say "a"', " b\n"],
    [0n, 1_500_000n, -1n, 253_402_300_800_000_000n],
  ];
  const bytes = await bytesOf(writeCsv(schema, batchesOf(cells, 4)));
  expect(new TextDecoder().decode(bytes)).toBe(
    'x,y,"text, quoted",at\n' +
      '1.0,1e+21,"",1970-01-01T00:00:00Z\n' +
      "0.1,0.1,,1970-01-01T00:00:01.5Z\n" +
      '-0.0,NaN,"say ""a""",1969-12-31T23:59:59.999999Z\n' +
      ',-Infinity," b\n",+010000-01-01T00:00:00Z\n',
  );
});

test("rows and columns are picked", async () => {
  const text = `a,b\n${Array.from({ length: 10_000 }, (_, row) => `${row},x${row}\n`).join("")}`;
  const table = await csvReader(nodePlatform).read(sourceOf(utf8(text)), {});
  const range = { from: 9_000, limit: 3, columns: ["b", "a", "b"] };
  expect(await columnsOf(table, range)).toEqual([
    ["x9000", "x9001", "x9002"],
    [9000n, 9001n, 9002n],
    ["x9000", "x9001", "x9002"],
  ]);
  expect(await columnsOf(table, { from: 9_999 })).toEqual([[9999n], ["x9999"]]);
  expect(await columnsOf(table, { from: 20_000 })).toEqual([[], []]);
  expect(await columnsOf(table, { limit: 0 })).toEqual([[], []]);
  const problem = await problemOf(columnsOf(table, { columns: ["c"] }));
  expect(problem).toMatchObject({ code: "column_unknown", field: "c" });
});

const REFUSED: [why: string, text: string | Uint8Array, problem: object][] = [
  ["an empty file", "", { code: "file_invalid" }],
  ["a row too short", "a,b\n1,2\n3\n", { code: "file_invalid", row: 1 }],
  ["a row too long", "a,b\n1,2\n3,4,5\n", { code: "file_invalid", row: 1 }],
  ["two columns of one name", "a,b,a\n1,2,3\n", { code: "schema_invalid", field: "a" }],
  ["a quote that is not closed", 'a,b\n1,"2\n3,4\n', { code: "file_invalid", row: 0 }],
  ["text behind a quote", 'a,b\n1,"2"x\n', { code: "file_invalid", row: 0 }],
  ["text in UTF-16", Uint8Array.of(0xff, 0xfe, 97, 0), { code: "file_unsupported" }],
  ["a zero", "a,b\n1,\0\n", { code: "file_invalid", message: expect.stringContaining("byte 6") }],
  [
    "a line of 3,000 names",
    Array.from({ length: 3000 }, (_, at) => at).join(","),
    {
      code: "file_unsupported",
    },
  ],
];
for (const [why, text, problem] of REFUSED)
  test(`${why} is refused`, async () => {
    const bytes = typeof text === "string" ? utf8(text) : text;
    expect(await problemOf(readColumns(csvReader, bytes))).toMatchObject(problem);
  });

test("what is not UTF-8 is refused with its byte", async () => {
  const broken: [bytes: number[], at: number][] = [
    [[0xff], 0],
    [[0x61, 0xc3], 1],
    [[0xe2, 0x82], 0],
    [[0xed, 0xa0, 0x80], 0],
    [[0xc3, 0xa9, 0xf5, 0x80, 0x80, 0x80], 2],
    [[0xc0, 0xaf], 0],
  ];
  for (const [bytes, at] of broken) {
    const file = Uint8Array.from([...utf8("a,b\nx,y\nz,"), ...bytes, 10]);
    const problem = await problemOf(readColumns(csvReader, arriving(file, 3)));
    expect(problem.code).toBe("file_invalid");
    expect(problem.message).toContain(`byte ${10 + at} is not UTF-8`);
  }
});

test("a cell may be long, and not longer than memory allows", async () => {
  const long = "x".repeat(3_000_000);
  const [column] = await readColumns(csvReader, arriving(utf8(`a\n1\n${long}\n`), 100_000), {
    schema: { fields: [{ name: "a", type: "string", nullable: true }] },
  });
  expect(column).toEqual(["1", long]);
  const endless = new Uint8Array(20 * 1024 * 1024).fill(120);
  endless.set(utf8('a\n"'));
  expect(await problemOf(readColumns(csvReader, endless))).toMatchObject({
    code: "file_too_large",
    row: 0,
  });
});

test("rows are whole wherever the first part ends that a file is read in", async () => {
  const bytes = utf8('n\r\n"a ""b"" é"\r\n"x\r\ny"\r\n\r\n""\r\nz\r\n');
  for (let cut = 3; cut <= bytes.length; cut++) {
    const source = sourceOf(bytes);
    const head = bytes.subarray(0, cut);
    const rows = new CsvRows({
      source,
      head,
      delimiter: ",",
      names: ["n"],
      start: 3,
      warnings: [],
    });
    const cells: string[] = [];
    do {
      for (let end = rows.next(); end > 0; end = rows.next()) {
        const { starts, ends } = rows.scanner;
        cells.push(new TextDecoder().decode(rows.window.bytes.subarray(starts[0], ends[0])));
        rows.window.at = end;
      }
    } while (await rows.more());
    expect(cells).toEqual(['a ""b"" é', "x\r\ny", "", "", "z"]);
  }
});

test("every beginning of a file is a table or refused", async () => {
  const file = utf8('\uFEFFid,"na""me",x\r\n1,"é, ""ü""",2024-01-01\r\n22,\r\n,"",9.5\r\n');
  let tables = 0;
  for (let length = 0; length <= file.length; length++) {
    const bytes = file.subarray(0, length);
    if (await endsWell(readColumns(csvReader, bytes))) tables++;
    await endsWell(inferCsv(nodePlatform)(sourceOf(bytes), {}));
  }
  expect(tables).toBeGreaterThan(20);
});

test("any bytes are a table or refused", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...Array.from('a1,;"\n\r.-é\0')), { maxLength: 40 }),
      async (characters) => {
        await endsWell(readColumns(csvReader, utf8(characters.join(""))));
      },
    ),
    { numRuns: 500 },
  ));
