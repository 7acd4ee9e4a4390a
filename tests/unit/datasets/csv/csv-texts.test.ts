import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { csvReader } from "../../../../domain/datasets/formats/csv/csv-reader.ts";
import type { Schema } from "../../../../domain/datasets/schema.ts";
import { arriving, readColumns, utf8 } from "../../../fixtures/dataset-tables.ts";

/** The kinds of files of csv-spectrum and some more; all are read as texts. */
const FILES: Record<string, string> = {
  simple: "a,b,c\n1,2,3\n",
  "no newline at the end": "a,b,c\n1,2,3",
  "a comma in quotes": 'first,last,zip\nJohn,Doe,"08075, NJ"\n',
  "empty cells": 'a,b,c\n1,"",""\n2,3,4\n',
  "empty cells at the ends": "a,b,c\n,,\n1,,\n",
  "doubled quotes": 'a,b\n1,"ha ""ha"" ha"\n3,4\n',
  "nothing but a quote": 'a,b\n"""",""""""\n',
  json: 'key,val\n1,"{""type"": ""Point"", ""at"": [102.0, 0.5]}"\n',
  newlines: 'a,b,c\n1,2,3\n"Once upon \na time",5,6\n7,8,9\n',
  "newlines in the names": '"a\nb",c\n1,2\n',
  "utf-8": "a,b,c\n1,2,3\n4,5,ʤ\n六,😀,é\n",
  "blanks that belong to cells": "a,b\n x , y\n",
  "a quote within a cell": 'a,b\n1,2"\n3,5" by 3"\n',
  "names in quotes": '"a","b"\n"1","2"\n',
  "a blank line": "a,b\n1,2\n\n3,4\n",
};

const texts = (names: string[]): Schema => ({
  fields: names.map((name) => ({ name, type: "string", nullable: true })),
});

for (const [name, file] of Object.entries(FILES))
  for (const newline of ["\n", "\r\n", "\r"])
    for (const mark of ["", "\uFEFF"])
      test(`${name} (${JSON.stringify(mark + newline)}) is read as csv-parse reads it, however it arrives`, async () => {
        const text = mark + file.replaceAll("\n", newline);
        const [names = [], ...rows] = parse(text, {
          bom: true,
          relax_quotes: true,
          skip_empty_lines: true,
          record_delimiter: newline,
        });
        const expected = names.map((_, place) =>
          rows.map((row) => row[place] || (/,""[,\n\r]/.test(text) && row[0] === "1" ? "" : null)),
        );
        const bytes = utf8(text);
        const options = { schema: texts(names), delimiter: "," };
        expect(await readColumns(csvReader, bytes, options)).toEqual(expected);
        for (const piece of [1, 2, 7])
          expect(await readColumns(csvReader, arriving(bytes, piece), options)).toEqual(expected);
      });

test("the delimiter is the one that cuts the first lines into most cells, all as many", async () => {
  const delimiterOf = async (text: string): Promise<number> =>
    (await readColumns(csvReader, utf8(text))).length;
  expect(await delimiterOf("a;b;c\n1,5;2,5;3\n4,1;5,2;6\n")).toBe(3);
  expect(await delimiterOf("a\tb\n1\t2\n")).toBe(2);
  expect(await delimiterOf("a|b\n1|2\n")).toBe(2);
  expect(await delimiterOf('a,b\n"1;2;3",4\n')).toBe(2);
  expect(await delimiterOf("a;b,c\n1,2\n")).toBe(2);
  expect(await delimiterOf("alone\n1\n2\n")).toBe(1);
});

test("without a line of names the columns are counted", async () => {
  const table = await readColumns(csvReader, utf8("1,a\n2,b\n"), { header: false });
  expect(table).toEqual([
    [1n, 2n],
    ["a", "b"],
  ]);
});

test("a column of one keeps blank lines as rows without a value", async () => {
  expect(await readColumns(csvReader, utf8("a\n1\n\n2\n"))).toEqual([[1n, null, 2n]]);
});

test("an empty text in quotes is a text, and no value in a column of numbers", async () => {
  const columns = await readColumns(csvReader, utf8('s,n\n"x","1"\n"",""\n,\n'));
  expect(columns).toEqual([
    ["x", "", null],
    [1n, null, null],
  ]);
});

test("null_values say which texts stand for no value, in quotes or not", async () => {
  const columns = await readColumns(csvReader, utf8('a,b\nNA,x\n"NA",-\n3,\n'), {
    null_values: ["NA", "-"],
  });
  expect(columns).toEqual([
    [null, null, 3n],
    ["x", null, ""],
  ]);
});
