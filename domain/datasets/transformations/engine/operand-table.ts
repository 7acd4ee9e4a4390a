import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import type { Cell } from "../../table.ts";
import type { Expressions } from "../expressions/compile-expression.ts";
import { type Database, MOST_COLUMNS, type SqlValue } from "./database.ts";
import { declaredAs, toSql } from "./sql-values.ts";

/** Beyond this, longer statements are not faster. */
const MOST_ROWS_A_STATEMENT = 25;

/** A column that is computed of a row where it is stored. */
export type StoredColumn = { name: string; declared: string; of: (at: number) => SqlValue };

/**
 * A table of what is computed with: `row`, counted from 0, the operands as `c0`, `c1`…, and what
 * else is `stored`.
 */
export class OperandTable {
  readonly #database: Database;
  readonly #name: string;
  readonly #operands: readonly Field[];
  /** By how many rows they take. */
  readonly #statements = new Map<number, string>();
  readonly #width: number;

  constructor(
    database: Database,
    name: string,
    operands: readonly Field[],
    stored: readonly Pick<StoredColumn, "name" | "declared">[] = [],
  ) {
    this.#database = database;
    this.#name = name;
    this.#operands = operands;
    this.#width = 1 + operands.length + stored.length;
    if (this.#width > MOST_COLUMNS)
      throw new DatasetFault(
        "transformation_invalid",
        `it computes with ${operands.length} columns at once; it may with ${MOST_COLUMNS - 1 - stored.length}: make it two transformations`,
        { field: "parameters" },
      );
    const columns = [
      ...operands.map((field, at) => `c${at} ${declaredAs(field)}`),
      ...stored.map((column) => `${column.name} ${column.declared}`),
    ];
    database.run(`DROP TABLE IF EXISTS ${name}`);
    database.run(`CREATE TABLE ${name} (${["row INTEGER PRIMARY KEY", ...columns].join(", ")})`);
  }

  /** Adds rows; `columns` are cells of the operands in their order, the first of them of row `first`. */
  add(
    columns: readonly (readonly Cell[])[],
    rows: number,
    first: number,
    stored: readonly StoredColumn[] = [],
  ): void {
    const each = Math.max(
      1,
      Math.min(MOST_ROWS_A_STATEMENT, Math.floor(MOST_COLUMNS / this.#width)),
    );
    this.#database.together(() => {
      for (let from = 0; from < rows; from += each) {
        const to = Math.min(rows, from + each);
        const values: SqlValue[] = [];
        for (let at = from; at < to; at += 1) {
          values.push(first + at);
          for (const [operand, field] of this.#operands.entries())
            values.push(toSql(columns[operand]?.[at], field, first + at));
          for (const { of } of stored) values.push(of(at));
        }
        this.#database.run(this.#statement(to - from), ...values);
      }
    });
  }

  clear(): void {
    this.#database.run(`DELETE FROM ${this.#name}`);
  }

  #statement(rows: number): string {
    const known = this.#statements.get(rows);
    if (known !== undefined) return known;
    const row = `(${Array.from({ length: this.#width }, () => "?").join(", ")})`;
    const values = Array.from({ length: rows }, () => row).join(", ");
    const statement = `INSERT INTO ${this.#name} VALUES ${values}`;
    this.#statements.set(rows, statement);
    return statement;
  }
}

/** The table that expressions take their constants from. */
export function storeConstants(database: Database, { constants }: Expressions): void {
  database.run("DROP TABLE IF EXISTS constant");
  database.run("CREATE TABLE constant (at INTEGER PRIMARY KEY, value)");
  database.together(() => {
    for (const [at, value] of constants.entries())
      database.run("INSERT INTO constant VALUES (?, ?)", at, value);
  });
}
