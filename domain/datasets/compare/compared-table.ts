import type { CellHash } from "../profile/cell-hash.ts";
import { cellToJson } from "../preview/cell-to-json.ts";
import { fieldsOf } from "../preview/checked-range.ts";
import type { Field } from "../schema.ts";
import type { Batch, Table } from "../table.ts";
import { RowHasher } from "./hash-cell.ts";

/** How many cells may still be read. */
export class WorkBudget {
  #left: number;

  constructor(cells: number) {
    this.#left = cells;
  }

  /** False where there are not so many left. */
  spend(cells: number): boolean {
    this.#left -= cells;
    return this.#left >= 0;
  }
}

export type RowVisitor = (
  row: number,
  key: CellHash,
  hash: CellHash,
  batch: Batch,
  at: number,
) => void;

/** A table as it is compared: by some of its columns, in one order for both. */
export class ComparedTable {
  readonly fields: readonly Field[];
  readonly #table: Table;
  readonly #names: readonly string[];
  readonly #budget: WorkBudget;
  readonly #row: RowHasher;
  /** Null where the whole row is the key. */
  readonly #key: RowHasher | null;

  constructor(
    table: Table,
    columns: readonly string[],
    key: readonly string[],
    seed: number,
    budget: WorkBudget,
  ) {
    this.#table = table;
    this.#names = columns;
    this.#budget = budget;
    this.fields = fieldsOf(table.schema, columns);
    this.#row = new RowHasher(this.fields, [...columns.keys()], seed);
    this.#key =
      key.length === 0
        ? null
        : new RowHasher(
            this.fields,
            key.map((name) => columns.indexOf(name)),
            seed + 1,
          );
  }

  /** Such as `id = 7, day = "2026-11-21"`. */
  describe(columns: readonly string[], batch: Batch, at: number): string {
    return columns
      .map((name) => {
        const place = this.#names.indexOf(name);
        const [field, cell] = [this.fields[place], batch.columns[place]?.[at] ?? null];
        return `${name} = ${JSON.stringify(field === undefined ? null : cellToJson(cell, field).json)}`;
      })
      .join(", ");
  }

  /** Visits every row in order with its hashes. False where the work allowed did not suffice. */
  async eachRow(visit: RowVisitor): Promise<boolean> {
    return this.eachBatch((batch, from) => {
      for (let at = 0; at < batch.rows; at++) {
        const hash = this.#row.row(batch, at);
        visit(from + at, this.#key?.row(batch, at) ?? hash, hash, batch, at);
      }
    });
  }

  /** Visits every batch with the number of its first row. False where the work allowed did not suffice. */
  async eachBatch(visit: (batch: Batch, from: number) => void): Promise<boolean> {
    let from = 0;
    for await (const batch of this.#table.batches({ columns: this.#names })) {
      if (!this.#budget.spend(batch.rows * Math.max(1, this.#names.length))) return false;
      visit(batch, from);
      from += batch.rows;
    }
    return true;
  }
}
