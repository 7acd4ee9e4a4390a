import { array, assert, bigInt, double, integer, oneof, property } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cellToJson,
  dateText,
  timestampText,
  WHOLE,
} from "../../../../domain/datasets/preview/cell-to-json.ts";
import { previewPerClass } from "../../../../domain/datasets/preview/preview-per-class.ts";
import { previewRows } from "../../../../domain/datasets/preview/preview-rows.ts";
import { profilePlot } from "../../../../domain/datasets/preview/profile-plot.ts";
import { signalPlot } from "../../../../domain/datasets/preview/signal-plot.ts";
import { signalPreview } from "../../../../domain/datasets/preview/signal-preview.ts";
import { newProfiler } from "../../../../domain/datasets/profile/profiler.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import { field, memoryTable } from "../support/memory-table.ts";

describe("a cell as JSON", () => {
  it.each<[string, Cell, ReturnType<typeof field>, unknown]>([
    ["null", null, field("x", "json"), null],
    ["a small int64", 2n ** 53n - 1n, field("x"), 9007199254740991],
    ["a large int64", 2n ** 53n, field("x"), "9007199254740992"],
    ["the least int64", -(2n ** 63n), field("x"), "-9223372036854775808"],
    ["NaN", NaN, field("x", "float64"), "NaN"],
    ["infinity", -Infinity, field("x", "float32"), "-Infinity"],
    ["minus zero", -0, field("x", "float32"), 0],
    ["a day", 20_778, field("x", "date"), "2026-11-21"],
    ["an early day", -719_529, field("x", "date"), "-000001-12-31"],
    ["a time", 1_795_266_000_123_400n, field("x", "timestamp"), "2026-11-21T13:00:00.1234Z"],
    ["a time before 1970", -1n, field("x", "timestamp"), "1969-12-31T23:59:59.999999Z"],
    ["a time on the second", 0n, field("x", "timestamp"), "1970-01-01T00:00:00Z"],
    ["a time beyond all years", 2n ** 63n - 1n, field("x", "timestamp"), "9223372036854775807"],
    ["bytes", Uint8Array.of(104, 105), field("x", "binary"), { base64: "aGk=", length: 2 }],
    [
      "a mask",
      { dims: [1, 2], data: Uint8Array.of(1, 0) },
      field("x", "bool", { shape: [1, 2] }),
      { dims: [1, 2], values: [true, false] },
    ],
    [
      "wide integers",
      { dims: [2], data: BigInt64Array.of(1n, 2n ** 60n) },
      field("x", "int64", { shape: [2] }),
      { dims: [2], values: [1, "1152921504606846976"] },
    ],
  ])("%s", (_, cell, column, json) => {
    expect(cellToJson(cell, column)).toEqual({ json, cut: false });
  });

  it("is cut, and says so", () => {
    const tensor = { dims: [100], data: new Float32Array(100) };
    expect(cellToJson(tensor, field("x", "float32", { shape: [100] }))).toEqual({
      json: { dims: [100], values: [0, 0, 0, 0, 0, 0, 0, 0] },
      cut: true,
    });
    expect(cellToJson(tensor, field("x", "float32", { shape: [100] }), WHOLE).cut).toBe(false);
    expect(cellToJson("x".repeat(2000), field("x", "string"))).toEqual({
      json: `${"x".repeat(1000)}…`,
      cut: true,
    });
    const pair = `${"x".repeat(999)}🦊 and more`;
    expect(cellToJson(pair, field("x", "string")).json).toBe(`${"x".repeat(999)}…`);
    expect(cellToJson(new Uint8Array(97), field("x", "binary"))).toMatchObject({
      cut: true,
      json: { length: 97 },
    });
    expect(
      cellToJson(
        Array.from({ length: 1000 }, () => 1),
        field("x", "json"),
      ),
    ).toMatchObject({
      cut: true,
      json: expect.stringMatching(/^\[1,1.*…$/),
    });
  });

  it("of any time is read back as that time", () => {
    assert(
      property(bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }), (time) => {
        const text = timestampText(time);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/);
        const seconds = BigInt(Date.parse(text.replace(/\.\d+/, ""))) * 1000n;
        const rest = BigInt((/\.(\d+)/.exec(text)?.[1] ?? "").padEnd(6, "0"));
        expect(seconds + rest).toBe(time);
      }),
    );
    expect(dateText(NaN)).toBe("NaN");
  });
});

