import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  integer,
  record,
  shuffledSubarray,
  uniqueArray,
} from "fast-check";
import { describe, expect, it } from "vitest";
import { compareTables } from "../../../../domain/datasets/compare/compare-tables.ts";
import { HeldRows } from "../../../../domain/datasets/compare/held-rows.ts";
import { PartitionDigest } from "../../../../domain/datasets/compare/partition-digest.ts";
import { CellHash } from "../../../../domain/datasets/profile/cell-hash.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import { field, memoryTable, type MemoryTable } from "../support/memory-table.ts";

type Row = { id: number; x: number | null; note: string };

const schema = { fields: [field("id"), field("x", "float64"), field("note", "string")] };
const tableOf = (rows: readonly Row[]): MemoryTable =>
  memoryTable(
    schema,
    rows.map(({ id, x, note }) => [BigInt(id), x, note]),
  );

const anyRow = record({
  id: integer({ min: 0, max: 30 }),
  x: constantFrom(null, 0, 1, NaN, 2.5),
  note: constantFrom("", "a", "b"),
});
const keyedRows = uniqueArray(anyRow, { selector: ({ id }) => id, maxLength: 25, size: "max" });
const text = (row: Row): string => `${row.id}|${row.x}|${row.note}`;

describe("a comparison by key", () => {
  it("finds what looking up every row finds, in any order of rows", async () => {
    await assert(
      asyncProperty(keyedRows, keyedRows, async (before, after) => {
        const found = await compareTables(tableOf(before), tableOf(after), {
          key: ["id"],
          samples: 100,
        });
        const [old, fresh] = [before, after].map(
          (rows) => new Map(rows.map((row) => [row.id, row])),
        );
        const pairs = before.flatMap((row) => {
          const now = fresh?.get(row.id);
          return now === undefined || text(row) === text(now) ? [] : [{ row, now }];
        });
        const added = after.filter(({ id }) => !old?.has(id));
        const removed = before.filter(({ id }) => !fresh?.has(id));
        expect(found).toMatchObject({
          added: added.length,
          removed: removed.length,
          changed: pairs.length,
          row_counts: { before: before.length, after: after.length },
          truncated: false,
          key: ["id"],
        });
        const byColumn = (name: "x" | "note") =>
          pairs.filter(({ row, now }) => !Object.is(row[name], now[name])).length;
        expect(found.changed_by_column).toEqual(
          (["x", "note"] as const).flatMap((column) => {
            const rows = byColumn(column);
            return rows === 0 ? [] : [{ column, rows }];
          }),
        );
        expect(found.samples.added.map(({ row, values }) => [row, values["id"]])).toEqual(
          added.map((one) => [after.indexOf(one), one.id]),
        );
        expect(found.samples.removed.map(({ row }) => row)).toEqual(
          removed.map((one) => before.indexOf(one)),
        );
        expect(
          found.samples.changed.map((one) => [one.before.row, one.after.row, one.columns]),
        ).toEqual(
          pairs.map(({ row, now }) => [
            before.indexOf(row),
            after.indexOf(now),
            [...(Object.is(row.x, now.x) ? [] : ["x"]), ...(row.note === now.note ? [] : ["note"])],
          ]),
        );
      }),
    );
  });

  it("takes the primary key of the later table", async () => {
    const one = {
      ...tableOf([{ id: 1, x: 1, note: "" }]),
      schema: { ...schema, primary_key: ["id"] },
    };
    const found = await compareTables(tableOf([{ id: 1, x: 2, note: "" }]), one);
    expect(found).toMatchObject({ key: ["id"], changed: 1, added: 0, removed: 0 });
  });

  it("refuses two rows of one key, and names them", async () => {
    const twice = tableOf([
      { id: 7, x: 1, note: "" },
      { id: 8, x: 1, note: "" },
      { id: 7, x: 2, note: "" },
    ]);
    await expect(compareTables(tableOf([]), twice, { key: ["id"] })).rejects.toMatchObject({
      problem: {
        code: "schema_mismatch",
        field: "key",
        row: 2,
        message: expect.stringContaining("rows 0 and 2 of the later data have one key, id = 7"),
      },
    });
  });

  it.each([
    [["nothing"], "column_unknown"],
    [["id", "id"], "option_invalid"],
  ])("refuses the key %j", async (key, code) => {
    await expect(compareTables(tableOf([]), tableOf([]), { key })).rejects.toMatchObject({
      problem: { code },
    });
  });
});

