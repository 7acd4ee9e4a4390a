import { DatasetFault } from "../../dataset-fault.ts";

/** Bytes come back as they went in; numbers go in and out as float64, so that integers beyond 2^53 go as text. */
export type SqlValue = null | number | string | Uint8Array;

/** A SQLite database that a transformation has to itself. */
export type Database = {
  run(sql: string, ...values: SqlValue[]): void;
  /** Rows as lists of values; the next statement may end it. */
  rows(sql: string, ...values: SqlValue[]): Iterable<SqlValue[]>;
  /** Everything that `work` writes, or nothing of it. */
  together(work: () => void): void;
};

/** Most columns that a table and a result may have, and values that a statement may be given, in workerd. */
export const MOST_COLUMNS = 100;

/** What values alone can make the engine refuse. */
const REFUSALS =
  /integer overflow|string or blob too big|pattern too complex|malformed JSON|bad JSON path|JSON path error|Expression tree is too large|too many columns|database or disk is full|parser stack overflow/i;

/** Of what is computed of a batch of rows, as it lies in memory: expressions can make texts longer. */
const MOST_COMPUTED_BYTES = 2 ** 24;

type Faulting = Database & {
  /**
   * All rows of a statement over `table`, each beginning with the number of its row; a fault where they
   * would take more memory than there is for them, and then the table is empty.
   */
  computed(table: string, sql: string, ...values: SqlValue[]): SqlValue[][];
};

/** The database, whose refusals of values are faults of the transformation. */
export function faulting(database: Database): Faulting {
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!(error instanceof DatasetFault) && REFUSALS.test(message))
        throw new DatasetFault("transformation_invalid", `SQLite cannot compute it: ${message}`, {
          field: "parameters",
        });
      throw error;
    }
  };
  return {
    run: (sql, ...values) => attempt(() => database.run(sql, ...values)),
    rows: (sql, ...values) => attempt(() => [...database.rows(sql, ...values)]),
    together: (work) => attempt(() => database.together(work)),
    computed: (table, sql, ...values) =>
      attempt(() => bounded(database, table, database.rows(sql, ...values))),
  };
}

function bounded(database: Database, table: string, rows: Iterable<SqlValue[]>): SqlValue[][] {
  const held: SqlValue[][] = [];
  let bytes = 0;
  let last: SqlValue | undefined;
  for (const row of rows) {
    if (bytes > MOST_COMPUTED_BYTES) continue;
    held.push(row);
    last = row[0];
    bytes += row.reduce<number>((sum, value) => sum + bytesOf(value), 0);
    // The statement must be read to its end, as no table can be dropped under it: this is its end.
    if (bytes > MOST_COMPUTED_BYTES) database.run(`DELETE FROM ${table}`);
  }
  if (bytes <= MOST_COMPUTED_BYTES) return held;
  throw new DatasetFault(
    "transformation_invalid",
    `row ${String(last)} and the ${held.length - 1} before it become more than ${MOST_COMPUTED_BYTES} bytes: write expressions that give shorter texts`,
    { field: "parameters", row: Number(last) },
  );
}

function bytesOf(value: SqlValue): number {
  if (typeof value === "string") return 2 * value.length;
  return value instanceof Uint8Array ? value.length : 8;
}

/** Rows one after the other, `most` of them in memory: `sql` has rows in order of a first column above ?1, at most ?2. */
export function* paged(database: Database, sql: string, most: number): Iterable<SqlValue[]> {
  for (let after = -1; ;) {
    let rows = 0;
    for (const row of database.rows(sql, after, most)) {
      rows += 1;
      after = Number(row[0]);
      yield row;
    }
    if (rows < most) return;
  }
}

/** Every table that a transformation may leave behind. */
const TABLES = ["source_0", "source_1", "constant", "result", "stratum", "number"] as const;

/** Gives back what a transformation has taken of the database. */
export function dropTables(database: Database): void {
  for (const table of TABLES) database.run(`DROP TABLE IF EXISTS ${table}`);
}
