import type { SchemaChange } from "../schema-rules/schema-changes.ts";
import type { JsonRow } from "../preview/preview-rows.ts";

/** `row` is its number in the table; null where only a part of the table was read. */
export type SampleRow = { row: number | null; values: JsonRow };

export type TableComparison = {
  schema_changes: SchemaChange[];
  /** By name those that both have; the others are schema changes and not changes of rows. */
  columns_compared: string[];
  /** Null where rows are compared whole. */
  key: string[] | null;
  /** Null where reading ended early. */
  row_counts: { before: number | null; after: number | null };
  added: number;
  removed: number;
  /** Rows of one key whose values differ; 0 without a key. */
  changed: number;
  /** How many of the changed rows differ in each column; those that differ in none are left out. */
  changed_by_column: { column: string; rows: number }[];
  samples: {
    added: SampleRow[];
    removed: SampleRow[];
    changed: { before: SampleRow; after: SampleRow; columns: string[] }[];
  };
  /** Whether the work allowed did not suffice: counts are then those of what was compared. */
  truncated: boolean;
};

/** A row of either table with one key and different values. */
export type ChangedPair = { rowA: number; rowB: number };

/** Numbers of rows that differ. */
export type FoundRows = { added: number[]; removed: number[]; changed: ChangedPair[] };
