import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  nat,
  record,
} from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceOf, type ByteSource } from "../../../../domain/datasets/byte-source.ts";
import type { ChangedRange } from "../../../../domain/datasets/chunks/changed-ranges.ts";
import {
  compareChanged,
  type InspectedFile,
} from "../../../../domain/datasets/compare/compare-changed.ts";
import { compareTables } from "../../../../domain/datasets/compare/compare-tables.ts";
import { csvRowStarts } from "../../../../domain/datasets/compare/row-starts.ts";
import { csvReader } from "../../../../domain/datasets/formats/csv/csv-reader.ts";
import { jsonReader } from "../../../../domain/datasets/formats/json/json-reader.ts";
import { newProfiler } from "../../../../domain/datasets/profile/profiler.ts";
import type { Schema } from "../../../../domain/datasets/schema.ts";
import { utf8Encode } from "../../../../domain/text/utf8.ts";
import { nodePlatform as platform } from "../../../fixtures/format-platform.ts";
import { field } from "../support/memory-table.ts";

const schema: Schema = { fields: [field("id"), field("t", "string"), field("x", "float64")] };

async function inspected(
  text: string,
  format: "csv" | "json",
  columns = schema,
): Promise<InspectedFile> {
  const source = sourceOf(utf8Encode(text));
  const reader = (format === "csv" ? csvReader : jsonReader)(platform);
  const table = await reader.read(source, { schema: columns });
  const profiler = newProfiler(columns);
  let rows = 0;
  for await (const batch of table.batches()) {
    profiler.add(batch);
    rows += batch.rows;
  }
  const inspection = { schema: columns, row_count: rows, columns: profiler.finish(), warnings: [] };
  return { source, format, read_options: {}, schema: columns, inspection };
}

const whole = async ({ source, format, schema: columns }: InspectedFile) =>
  (format === "csv" ? csvReader : jsonReader)(platform).read(source, { schema: columns });

/** Where two texts differ, from edits of pieces: every range as narrow as their first and last bytes allow. */
function changesOf(pieces: readonly { old: string; now: string }[]): ChangedRange[] {
  const changes: ChangedRange[] = [];
  let [a, b] = [0, 0];
  for (const { old, now } of pieces) {
    const [was, is] = [utf8Encode(old), utf8Encode(now)];
    if (old !== now) {
      let head = 0;
      while (head < Math.min(was.length, is.length) && was[head] === is[head]) head++;
      let tail = 0;
      while (
        tail < Math.min(was.length, is.length) - head &&
        was.at(-1 - tail) === is.at(-1 - tail)
      )
        tail++;
      changes.push({
        a: { from: a + head, to: a + was.length - tail },
        b: { from: b + head, to: b + is.length - tail },
      });
    }
    a += was.length;
    b += is.length;
  }
  return changes;
}

