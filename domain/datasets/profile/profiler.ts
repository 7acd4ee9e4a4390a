import { DatasetFault } from "../dataset-fault.ts";
import type { ColumnProfile } from "../inspection.ts";
import type { Field, Schema } from "../schema.ts";
import type { Batch } from "../table.ts";
import type { Cdf } from "./cdf.ts";
import { ColumnProfiler, type ColumnState } from "./column-profiler.ts";
import { limitsFor } from "./profile-limits.ts";

/** All of a profiler as plain data that JSON can carry. */
export type ProfilerState = { version: 1; fields: Field[]; columns: ColumnState[] };

/**
 * What is known of a table's columns from one pass over its batches. Profiles of parts merge: counts,
 * extremes and distributions are those of one pass, as are means and deviations but for rounding in
 * the last digits, and distinct and most frequent values as long as they are exact.
 */
export type Profiler = {
  readonly schema: Schema;
  add(batch: Batch): void;
  /** Adds what another profiler of the same columns has seen. Throws `schema_mismatch` for others. */
  merge(other: Profiler): void;
  finish(): ColumnProfile[];
  /** The distribution of a column's finite numbers; null for a column without. */
  cdf(column: string): Cdf | null;
  state(): ProfilerState;
};

export const newProfiler = (schema: Schema): Profiler => {
  const limits = limitsFor(schema.fields.length);
  return new TableProfiler(
    schema.fields,
    schema.fields.map((field) => new ColumnProfiler(field, limits)),
  );
};

/** The profiler that `state()` was asked of. */
export function profilerOf({ version, fields, columns }: ProfilerState): Profiler {
  if (version !== 1 || fields.length !== columns.length)
    throw new DatasetFault(
      "file_invalid",
      "the stored profile is of another version: profile the data again",
    );
  const limits = limitsFor(fields.length);
  return new TableProfiler(
    fields,
    columns.flatMap((state, at) => {
      const field = fields[at];
      return field === undefined ? [] : [ColumnProfiler.of(field, limits, state)];
    }),
  );
}

class TableProfiler implements Profiler {
  readonly schema: Schema;
  readonly #columns: readonly ColumnProfiler[];

  constructor(fields: Field[], columns: readonly ColumnProfiler[]) {
    this.schema = { fields };
    this.#columns = columns;
  }

  add({ columns }: Batch): void {
    for (const [at, cells] of columns.entries()) this.#columns[at]?.addAll(cells);
  }

  merge(other: Profiler): void {
    if (!(other instanceof TableProfiler) || shapeOf(other.schema) !== shapeOf(this.schema))
      throw new DatasetFault(
        "schema_mismatch",
        "profiles of different columns cannot be merged: profile both by one schema",
      );
    for (const [at, column] of this.#columns.entries()) {
      const theirs = other.#columns[at];
      if (theirs !== undefined) column.merge(theirs);
    }
  }

  finish(): ColumnProfile[] {
    return this.#columns.map((column) => column.finish());
  }

  cdf(column: string): Cdf | null {
    const at = this.schema.fields.findIndex(({ name }) => name === column);
    return this.#columns[at]?.cdf() ?? null;
  }

  state(): ProfilerState {
    return {
      version: 1,
      fields: this.schema.fields,
      columns: this.#columns.map((column) => column.state()),
    };
  }
}

const shapeOf = ({ fields }: Schema): string =>
  JSON.stringify(fields.map(({ name, type, shape }) => [name, type, shape === undefined]));
