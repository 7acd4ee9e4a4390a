import { describe, expect, it } from "vitest";
import { createPaint } from "../../../clients/cli/paint.ts";
import { type Column, renderFields, renderTable } from "../../../clients/cli/table.ts";
import { clip, displayWidth, plain } from "../../../clients/cli/text-width.ts";
import { capture } from "./run-cli.ts";

const paint = createPaint(capture().stream, {});
const colours = createPaint(capture({ isTTY: true }).stream, {});
type Row = { name: string; count: number };
const columns: Column<Row>[] = [
  { title: "name", flexible: true, value: ({ name }) => name },
  { title: "count", align: "right", value: ({ count }) => String(count) },
];
const rows = [
  { name: "forest", count: 7 },
  { name: "a much longer name", count: 12_345 },
];

describe("a table", () => {
  it("sets text to the left and numbers to the right", () => {
    expect(renderTable(columns, rows, { paint })).toBe(
      [
        "name                count", //
        "forest                  7",
        "a much longer name  12345",
      ].join("\n"),
    );
  });

  it("cuts flexible columns to the terminal", () => {
    const lines = renderTable(columns, rows, { paint, width: 20 }).split("\n");
    expect(lines).toEqual(["name           count", "forest             7", "a much longe…  12345"]);
    const narrow = renderTable(columns, rows, { paint, width: 3 }).split("\n");
    expect(narrow[2]).toBe("a much …  12345");
  });

  it("measures what is shown: wide characters, and no colours", () => {
    const wide = [{ name: "鸟🐦", count: 1 }];
    const lines = renderTable(columns, wide, { paint }).split("\n");
    expect(lines.map(displayWidth)).toEqual([11, 11]);
    const red: Column<Row> = {
      title: "n",
      value: ({ name }) => name,
      style: (cell) => colours.red(cell),
    };
    const [, line] = renderTable([red, ...columns], rows, { paint: colours }).split("\n");
    expect(line).toContain("\u001b[31mforest            \u001b[39m  forest");
  });

  it("does not let a name steer the terminal", () => {
    const evil = [{ name: "a\u001b[2Jb\nc\u0007", count: 1 }];
    expect(renderTable(columns, evil, { paint }).split("\n")[1]).toBe("ab c       1");
    expect(renderFields([["name", "x\r\ny"]], { paint })).toBe("name  x y");
  });

  it("has a head even without rows", () => {
    expect(renderTable(columns, [], { paint })).toBe("name  count");
  });
});

it("lists the fields that have a value", () => {
  const fields = [
    ["id", "1"],
    ["description", ""],
    ["winner", null],
    ["status", "draft"],
  ] as const;
  expect(renderFields(fields, { paint })).toBe("id      1\nstatus  draft");
});

it("clips to columns", () => {
  expect(clip("linnet", 6)).toBe("linnet");
  expect(clip("linnets", 6)).toBe("linne…");
  expect(clip("鸟鸟鸟鸟", 6)).toBe("鸟鸟…");
  expect(plain("tab\tnull\u0000")).toBe("tab null ");
});

it.each([
  ["a terminal", { isTTY: true }, {}, true],
  ["a pipe", {}, {}, false],
  ["NO_COLOR", { isTTY: true }, { NO_COLOR: "1" }, false],
  ["a dumb terminal", { isTTY: true }, { TERM: "dumb" }, false],
])("colours for %s", (_, terminal, env, coloured) => {
  const text = createPaint(capture(terminal).stream, env).red("x");
  expect(text).toBe(coloured ? "\u001b[31mx\u001b[39m" : "x");
});
