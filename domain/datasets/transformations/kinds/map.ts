import { COLUMN_TYPES, type Field, type Schema } from "../../schema.ts";
import type { Cell, Json } from "../../table.ts";
import { rowByRow } from "../engine/computed-rows.ts";
import { MOST_COLUMNS, type SqlValue } from "../engine/database.ts";
import { fromSql, selected } from "../engine/sql-values.ts";
import { Expressions } from "../expressions/compile-expression.ts";
import { COLUMN_TYPE_OF, fits } from "../expressions/value-kind.ts";
import type { Kind } from "../operation.ts";
import { distinctNames, fieldNamed, Parameters, refuse } from "../parameters.ts";
import { onlySource } from "./sources.ts";

/** A column that an expression gives; `sql` as it is selected. */
export type ComputedColumn = { field: Field; sql: string; json: Json };

/** Where a column of the result comes from: the source, or what was computed. */
type Place = { from: "source" | "computed"; at: number };

/**
 * `set`: columns by expressions over those of the source, as `{name, expression, type?}`; one whose
 * name is there takes its place, others come last. `drop`: columns that go. `rename`: `{from, to}`.
 */
export const map: Kind = (json, sources) => {
  const source = onlySource(sources);
  const parameters = new Parameters(json);
  const expressions = new Expressions(source);
  const set = parameters
    .objects("set", MOST_COLUMNS - 1, [])
    .map((one) => computedColumn(one, expressions));
  const drop = parameters.columns("drop", source, []).map(({ name }) => name);
  const rename = parameters.objects("rename", 2_000, []).map((one) => readRename(one, source));
  parameters.end();
  const { schema, places } = shaped(source, set, drop, rename);
  return {
    parameters: { set: set.map((one) => one.json), drop, rename },
    outputs: [{ name: null, schema }],
    fit: null,
    async run(work) {
      const select = `SELECT ${["row", ...set.map(({ sql }) => sql)].join(", ")} FROM source_0`;
      for await (const { batch, first, found } of rowByRow(work, expressions, select)) {
        const computed = computedCells(set, found, first);
        const columns = places.map(
          ({ from, at }) => (from === "source" ? batch.columns[at] : computed[at]) ?? [],
        );
        await work.push(null, { rows: batch.rows, columns });
      }
    },
  };
};

/** Reads `{name, expression, type?}`; `type` is the kind's own where it is left out. */
export function computedColumn(
  parameters: Parameters,
  expressions: Expressions,
  also: { [name: string]: Json } = {},
): ComputedColumn {
  const name = parameters.newName("name");
  const expression = parameters.text("expression");
  const { kind, sql } = expressions.compile(expression, parameters.at("expression"));
  const type = parameters.oneOf("type", COLUMN_TYPES, COLUMN_TYPE_OF[kind]);
  if (!fits(kind, type))
    refuse(parameters.at("type"), `the expression gives ${kind} values, which are no ${type}`);
  parameters.end();
  const field: Field = { name, type, nullable: true };
  return { field, sql: selected(sql, field), json: { ...also, name, expression, type } };
}

/** The cells of computed columns; `found` has the row's number first. */
export const computedCells = (
  columns: readonly { field: Field }[],
  found: readonly SqlValue[][],
  first: number,
): Cell[][] =>
  columns.map(({ field }, at) =>
    found.map((values, row) => fromSql(values[at + 1], field, first + row)),
  );

function readRename(parameters: Parameters, { fields }: Schema): { from: string; to: string } {
  const from = fieldNamed(parameters.text("from"), fields, parameters.at("from")).name;
  const to = parameters.newName("to");
  parameters.end();
  return { from, to };
}

function shaped(
  source: Schema,
  set: readonly ComputedColumn[],
  drop: readonly string[],
  rename: readonly { from: string; to: string }[],
): { schema: Schema; places: Place[] } {
  const columns: { field: Field; place: Place }[] = source.fields.map((field, at) => ({
    field,
    place: { from: "source", at },
  }));
  for (const [at, { field }] of set.entries()) {
    const column = { field, place: { from: "computed" as const, at } };
    const there = columns.findIndex((one) => one.field.name === field.name);
    if (there < 0) columns.push(column);
    else columns[there] = column;
  }
  const names = new Map(rename.map(({ from, to }) => [from, to]));
  const kept = columns.filter(({ field }) => !drop.includes(field.name));
  const fields = kept.map(({ field }) => ({ ...field, name: names.get(field.name) ?? field.name }));
  distinctNames(fields, "parameters");
  return {
    schema: { ...keysOf(source, set, names, fields), fields },
    places: kept.map(({ place }) => place),
  };
}

/** The keys whose columns are all still there, under their new names, and not computed anew. */
function keysOf(
  source: Schema,
  set: readonly ComputedColumn[],
  names: ReadonlyMap<string, string>,
  fields: readonly Field[],
): Pick<Schema, "primary_key" | "partition_keys"> {
  const kept = (key: string[] | undefined): string[] | undefined => {
    const isWhole = key?.every(
      (name) =>
        !set.some(({ field }) => field.name === name) &&
        fields.some((field) => field.name === (names.get(name) ?? name)),
    );
    return isWhole === true ? key?.map((name) => names.get(name) ?? name) : undefined;
  };
  const primary = kept(source.primary_key);
  const partition = kept(source.partition_keys);
  return {
    ...(primary ? { primary_key: primary } : {}),
    ...(partition ? { partition_keys: partition } : {}),
  };
}
