import type { Field, Schema } from "../../schema.ts";
import { isTensor, type Cell } from "../../table.ts";
import { Gathered, numbered } from "../engine/batches.ts";
import { type Database, faulting, paged } from "../engine/database.ts";
import { OperandTable } from "../engine/operand-table.ts";
import { readRow, writeRow } from "../engine/row-codec.ts";
import { common, kindOf } from "../expressions/value-kind.ts";
import type { Kind, Source, Work } from "../operation.ts";
import { distinctNames, fieldNamed, Parameters, refuse } from "../parameters.ts";
import { sourcesOf } from "./sources.ts";

const HOW = ["inner", "left", "right", "full", "semi", "anti"] as const;
type How = (typeof HOW)[number];
const MOST_KEYS = 16;
const PAGE = 4_096;
/** Of the result; two keys that are the same in all rows would make one as long as their product. */
export const MOST_JOINED = 50_000_000;

type Pair = { left: Field; right: Field };
type Join = {
  how: How;
  pairs: Pair[];
  schema: Schema;
  /** Of each column of the right one that is taken, its place there. */
  taken: number[];
  at_most_one: boolean;
};

/**
 * `on`: the columns that rows are joined by, as names that both have or as `{left, right}`. Rows
 * are in the order of the left source and then of the right one; what only the right one has comes
 * last. No value equals a value that is not there. A column that both have and that is no key gets
 * `right_suffix` on the right.
 */
export const join: Kind = (json, sources) => {
  const [left, right] = sourcesOf(sources, 2);
  if (!left || !right) throw new RangeError("a list of two has fewer");
  const parameters = new Parameters(json);
  const how = parameters.oneOf("how", HOW, "inner");
  const pairs = readPairs(parameters, left, right);
  const right_suffix = parameters.text("right_suffix", "_right");
  const at_most_one_match = parameters.boolean("at_most_one_match", false);
  parameters.end();
  const shape = joined(left, right, { how, pairs, right_suffix });
  const plan: Join = { how, pairs, ...shape, at_most_one: at_most_one_match };
  const on = pairs.map((pair) => ({ left: pair.left.name, right: pair.right.name }));
  return {
    parameters: { how, on, right_suffix, at_most_one_match },
    outputs: [{ name: null, schema: plan.schema }],
    fit: null,
    run: (work) => runJoin(plan, work),
  };
};

function readPairs(parameters: Parameters, left: Schema, right: Schema): Pair[] {
  const path = parameters.at("on");
  const pairs = parameters.list("on", MOST_KEYS).map((one, at): Pair => {
    if (typeof one === "string")
      return {
        left: fieldNamed(one, left.fields, path),
        right: fieldNamed(one, right.fields, path),
      };
    const pair = new Parameters(one, `${path}[${at}]`);
    const found = { left: pair.column("left", left), right: pair.column("right", right) };
    pair.end();
    return found;
  });
  if (pairs.length === 0) refuse(path, "expected at least one column to join by");
  for (const pair of pairs) {
    const kinds = [pair.left, pair.right].map(({ type }) => kindOf(type));
    if (isTensor(pair.left) || isTensor(pair.right))
      refuse(path, `'${pair.left.name}' and '${pair.right.name}': tensors are no keys`);
    if (common(kinds[0] ?? "null", kinds[1] ?? "null") === null)
      refuse(
        path,
        `'${pair.left.name}' has ${kinds[0]} values and '${pair.right.name}' ${kinds[1]} values, which never are equal`,
      );
  }
  return pairs;
}

function joined(
  left: Schema,
  right: Schema,
  { how, pairs, right_suffix }: Pick<Join, "how" | "pairs"> & { right_suffix: string },
): { schema: Schema; taken: number[] } {
  if (how === "semi" || how === "anti") return { schema: left, taken: [] };
  const isShared = (name: string): boolean =>
    pairs.some((pair) => pair.left.name === name && pair.right.name === name);
  const names = new Set(left.fields.map(({ name }) => name));
  const taken = right.fields.flatMap(({ name }, at) => (isShared(name) ? [] : [at]));
  const own = left.fields.map((field) => ({
    ...field,
    nullable: field.nullable || how === "right" || how === "full",
  }));
  const others = taken.flatMap((at) => {
    const field = right.fields[at];
    return field === undefined
      ? []
      : [
          {
            ...field,
            name: names.has(field.name) ? `${field.name}${right_suffix}` : field.name,
            nullable: field.nullable || how === "left" || how === "full",
          },
        ];
  });
  return {
    schema: { fields: distinctNames([...own, ...others], "parameters.right_suffix") },
    taken,
  };
}

async function runJoin(plan: Join, work: Work): Promise<void> {
  const [left, right] = work.sources;
  if (!left || !right) throw new RangeError("a join without two sources");
  const database = faulting(work.database);
  const gathered = new Gathered((batch) => work.push(null, batch));
  await loadRight(plan, database, right);
  if (plan.at_most_one) refuseTwins(plan, database);
  const operands = plan.pairs.map((pair) => pair.left);
  const table = new OperandTable(database, "source_0", operands);
  const places = operands.map((field) => left.schema.fields.indexOf(field));
  let rows = 0;
  for await (const { batch, first } of numbered(left)) {
    table.add(
      places.map((place) => batch.columns[place] ?? []),
      batch.rows,
      first,
    );
    for (const [own, other] of matches(plan, database)) {
      const cells = batch.columns.map((column) => column[own - first] ?? null);
      await gathered.push(oneRow([...cells, ...rightCells(plan, database, other)]));
      rows += 1;
      if (rows > MOST_JOINED)
        refuse("parameters.on", `the result has more than ${MOST_JOINED} rows; join by more keys`);
    }
    if (plan.how === "right" || plan.how === "full") markMatched(plan, database);
    table.clear();
  }
  if (plan.how === "right" || plan.how === "full")
    for (const [row] of paged(database, UNMATCHED, PAGE))
      await gathered.push(
        oneRow(rightOnly(plan, database, left.schema, right.schema, Number(row))),
      );
  await gathered.flush();
}