const labelled = memoryTable({ fields: [field("id"), field("label", "string")] }, [
  [1n, "a"],
  [2n, "b"],
  [3n, null],
  [4n, "a"],
  [5n, "a"],
  [6n, "b"],
]);

describe("a preview of rows", () => {
  it("gives those asked for by the names of their columns, with their numbers", async () => {
    expect(await previewRows(labelled, { from: 1, limit: 2, columns: ["label", "id"] })).toEqual({
      fields: [labelled.schema.fields[1], labelled.schema.fields[0]],
      from: 1,
      rows: [
        { label: "b", id: 2 },
        { label: null, id: 3 },
      ],
      cut: [],
      row_count: 6,
      truncated: false,
    });
    expect((await previewRows(labelled, { from: 6 })).rows).toEqual([]);
  });

  it("names the cells that are cut by their row in the table", async () => {
    const rows = [["a"], ["b"], ["x".repeat(5000)]];
    const long = memoryTable({ fields: [field("t", "string")] }, rows);
    expect((await previewRows(long, { from: 1 })).cut).toEqual([{ row: 2, column: "t" }]);
  });

  it("ends early rather than being too large", async () => {
    const rows = Array.from({ length: 40 }, () => ["x".repeat(500_000)]);
    const large = memoryTable({ fields: [field("t", "string")] }, rows, 1);
    const preview = await previewRows(large, { limit: 40, limits: WHOLE });
    expect(preview.truncated).toBe(true);
    expect(preview.rows).toHaveLength(15);
    expect(large.read.rows).toBe(16);
  });

  it.each([
    [
      { columns: ["nothing"] },
      "column_unknown",
      'there is no column "nothing"; there are "id", "label"',
    ],
    [{ columns: ["id", "id"] }, "option_invalid", "a column is named twice: name each once"],
    [{ limit: 0 }, "option_invalid", "limit is 0, and should be a whole number from 1 to 1000"],
    [
      { from: -1 },
      "option_invalid",
      "from is -1, and should be a whole number from 0 to 9007199254740991",
    ],
  ])("refuses %j", async (options, code, message) => {
    await expect(previewRows(labelled, options)).rejects.toMatchObject({
      problem: { code, message },
    });
  });
});

describe("a preview of each class", () => {
  it("gives the first rows of each, and counts all", async () => {
    const preview = await previewPerClass(labelled, "label", 2, { columns: ["id"] });
    expect(preview).toMatchObject({
      column: "label",
      rows_read: 6,
      complete: true,
      truncated: false,
    });
    expect(preview.classes).toEqual([
      {
        value: "a",
        count: 3,
        rows: [
          { row: 0, values: { id: 1 } },
          { row: 3, values: { id: 4 } },
        ],
      },
      {
        value: "b",
        count: 2,
        rows: [
          { row: 1, values: { id: 2 } },
          { row: 5, values: { id: 6 } },
        ],
      },
      { value: null, count: 1, rows: [{ row: 2, values: { id: 3 } }] },
    ]);
  });

  it("stops when it has the classes asked for, and gives one that is not there no rows", async () => {
    const preview = await previewPerClass(labelled, "label", 1, { classes: ["b", "a"] });
    expect(preview.classes.map(({ value, count }) => [value, count])).toEqual([
      ["b", 1],
      ["a", 1],
    ]);
    expect(preview).toMatchObject({ rows_read: 2, complete: false });
    const absent = await previewPerClass(labelled, "label", 1, { classes: ["z"] });
    expect(absent).toMatchObject({ classes: [{ value: "z", count: 0, rows: [] }], complete: true });
  });

  it("refuses a column of more than 100 values, at the row where it is seen", async () => {
    const rows = Array.from({ length: 300 }, (_, at) => [BigInt(at)]);
    const many = memoryTable({ fields: [field("id")] }, rows);
    await expect(previewPerClass(many, "id", 1)).rejects.toMatchObject({
      problem: { code: "option_invalid", row: 100 },
    });
    const some = await previewPerClass(many, "id", 1, { classes: [250] });
    expect(some.classes[0]?.rows[0]?.row).toBe(250);
  });
});

