import { DatasetFault } from "../dataset-fault.ts";
import { schemaChanges } from "../schema-rules/schema-changes.ts";
import { quoted } from "../schema-rules/named.ts";
import { checkedCount, fieldsOf } from "../preview/checked-range.ts";
import type { Table } from "../table.ts";
import { ColumnComparison } from "./column-comparison.ts";
import { HeldRows, type Side } from "./held-rows.ts";
import { ComparedTable, WorkBudget } from "./compared-table.ts";
import {
  differingGroups,
  partitionOf,
  PartitionDigest,
  type PartitionGroup,
} from "./partition-digest.ts";
import type { FoundRows, TableComparison } from "./table-comparison.ts";

export type CompareOptions = {
  /** The columns that tell a row from every other; the primary key of `b`, where both have its columns. Empty: rows are compared whole. */
  key?: readonly string[];
  /** How many rows of each kind are shown, 0 to 100; 5. */
  samples?: number;
  /** How many cells may be read of both tables together, in all passes; 200 million. */
  most_cells?: number;
  /** Of the hashes. Data that somebody makes up to look equal needs one that they do not know. */
  seed?: number;
};

/** Keys that are held at a time; 12.6 MB. */
const MOST_HELD = 2 ** 17;

/**
 * What is different between two tables, whatever the order of their rows: by key the rows that were
 * added, removed and changed; without one, the rows that one has more often than the other.
 *
 * One pass over both sums up hashes of rows by 65,536 partitions of their keys. Partitions that agree
 * hold the same rows and are not looked at again. Further passes hold the keys and hashes of the
 * others, up to 131,072 rows at a time, and then read the rows that changed. Equal tables are read
 * once and a small change takes three readings; every 65,000 changed rows or so take two more. Memory is
 * some 35 MB at most by the sizes of what is held, whatever the tables' size; work is bounded by `most_cells`. Rows count as equal by
 * 64-bit hashes.
 *
 * Throws `column_unknown` and `option_invalid`, and `schema_mismatch` where two rows of a table that
 * are looked at have one key.
 */
export const compareTables = (
  before: Table,
  after: Table,
  options: CompareOptions = {},
): Promise<TableComparison> => compareRows(before, after, options, true);

/** The same of tables of which only some rows were read, whose numbers tell nothing where they are not `numbered`. */
export async function compareRows(
  before: Table,
  after: Table,
  options: CompareOptions,
  numbered: boolean,
): Promise<TableComparison> {
  const { samples = 5, most_cells = 2e8, seed = 0 } = options;
  checkedCount("samples", samples, 0, 100);
  const shared = sharedColumns(before, after);
  const key = keyOf(before, after, options.key);
  const budget = new WorkBudget(most_cells);
  const tables: Record<Side, ComparedTable> = {
    a: new ComparedTable(before, shared, key, seed, budget),
    b: new ComparedTable(after, shared, key, seed, budget),
  };
  const comparison: TableComparison = {
    schema_changes: schemaChanges(before.schema, after.schema),
    columns_compared: shared,
    key: key.length > 0 ? [...key] : null,
    row_counts: { before: before.rows, after: after.rows },
    added: 0,
    removed: 0,
    changed: 0,
    changed_by_column: [],
    samples: { added: [], removed: [], changed: [] },
    truncated: true,
  };
  const digests = { a: await digestOf(tables.a), b: await digestOf(tables.b) };
  if (digests.a === null || digests.b === null) return comparison;
  comparison.row_counts = { before: digests.a.rows, after: digests.b.rows };
  const columns = new ColumnComparison(tables, samples);
  for (const group of differingGroups(digests.a, digests.b, MOST_HELD)) {
    const held = await holdRows(tables, group, key, numbered);
    if (held === null) return columns.into(comparison);
    if (!(await columns.add(countInto(comparison, held, key.length > 0, samples))))
      return columns.into(comparison);
  }
  return { ...columns.into(comparison), truncated: false };
}

function sharedColumns(before: Table, after: Table): string[] {
  const names = new Set(after.schema.fields.map(({ name }) => name));
  return before.schema.fields.map(({ name }) => name).filter((name) => names.has(name));
}

function keyOf(
  before: Table,
  after: Table,
  asked: readonly string[] | undefined,
): readonly string[] {
  if (asked === undefined) {
    const shared = new Set(sharedColumns(before, after));
    const key = after.schema.primary_key ?? [];
    return key.every((name) => shared.has(name)) ? key : [];
  }
  for (const { schema } of [before, after])
    for (const field of fieldsOf(schema, asked))
      if (field.shape !== undefined)
        throw new DatasetFault(
          "option_invalid",
          `the key has the column ${quoted(field.name)}, and a tensor tells no rows apart`,
          { field: "key" },
        );
  return asked;
}

async function digestOf(table: ComparedTable): Promise<PartitionDigest | null> {
  const digest = new PartitionDigest();
  const whole = await table.eachRow((_row, key, hash) => {
    digest.add(partitionOf(key), hash);
  });
  return whole ? digest : null;
}

/** The rows of both tables in a group of partitions; null where the work or the room does not suffice. */
async function holdRows(
  tables: Record<Side, ComparedTable>,
  { partitions, rows }: PartitionGroup,
  key: readonly string[],
  numbered: boolean,
): Promise<HeldRows | null> {
  const held = new HeldRows(Math.min(rows, MOST_HELD));
  let isFull = false;
  for (const side of ["a", "b"] as const) {
    const whole = await tables[side].eachRow((row, keyHash, hash, batch, at) => {
      if (!partitions.has(partitionOf(keyHash))) return;
      const first = held.add(side, keyHash, hash, row);
      if (first === null) isFull = true;
      else if (first >= 0 && key.length > 0)
        throw keyTwice(side, tables[side].describe(key, batch, at), numbered ? [first, row] : null);
    });
    if (!whole || isFull) return null;
  }
  return held;
}

function keyTwice(side: Side, key: string, rows: readonly [number, number] | null): DatasetFault {
  const data = `the ${side === "a" ? "earlier" : "later"} data`;
  const where = rows === null ? `two rows of ${data}` : `rows ${rows.join(" and ")} of ${data}`;
  return new DatasetFault(
    "schema_mismatch",
    `${where} have one key, ${key}: compare by columns that tell every row apart, or without a key`,
    { field: "key", ...(rows === null ? {} : { row: rows[1] }) },
  );
}

/** Adds up what a group of partitions holds, and picks out the changed rows and the first of the others. */
function countInto(
  comparison: TableComparison,
  held: HeldRows,
  keyed: boolean,
  samples: number,
): FoundRows {
  const found: FoundRows = { added: [], removed: [], changed: [] };
  for (const { a, b, rowA, rowB, same } of held.entries()) {
    comparison.removed += Math.max(0, a - b);
    comparison.added += Math.max(0, b - a);
    if (a > b) found.removed.push(rowA);
    else if (b > a) found.added.push(rowB);
    else if (keyed && !same) found.changed.push({ rowA, rowB });
  }
  comparison.changed += found.changed.length;
  const first = (rows: number[]): number[] => rows.sort((x, y) => x - y).slice(0, samples);
  return {
    added: first(found.added),
    removed: first(found.removed),
    changed: found.changed.sort((x, y) => x.rowA - y.rowA),
  };
}