const cells = constantFrom(
  "",
  "plain",
  'say "so"',
  "two\nlines",
  'a,"b"\nc',
  "\n",
  "7,x,1\n8,y,2",
  '"',
  "ü\r\nz",
);
const quoted = (text: string): string =>
  /[",\n\r]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text;
const edits = array(
  record({
    text: cells,
    next: cells,
    kind: constantFrom("keep", "keep", "keep", "change", "drop", "insert"),
  }),
  { minLength: 1, maxLength: 40, size: "max" },
);

const withoutRows = (value: object): unknown =>
  JSON.parse(JSON.stringify(value, (key, one: unknown) => (key === "row" ? null : one)));

describe("files that share bytes", () => {
  const lineOf = {
    csv: (id: number, t: string) => `${id},${quoted(t)},0.5\n`,
    json: (id: number, t: string) => `${JSON.stringify({ id, t, x: 0.5 })}\n`,
  };

  it.each(["csv", "json"] as const)("of %s compare as when all rows are read", async (format) => {
    let [partly, all] = [0, 0];
    await assert(
      asyncProperty(edits, boolean(), nat(3), async (list, isKeyed, ending) => {
        const pieces = list.map(({ text, next, kind }, id) => {
          const line = lineOf[format];
          const old = kind === "insert" ? "" : line(id, text);
          const now = kind === "keep" ? old : kind === "drop" ? "" : line(id, next);
          return { old, now };
        });
        const last = pieces.at(-1);
        if (last !== undefined && ending === 0) last.now = last.now.replace(/\n$/, "");
        const head = format === "csv" ? "id,t,x\n" : "";
        const [before, after] = [
          await inspected(head + pieces.map(({ old }) => old).join(""), format),
          await inspected(head + pieces.map(({ now }) => now).join(""), format),
        ];
        const changes = changesOf([{ old: head, now: head }, ...pieces]);
        const options = { key: isKeyed ? ["id"] : [], samples: 100 };
        const found = await compareChanged(before, after, changes, platform, options);
        const expected = await compareTables(await whole(before), await whole(after), options);
        const { bytes_compared, whole: isWhole, ...comparison } = found;
        expect(withoutRows(comparison)).toEqual(withoutRows(expected));
        expect(bytes_compared).toBeLessThanOrEqual(before.source.size + after.source.size);
        if (isWhole) all++;
        else partly++;
      }),
      { numRuns: 40 },
    );
    expect(partly).toBeGreaterThan(all);
  });

  it.each(["csv", "json"] as const)(
    "of %s cost what changed, and not what is there",
    async (format) => {
      const rows = Array.from({ length: 8_000 }, (_, id) =>
        lineOf[format](id, id % 3 === 0 ? "two\nlines" : "plain"),
      );
      const head = format === "csv" ? "id,t,x\n" : "";
      const pieces = rows.map((row, id) => ({
        old: row,
        now: id === 3_000 || id === 6_000 ? row.replace("0.5", "0.75") : row,
      }));
      const [before, after] = [
        await inspected(head + rows.join(""), format),
        await inspected(head + pieces.map(({ now }) => now).join(""), format),
      ];
      let bytes = 0;
      const counted = (source: ByteSource): ByteSource => ({
        size: source.size,
        async read(offset, length) {
          bytes += length;
          return source.read(offset, length);
        },
      });
      const changes = changesOf([{ old: head, now: head }, ...pieces]);
      const found = await compareChanged(
        { ...before, source: counted(before.source) },
        { ...after, source: counted(after.source) },
        changes,
        platform,
        { key: ["id"] },
      );
      expect(found).toMatchObject({
        changed: 2,
        added: 0,
        removed: 0,
        whole: false,
        row_counts: { before: 8_000, after: 8_000 },
      });
      expect(found.changed_by_column).toEqual([{ column: "x", rows: 2 }]);
      expect(found.samples.changed[0]?.before).toEqual({
        row: null,
        values: { id: 3000, t: rows[3000]?.includes("lines") ? "two\nlines" : "plain", x: 0.5 },
      });
      expect(found.bytes_compared).toBeLessThan(1000);
    },
  );

  it("take in rows that are longer than is looked back", async () => {
    const long = "y".repeat(100_000);
    const pieces = [
      { old: "1,a,1\n", now: "1,a,2\n" },
      { old: `2,${long},1\n`, now: `2,${long},2\n` },
      { old: `3,${long},1\n`, now: `4,${long},1\n` },
      { old: "5,a,1\n", now: "5,a,1\n" },
      { old: "6,a,1\n", now: "6,a,2\n" },
    ];
    const head = "id,t,x\n";
    const [before, after] = [
      await inspected(head + pieces.map(({ old }) => old).join(""), "csv"),
      await inspected(head + pieces.map(({ now }) => now).join(""), "csv"),
    ];
    const changes = changesOf([{ old: head, now: head }, ...pieces]);
    expect(await compareChanged(before, after, changes, platform, { key: ["id"] })).toMatchObject({
      changed: 3,
      added: 1,
      removed: 1,
      whole: false,
    });
  });

  it("leave the header out of a changed part that has it and the first rows in it", async () => {
    const head = "id,t,x\n";
    const rows = Array.from({ length: 2_000 }, (_, id) => `${id},a,1\n`);
    const [before, after] = [
      await inspected(head + rows.join(""), "csv"),
      await inspected(head + rows.with(1, "1,b,1\n").with(0, "7777,a,1\n").join(""), "csv"),
    ];
    const [old, now] = ["0,a,1\n1,a,1\n", "7777,a,1\n1,b,1\n"].map((text) => text.length);
    const changes = [
      {
        a: { from: 0, to: head.length + (old ?? 0) },
        b: { from: 0, to: head.length + (now ?? 0) },
      },
    ];
    expect(await compareChanged(before, after, changes, platform, { key: ["id"] })).toMatchObject({
      added: 1,
      removed: 1,
      changed: 1,
      whole: false,
    });
    const unlike = [{ a: { from: 0, to: 40 }, b: { from: 2, to: 45 } }];
    expect(await compareChanged(before, after, unlike, platform, { key: ["id"] })).toMatchObject({
      changed: 1,
      whole: true,
    });
  });

  it("compare whole where a column has another type, or the header is another", async () => {
    const before = await inspected("id,t,x\n1,a,1\n2,b,2\n", "csv");
    const texts: Schema = {
      fields: [field("id", "string"), field("t", "string"), field("x", "float64")],
    };
    const after = await inspected("id,t,x\n1,a,1\nz,b,2\n", "csv", texts);
    const changes = [{ a: { from: 13, to: 14 }, b: { from: 13, to: 14 } }];
    expect(await compareChanged(before, after, changes, platform)).toMatchObject({
      whole: true,
      added: 2,
      removed: 2,
    });
    const renamed = await inspected("id,u,x\n1,a,1\n2,b,2\n", "csv", {
      fields: [field("id"), field("u", "string"), field("x", "float64")],
    });
    const inHeader = [{ a: { from: 3, to: 4 }, b: { from: 3, to: 4 } }];
    expect(await compareChanged(before, renamed, inHeader, platform)).toMatchObject({
      whole: true,
      added: 0,
    });
  });

  it("tell of two rows with one key without numbers that are not theirs", async () => {
    const before = await inspected("id,t,x\n1,a,1\n2,b,2\n", "csv");
    const after = await inspected("id,t,x\n1,a,1\n2,b,2\n2,c,3\n2,d,3\n", "csv");
    const changes = [{ a: { from: 19, to: 19 }, b: { from: 19, to: 31 } }];
    await expect(
      compareChanged(before, after, changes, platform, { key: ["id"] }),
    ).rejects.toMatchObject({
      problem: {
        message: expect.stringContaining("two rows of the later data have one key, id = 2"),
      },
    });
  });
});

describe("whether a row begins behind a newline", () => {
  const starts = csvRowStarts(",", 2, 40);

  it("is told rightly, or not at all, for every newline of a file", async () => {
    const text = array(cells, { minLength: 1, maxLength: 30 });
    let [told, open] = [0, 0];
    await assert(
      asyncProperty(text, integer({ min: 0, max: 400 }), async (list, longest) => {
        const source: { bytes: number[]; rows: Set<number> } = { bytes: [], rows: new Set() };
        for (const [at, one] of list.entries()) {
          source.bytes.push(...utf8Encode(`${at},${quoted(one)}\n`));
          source.rows.add(source.bytes.length);
        }
        const bytes = Uint8Array.from(source.bytes);
        const bound = Math.max(longest, 4 * Math.max(...list.map((one) => one.length)));
        for (let at = 1; at <= bytes.length; at++) {
          if (bytes[at - 1] !== 10) continue;
          const answer = await csvRowStarts(",", 2, bound)(sourceOf(bytes), at);
          if (answer !== null) expect([at, answer]).toEqual([at, source.rows.has(at)]);
          if (answer === null) open++;
          else told++;
        }
      }),
    );
    expect(told).toBeGreaterThan(10 * open);
  });

  it("stays open where a cell looks like rows as far as can be seen", async () => {
    const rows = "1,2\n".repeat(400_000);
    const source = sourceOf(utf8Encode(`a,b\n9,"${rows}"\n`));
    expect(await csvRowStarts(",", 2, Infinity)(source, 11)).toBeNull();
    expect(await starts(sourceOf(utf8Encode(rows)), 4)).toBe(true);
  });
});