describe("a comparison without a key", () => {
  it("finds the difference of multisets", async () => {
    await assert(
      asyncProperty(
        array(anyRow, { maxLength: 40 }),
        array(anyRow, { maxLength: 40 }),
        async (before, after) => {
          const found = await compareTables(tableOf(before), tableOf(after));
          const counts = new Map<string, number>();
          for (const row of before) counts.set(text(row), (counts.get(text(row)) ?? 0) - 1);
          for (const row of after) counts.set(text(row), (counts.get(text(row)) ?? 0) + 1);
          const sum = (sign: number): number =>
            [...counts.values()].reduce((total, count) => total + Math.max(0, sign * count), 0);
          expect(found).toMatchObject({ key: null, added: sum(1), removed: sum(-1), changed: 0 });
        },
      ),
      { numRuns: 40 },
    );
  });

  it("finds none where rows are in another order", async () => {
    await assert(
      asyncProperty(
        array(anyRow).chain((rows) =>
          shuffledSubarray(rows, { minLength: rows.length }).map((other) => ({ rows, other })),
        ),
        async ({ rows, other }) => {
          expect(await compareTables(tableOf(rows), tableOf(other))).toMatchObject({
            added: 0,
            removed: 0,
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("cells", () => {
  const differ = async (
    a: Cell,
    b: Cell,
    before = field("x", "json"),
    after = before,
  ): Promise<boolean> => {
    const found = await compareTables(
      memoryTable({ fields: [before] }, [[a]]),
      memoryTable({ fields: [after] }, [[b]]),
    );
    return found.added > 0;
  };

  it("are equal by value, whatever the columns' types", async () => {
    expect(await differ(5n, 5, field("x", "int64"), field("x", "float64"))).toBe(false);
    expect(await differ(2n ** 60n, 2 ** 60, field("x", "int64"), field("x", "float64"))).toBe(
      false,
    );
    expect(await differ(2n ** 60n + 1n, 2 ** 60, field("x", "int64"), field("x", "float64"))).toBe(
      true,
    );
    expect(await differ(0, -0, field("x", "float64"))).toBe(false);
    expect(await differ(NaN, NaN, field("x", "float64"))).toBe(false);
    expect(await differ({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(false);
  });

  it.each<[string, Cell, Cell, ReturnType<typeof field>]>([
    ["null and the empty text", null, "", field("x", "string")],
    ["null and NaN", null, NaN, field("x", "float64")],
    ["large integers one apart", 2n ** 62n, 2n ** 62n + 1n, field("x")],
    ["numbers a bit apart", 0.1, 0.1 + 2 ** -56, field("x", "float64")],
    ["texts with a zero behind", "a", "a\0", field("x", "string")],
    ["bytes with a zero behind", Uint8Array.of(1), Uint8Array.of(1, 0), field("x", "binary")],
    ["false and null", false, null, field("x", "bool")],
    [
      "tensors of other sizes",
      { dims: [1, 2], data: Int8Array.of(1, 2) },
      { dims: [2, 1], data: Int8Array.of(1, 2) },
      field("x", "int8", { shape: [null, null] }),
    ],
    ["JSON", [1, [2]], [[1], 2], field("x", "json")],
  ])("differ: %s", async (_, a, b, column) => {
    expect(await differ(a, b, column)).toBe(true);
  });

  it("do not run into each other", async () => {
    const fields = [field("x", "string"), field("y", "string")];
    const found = await compareTables(
      memoryTable({ fields }, [["ab", "c"]]),
      memoryTable({ fields }, [["a", "bc"]]),
    );
    expect(found.added).toBe(1);
  });
});

describe("the work of a comparison", () => {
  const rows = Array.from({ length: 5000 }, (_, id): Row => ({ id, x: id, note: "n" }));

  it("is one reading of tables that are equal, and three of those that are not", async () => {
    const [a, b] = [tableOf(rows), tableOf(rows.toReversed())];
    await compareTables(a, b, { key: ["id"] });
    expect([a.read.rows, b.read.rows]).toEqual([5000, 5000]);
    const c = tableOf(rows.map((row) => (row.id === 77 ? { ...row, x: -1 } : row)));
    const found = await compareTables(a, c, { key: ["id"] });
    expect(c.read.rows).toBe(15_000);
    expect(found.samples.changed[0]?.after.values).toEqual({ id: 77, x: -1, note: "n" });
  });

  it("ends where it is limited, with what was found by then", async () => {
    const changed = tableOf(rows.map((row) => ({ ...row, x: row.id + 0.5 })));
    const early = await compareTables(tableOf(rows), changed, { key: ["id"], most_cells: 29_000 });
    expect(early).toMatchObject({ truncated: true, changed: 0, row_counts: { before: 5000 } });
    const late = await compareTables(tableOf(rows), changed, { key: ["id"], most_cells: 70_000 });
    expect(late).toMatchObject({ truncated: true, changed: 5000, changed_by_column: [] });
    const whole = await compareTables(tableOf(rows), changed, { key: ["id"], most_cells: 90_000 });
    expect(whole).toMatchObject({ truncated: false, changed: 5000 });
    expect(whole.changed_by_column).toEqual([{ column: "x", rows: 5000 }]);
  });

  it("holds no more keys than it may: 132,000 other rows take further readings", async () => {
    const many = (from: number): MemoryTable =>
      memoryTable(
        { fields: [field("id")] },
        Array.from({ length: 66_000 }, (_, at) => [BigInt(from + at)]),
        4096,
      );
    const [a, b] = [many(0), many(66_000)];
    const found = await compareTables(a, b, { key: ["id"], samples: 2 });
    expect(found).toMatchObject({ added: 66_000, removed: 66_000, changed: 0 });
    expect(found.samples.removed.map(({ row }) => row)).toEqual([0, 1]);
    expect(found.samples.added.map(({ row }) => row)).toEqual([0, 1]);
    expect(a.read.rows / 66_000).toBeGreaterThan(3);
  });
});

describe("64-bit hashes", () => {
  const hashOf = (high: number, low: number) => Object.assign(new CellHash(), { high, low });

  it("tell keys apart by both halves", () => {
    const held = new HeldRows(2);
    expect(held.add("a", hashOf(1, 4), hashOf(0, 0), 0)).toBe(-1);
    expect(held.add("a", hashOf(1, 8), hashOf(0, 0), 1)).toBe(-1);
    expect(held.add("a", hashOf(1, 4), hashOf(0, 0), 2)).toBe(0);
    expect(held.add("b", hashOf(2, 4), hashOf(0, 0), 3)).toBeNull();
  });

  it("tell partitions apart by both halves of their sums, and by their counts", () => {
    const digestOf = (...rows: [number, number][]): PartitionDigest => {
      const digest = new PartitionDigest();
      for (const [high, low] of rows) digest.add(3, hashOf(high, low));
      return digest;
    };
    const agree = (a: PartitionDigest, b: PartitionDigest): boolean => a.agrees(b, 3);
    expect(agree(digestOf([-1, 5], [2, 1]), digestOf([2, 1], [-1, 5]))).toBe(true);
    expect(agree(digestOf([1, 5]), digestOf([2, 5]))).toBe(false);
    expect(agree(digestOf([1, 5]), digestOf([1, 6]))).toBe(false);
    expect(agree(digestOf([1, 5]), digestOf([1, 5], [0, 0]))).toBe(false);
  });
});

describe("tables of other columns", () => {
  it("are compared by those that both have", async () => {
    const a = memoryTable({ fields: [field("id"), field("old")] }, [[1n, 5n]]);
    const b = memoryTable({ fields: [field("new"), field("id")] }, [[9n, 1n]]);
    expect(await compareTables(a, b)).toMatchObject({
      columns_compared: ["id"],
      added: 0,
      removed: 0,
      schema_changes: [
        { change: "removed", column: "old" },
        { change: "added", column: "new" },
      ],
    });
  });
});