const UNMATCHED = "SELECT row FROM source_1 WHERE matched = 0 AND row > ?1 ORDER BY row LIMIT ?2";

/** The keys of all rows of the right source, and the rows themselves. */
async function loadRight(plan: Join, database: Database, right: Source): Promise<void> {
  const operands = plan.pairs.map((pair) => pair.right);
  const cells = { name: "cells", declared: "BLOB" };
  const matched = { name: "matched", declared: "INTEGER" };
  const table = new OperandTable(database, "source_1", operands, [cells, matched]);
  const places = operands.map((field) => right.schema.fields.indexOf(field));
  const isNeeded = plan.how !== "semi" && plan.how !== "anti";
  for await (const { batch, first } of numbered(right)) {
    const written = (at: number): Uint8Array =>
      writeRow(
        batch.columns.map((column) => column[at] ?? null),
        first + at,
      );
    table.add(
      places.map((place) => batch.columns[place] ?? []),
      batch.rows,
      first,
      [
        { ...cells, of: (at) => (isNeeded ? written(at) : null) },
        { ...matched, of: () => 0 },
      ],
    );
  }
  const columns = operands.map((_, at) => `c${at}`).join(", ");
  database.run(`CREATE INDEX source_1_keys ON source_1 (${columns})`);
}

function refuseTwins({ pairs }: Join, database: Database): void {
  const columns = pairs.map((_, at) => `c${at}`);
  const present = columns.map((column) => `${column} IS NOT NULL`).join(" AND ");
  const [twins] = database.rows(
    `SELECT min(row), max(row) FROM source_1 WHERE ${present} GROUP BY ${columns.join(", ")} HAVING count(*) > 1 ORDER BY 1 LIMIT 1`,
  );
  if (twins)
    refuse(
      "parameters.at_most_one_match",
      `rows ${String(twins[0])} and ${String(twins[1])} of the right source have the same keys`,
    );
}

const equalKeys = ({ pairs }: Join): string =>
  pairs.map((_, at) => `l.c${at} = r.c${at}`).join(" AND ");

/** Pairs of a row on the left and one on the right, or none, in order; a page of them in memory. */
function* matches(plan: Join, database: Database): Iterable<[left: number, right: number | null]> {
  const { how } = plan;
  if (how === "semi" || how === "anti") {
    const exists = `EXISTS (SELECT 1 FROM source_1 r WHERE ${equalKeys(plan)})`;
    const condition = how === "semi" ? exists : `NOT ${exists}`;
    for (const [row] of database.rows(`SELECT row FROM source_0 l WHERE ${condition} ORDER BY row`))
      yield [Number(row), null];
    return;
  }
  const kind = how === "left" || how === "full" ? "LEFT JOIN" : "JOIN";
  const page = `SELECT l.row, r.row FROM source_0 l ${kind} source_1 r ON ${equalKeys(plan)}
    WHERE l.row > ?1 OR (l.row = ?1 AND r.row > ?2) ORDER BY l.row, r.row LIMIT ${PAGE}`;
  for (let left = -1, right = -1; ;) {
    let rows = 0;
    for (const [own, other] of database.rows(page, left, right)) {
      rows += 1;
      left = Number(own);
      right = other === null || other === undefined ? -1 : Number(other);
      yield [left, right < 0 ? null : right];
    }
    if (rows < PAGE) return;
  }
}

const markMatched = (plan: Join, database: Database): void =>
  database.run(
    `UPDATE source_1 AS r SET matched = 1 WHERE matched = 0 AND row IN
      (SELECT r.row FROM source_0 l JOIN source_1 r ON ${equalKeys(plan)})`,
  );

function rightCells(plan: Join, database: Database, row: number | null): Cell[] {
  if (plan.taken.length === 0) return [];
  if (row === null) return plan.taken.map(() => null);
  const cells = storedRow(database, row);
  return plan.taken.map((at) => cells[at] ?? null);
}

/** A row that only the right source has: keys that share a name have its values. */
function rightOnly(
  plan: Join,
  database: Database,
  left: Schema,
  right: Schema,
  row: number,
): Cell[] {
  const cells = storedRow(database, row);
  const own = left.fields.map(({ name, type }): Cell => {
    const pair = plan.pairs.find((one) => one.left.name === name && one.right.name === name);
    if (!pair) return null;
    const cell = cells[right.fields.indexOf(pair.right)] ?? null;
    return pair.right.type === type ? cell : converted(cell, type);
  });
  return [...own, ...plan.taken.map((at) => cells[at] ?? null)];
}

/** A number of one type in a column of another. */
function converted(cell: Cell, type: Field["type"]): Cell {
  const isWide = type === "int64" || type === "uint64";
  if (typeof cell === "bigint" && !isWide) return Number(cell);
  return typeof cell === "number" && isWide ? BigInt(Math.trunc(cell)) : cell;
}

function storedRow(database: Database, row: number): Cell[] {
  for (const [cells] of database.rows("SELECT cells FROM source_1 WHERE row = ?", row))
    if (cells instanceof Uint8Array) return readRow(cells);
  throw new RangeError(`row ${row} of the right source is not stored`);
}

const oneRow = (cells: Cell[]) => ({ rows: 1, columns: cells.map((cell) => [cell]) });
