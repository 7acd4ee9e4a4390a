import type { Field, Schema } from "../../schema.ts";
import type { Batch, Cell } from "../../table.ts";
import { numbered } from "../engine/batches.ts";
import { allRows, type ComputedRows, rowByRow } from "../engine/computed-rows.ts";
import { MOST_COLUMNS } from "../engine/database.ts";
import { Expressions } from "../expressions/compile-expression.ts";
import type { Inputs, Kind } from "../operation.ts";
import { distinctNames, Parameters, refuse } from "../parameters.ts";
import { type Windows, windowed, windowedFields } from "../signals/windows.ts";
import { bin, oneHot } from "./features/categories.ts";
import type { CellFeature, Feature, FeatureKind, SqlFeature } from "./features/feature.ts";
import {
  bands,
  envelope,
  envelopeSpectra,
  signal,
  spectral,
  spectrum,
} from "./features/signal-features.ts";
import { difference, expression, lag, rolling } from "./features/sql-features.ts";
import { computedCells } from "./map.ts";
import { onlySource } from "./sources.ts";

const KINDS = {
  expression,
  lag,
  difference,
  rolling,
  one_hot: oneHot,
  bin,
  signal,
  spectral,
  bands,
  envelope,
  spectrum,
  envelope_spectrum: envelopeSpectra,
} as const satisfies Record<string, FeatureKind>;
const KIND_NAMES = Object.keys(KINDS) as (keyof typeof KINDS)[];

/**
 * Adds columns: `features`, each with its `kind`. `windows`, `{column, length, hop?, number_as?}`: makes
 * of each row one for each stretch of a signal, whose features are then those of the stretch.
 * `order_by` and `partition_by`: the columns by which lags and rolling windows know the rows before;
 * the order of the file where none is named. `drop`: columns that go at the end.
 */
export const featureEngineering: Kind = (json, sources) => {
  const source = onlySource(sources);
  const parameters = new Parameters(json);
  const windows = parameters.has("windows") ? readWindows(parameters, source) : null;
  const fields = windows ? windowedFields(source.fields, windows) : source.fields;
  distinctNames(fields, "parameters.windows.number_as");
  const expressions = new Expressions(source);
  const order_by = parameters.columns("order_by", source, []).map(({ name }) => name);
  const partition_by = parameters.columns("partition_by", source, []).map(({ name }) => name);
  const sqlOf = (name: string, of: string): string =>
    expressions.column(name, parameters.at(of)).sql;
  const partitions = partition_by.map((name) => sqlOf(name, "partition_by")).join(", ");
  const context = {
    schema: { fields },
    expressions,
    partition: partitions && `PARTITION BY ${partitions}`,
    order: `ORDER BY ${[...order_by.map((name) => sqlOf(name, "order_by")), "row"].join(", ")}`,
  };
  const features = parameters
    .objects("features", MOST_COLUMNS - 1)
    .map((one): Feature => KINDS[one.oneOf("kind", KIND_NAMES)](one, context));
  if (features.length === 0 && !windows) refuse("parameters.features", "expected at least one");
  const drop = parameters.texts("drop", 2_000, []);
  parameters.end();
  const schema = resultOf(source, fields, features, drop);
  const known = {
    windows,
    order_by,
    partition_by,
    drop,
  };
  const isFitted = features.every((one) => one.by === "sql" || one.fit === null);
  return {
    parameters: { ...known, features: features.map((one) => one.json) },
    outputs: schema && [{ name: null, schema }],
    fit: isFitted
      ? null
      : async (inputs) => {
          const fitted = [];
          for (const one of features)
            fitted.push(one.by === "cells" && one.fit ? await one.fit(inputs) : one.json);
          return { ...known, features: fitted };
        },
    async run(work) {
      if (!schema) throw new Error("the features are not fitted");
      const sql = features.filter((one) => one.by === "sql");
      const cells = features.filter((one) => one.by === "cells");
      for await (const { batch, first, found } of rowsWith(sql, expressions, work)) {
        const wide: Named = {
          batch: {
            rows: batch.rows,
            columns: [...batch.columns, ...computedCells(sql, found, first)],
          },
          names: [...source.fields.map(({ name }) => name), ...sql.map(({ field }) => field.name)],
        };
        for (const rows of windows ? cutUp(wide, windows, first) : [wide])
          await work.push(null, withFeatures(rows, cells, schema, first));
      }
    },
  };
};