describe("a preview of a signal", () => {
  const signal = (values: number[]) => ({ dims: [values.length], data: Float64Array.from(values) });

  it("has every peak, within the points asked for", () => {
    const value = oneof(double({ noNaN: true, min: -1e3, max: 1e3 }), integer({ min: -2, max: 2 }));
    assert(
      property(
        array(value, { minLength: 1, maxLength: 500 }),
        integer({ min: 2, max: 50 }),
        (values, points) => {
          const preview = signalPreview(signal(values), points);
          expect(preview.index.length).toBeLessThanOrEqual(points);
          expect(preview.min).toBe(Math.min(...values) + 0);
          expect(preview.max).toBe(Math.max(...values) + 0);
          expect(preview.index).toEqual(preview.index.toSorted((a, b) => a - b));
          for (const [at, index] of preview.index.entries())
            expect(preview.value[at]).toBe((values[index] ?? NaN) + 0);
        },
      ),
    );
  });

  it("is the signal itself where it is short, with null for what is not finite", () => {
    expect(signalPreview(signal([1, NaN, 3]), 3)).toEqual({
      samples: 3,
      index: [0, 1, 2],
      value: [1, null, 3],
      min: 1,
      max: 3,
    });
    expect(signalPreview(signal([NaN, NaN, NaN]), 2)).toMatchObject({ min: null, value: [null] });
    expect(signalPreview(signal([]), 2)).toMatchObject({ samples: 0, index: [] });
  });

  it("is of one channel", () => {
    const tensor = { dims: [2, 3], data: Int16Array.of(1, 2, 3, 4, 5, 6) };
    expect(signalPreview(tensor, 10, 1).value).toEqual([4, 5, 6]);
    expect(() => signalPreview(tensor, 10, 2)).toThrow(/channels 0 to 1/);
  });
});

describe("pictures", () => {
  it("show a histogram for each column of numbers, whatever the names", () => {
    const profiler = newProfiler({
      fields: [field('<script>"x"', "float64"), field("t", "string")],
    });
    profiler.add({
      rows: 3,
      columns: [
        [1, 2, 1.7e308],
        ["a", "b", null],
      ],
    });
    const svg = profilePlot(profiler.finish(), { title: "Bearings & co" });
    expect(svg.match(/class="amount"/g)).toHaveLength(20);
    expect(svg).toContain("1 column of numbers, of 2");
    expect(svg).toContain("Bearings &amp; co");
    expect(svg).not.toContain("<script>");
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(profilePlot([], { title: "none" })).toContain("There are no columns of numbers.");
  });

  it("say in full how much of a column is missing, and what its mean is", () => {
    const profiler = newProfiler({ fields: [field("mean_area", "float64")] });
    profiler.add({ rows: 567, columns: [Array.from({ length: 567 }, (_, at) => at || null)] });
    const svg = profilePlot(profiler.finish(), { title: "tumours@4" });
    expect(svg).toContain(">0.176 % null<");
    expect(svg).toContain(">mean 283.5<");
  });

  it("show a signal in seconds, with a gap where it has one", () => {
    const preview = signalPreview({ dims: [5], data: Float32Array.of(0, 1, NaN, 2, 3) }, 10);
    const svg = signalPlot(preview, { title: "s", sampling_rate_hz: 10, unit: "g" });
    expect(svg.match(/class="line amount"/g)).toHaveLength(2);
    expect(svg).toContain("time in s");
    expect(svg).toContain("5 samples, 0.5 s at 10 Hz");
    expect(
      signalPlot(signalPreview({ dims: [0], data: new Float32Array(0) }, 10), { title: "e" }),
    ).toContain("no finite sample");
    const far = signalPreview({ dims: [2], data: Float64Array.of(-1.7e308, 1) }, 10);
    expect(() => signalPlot(far, { title: "s" })).toThrow(/too far to be drawn/);
  });
});
