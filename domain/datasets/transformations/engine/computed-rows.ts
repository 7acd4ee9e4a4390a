import type { Field } from "../../schema.ts";
import type { Batch } from "../../table.ts";
import type { Expressions } from "../expressions/compile-expression.ts";
import type { Inputs } from "../operation.ts";
import { numbered } from "./batches.ts";
import { faulting, type SqlValue } from "./database.ts";
import { OperandTable, storeConstants } from "./operand-table.ts";

/** A batch of the source, and what SQLite computed of its rows. */
export type ComputedRows = {
  batch: Batch;
  /** How many rows of the source were before it. */
  first: number;
  /** Rows of the result in order: first the row's number in the source. */
  found: SqlValue[][];
};

const namesOf = (fields: readonly Field[]): string[] => fields.map(({ name }) => name);

/**
 * What `select` gives of each row by itself: one batch after the other lies in the table
 * `source_0`. `select` has the row's number first, and ends with its conditions.
 */
export async function* rowByRow(
  { sources: [source], database: plain }: Inputs,
  expressions: Expressions,
  select: string,
): AsyncIterable<ComputedRows> {
  if (!source) throw new RangeError("a transformation without a source");
  const database = faulting(plain);
  storeConstants(database, expressions);
  const { operands } = expressions;
  const table = new OperandTable(database, "source_0", operands);
  const places = operands.map((field) => source.schema.fields.indexOf(field));
  for await (const { batch, first } of numbered(source)) {
    table.add(
      places.map((place) => batch.columns[place] ?? []),
      batch.rows,
      first,
    );
    yield { batch, first, found: database.computed("source_0", `${select} ORDER BY row`) };
    table.clear();
  }
}

/**
 * What `select` gives of all rows together, as for sums over earlier rows: all of them lie in
 * `source_0` before it is asked, and the source is read a second time beside its answer. `names`
 * are those of its columns after the row's number.
 */
export async function* allRows(
  inputs: Inputs,
  expressions: Expressions,
  select: string,
  names: readonly string[],
): AsyncIterable<ComputedRows> {
  const { sources, database: plain } = inputs;
  const [source] = sources;
  if (!source) throw new RangeError("a transformation without a source");
  const database = faulting(plain);
  await loadOperands(inputs, expressions);
  database.run("DROP TABLE IF EXISTS result");
  database.run(`CREATE TABLE result (${["row INTEGER PRIMARY KEY", ...names].join(", ")})`);
  database.run(`INSERT INTO result ${select} ORDER BY row`);
  database.run("DROP TABLE source_0");
  for await (const { batch, first } of numbered(source)) {
    const found = database.computed(
      "result",
      "SELECT * FROM result WHERE row >= ? AND row < ? ORDER BY row",
      first,
      first + batch.rows,
    );
    yield { batch, first, found };
  }
  database.run("DROP TABLE result");
}

/** Puts the operands of all rows into `source_0`; how many rows there are. */
export async function loadOperands(
  { sources: [source], database: plain }: Inputs,
  expressions: Expressions,
): Promise<number> {
  if (!source) throw new RangeError("a transformation without a source");
  const database = faulting(plain);
  storeConstants(database, expressions);
  const { operands } = expressions;
  const table = new OperandTable(database, "source_0", operands);
  let rows = 0;
  for await (const { batch, first } of numbered(source, namesOf(operands))) {
    table.add(batch.columns, batch.rows, first);
    rows = first + batch.rows;
  }
  return rows;
}