/** Rows, and the names of their columns. */
type Named = { batch: Batch; names: string[] };

function readWindows(parameters: Parameters, schema: Schema): Windows {
  const one = new Parameters(parameters.get("windows"), parameters.at("windows"));
  const column = one.column("column", schema);
  if (column.shape === undefined || column.shape.length === 0)
    refuse(one.at("column"), `'${column.name}' is no signal: expected a column of tensors`);
  const length = one.integer("length", [2, 2 ** 24]);
  const hop = one.integer("hop", [1, 2 ** 24], length);
  const number_as = one.newName("number_as", "window");
  one.end();
  return { column: column.name, length, hop, number_as };
}

/** Null where a feature is not fitted. */
function resultOf(
  source: Schema,
  fields: readonly Field[],
  features: readonly Feature[],
  drop: readonly string[],
): Schema | null {
  const made = features.map((one) => (one.by === "sql" ? [one.field] : one.fields));
  if (made.some((one) => one === null)) return null;
  const all = distinctNames(
    [...fields, ...made.flatMap((one) => one ?? [])],
    "parameters.features",
  );
  for (const name of drop)
    if (!all.some((field) => field.name === name))
      refuse("parameters.drop", `there is no column '${name}'`);
  const kept = distinctNames(
    all.filter(({ name }) => !drop.includes(name)),
    "parameters.drop",
  );
  const names = new Set(kept.map(({ name }) => name));
  const isWhole = (key: string[] | undefined): key is string[] =>
    key?.every((name) => names.has(name)) === true;
  const { primary_key, partition_keys } = source;
  const isSameRows = fields === source.fields;
  return {
    fields: kept,
    ...(isSameRows && isWhole(primary_key) ? { primary_key } : {}),
    ...(isWhole(partition_keys) ? { partition_keys } : {}),
  };
}

async function* rowsWith(
  sql: readonly SqlFeature[],
  expressions: Expressions,
  inputs: Inputs,
): AsyncIterable<ComputedRows> {
  const [source] = inputs.sources;
  if (!source) throw new RangeError("features without a source");
  const select = `SELECT ${["row", ...sql.map((one) => one.sql)].join(", ")} FROM source_0`;
  if (sql.some(({ isOrdered }) => isOrdered))
    yield* allRows(
      inputs,
      expressions,
      select,
      sql.map((_, at) => `f${at}`),
    );
  else if (sql.length > 0) yield* rowByRow(inputs, expressions, select);
  else for await (const { batch, first } of numbered(source)) yield { batch, first, found: [] };
}

function* cutUp({ batch, names }: Named, windows: Windows, first: number): Iterable<Named> {
  const place = names.indexOf(windows.column);
  for (const cut of windowed(batch, place, windows, first))
    yield { batch: cut.batch, names: [...names, windows.number_as] };
}

function withFeatures(
  { batch, names }: Named,
  features: readonly CellFeature[],
  { fields }: Schema,
  first: number,
): Batch {
  const columns = new Map<string, readonly Cell[]>(
    names.map((name, at) => [name, batch.columns[at] ?? []]),
  );
  const cellsOf = (name: string): readonly Cell[] => columns.get(name) ?? [];
  for (const feature of features)
    for (const [at, cells] of feature.compute(cellsOf, first).entries())
      columns.set(feature.fields?.[at]?.name ?? "", cells);
  return { rows: batch.rows, columns: fields.map(({ name }) => [...cellsOf(name)]) };
}
