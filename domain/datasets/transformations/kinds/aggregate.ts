import type { ColumnType, Field } from "../../schema.ts";
import type { Json } from "../../table.ts";
import { loadOperands } from "../engine/computed-rows.ts";
import { faulting, paged, type SqlValue } from "../engine/database.ts";
import { fromSql, selected } from "../engine/sql-values.ts";
import { type Compiled, Expressions } from "../expressions/compile-expression.ts";
import { COLUMN_TYPE_OF, isNumber, type ValueKind } from "../expressions/value-kind.ts";
import type { Kind } from "../operation.ts";
import { distinctNames, Parameters, refuse } from "../parameters.ts";
import { onlySource } from "./sources.ts";

const FUNCTIONS = [
  "count",
  "count_distinct",
  "sum",
  "mean",
  "min",
  "max",
  "variance",
  "standard_deviation",
  "median",
  "quantile",
  "first",
  "last",
] as const;
type AggregateFunction = (typeof FUNCTIONS)[number];
const PAGE = 2_048;

type Aggregate = {
  json: Json;
  field: Field;
  /** Of a row; `v3` where it is used. */
  input: string;
  /** Columns beside `input` that are computed over the rows of a group. */
  windows: string[];
  /** Of a group. */
  result: string;
};

/**
 * One row for each group of rows with equal values `by` these columns, in their order (no value
 * first), or one of all. `aggregates`: `{name, function, column | expression, q?}`; a function leaves
 * out what has no value, and gives none where there is nothing; `where` rows it takes at all.
 * Variances are those of a sample (n - 1), quantiles interpolate linearly.
 */
export const aggregate: Kind = (json, sources) => {
  const source = onlySource(sources);
  const parameters = new Parameters(json);
  const expressions = new Expressions(source);
  const by = parameters.columns("by", source, []);
  const keys = by.map(({ name }) => expressions.column(name, parameters.at("by")).sql);
  const where = parameters.has("where") ? parameters.text("where") : null;
  const condition = where === null ? "1" : expressions.condition(where, parameters.at("where"));
  const partition =
    keys.length === 0 ? "" : `PARTITION BY ${keys.map((_, at) => `k${at}`).join(", ")}`;
  const aggregates = parameters
    .objects("aggregates", 90)
    .map((one, at) => readAggregate(one, at, expressions, partition));
  parameters.end();
  const fields = distinctNames([...by, ...aggregates.map(({ field }) => field)], "parameters");
  const groups = keys.map((_, at) => `k${at}`).join(", ");
  const select = [
    `WITH input AS (SELECT ${["row", ...keys.map((key, at) => `${key} AS k${at}`), ...aggregates.map(({ input }, at) => `${input} AS v${at}`)].join(", ")} FROM source_0 WHERE ${condition}),`,
    `ranked AS (SELECT ${["*", ...aggregates.flatMap(({ windows }) => windows)].join(", ")} FROM input)`,
    `INSERT INTO result SELECT ${[`row_number() OVER (${groups && `ORDER BY ${groups}`}) - 1`, ...keys.map((_, at) => `k${at}`), ...aggregates.map(({ result }) => result)].join(", ")}`,
    `FROM ranked ${groups && `GROUP BY ${groups}`}`,
  ].join(" ");
  return {
    parameters: {
      by: by.map(({ name }) => name),
      where,
      aggregates: aggregates.map((one) => one.json),
    },
    outputs: [{ name: null, schema: { fields } }],
    fit: null,
    async run(work) {
      await loadOperands(work, expressions);
      const database = faulting(work.database);
      database.run("DROP TABLE IF EXISTS result");
      const columns = fields.map((_, at) => `r${at}`);
      database.run(`CREATE TABLE result (${["row INTEGER PRIMARY KEY", ...columns].join(", ")})`);
      database.run(select);
      const read = columns.map((column, at) => selected(column, fields[at] ?? { type: "string" }));
      const page = `SELECT ${["row", ...read].join(", ")} FROM result WHERE row > ?1 ORDER BY row LIMIT ?2`;
      let rows: SqlValue[][] = [];
      const push = (): Promise<void> =>
        work.push(null, {
          rows: rows.length,
          columns: fields.map((field, at) =>
            rows.map((values) => fromSql(values[at + 1], field, Number(values[0]))),
          ),
        });
      for (const row of paged(database, page, PAGE)) {
        rows.push(row);
        if (rows.length < PAGE) continue;
        await push();
        rows = [];
      }
      if (rows.length > 0) await push();
    },
  };
};

function readAggregate(
  parameters: Parameters,
  at: number,
  expressions: Expressions,
  partition: string,
): Aggregate {
  const name = parameters.newName("name");
  const fn = parameters.oneOf("function", FUNCTIONS);
  const q = fn === "quantile" ? parameters.number("q", [0, 1]) : fn === "median" ? 0.5 : null;
  const given = ["column", "expression"].filter((one) => parameters.has(one));
  if (given.length > 1 || (given.length === 0 && fn !== "count"))
    refuse(parameters.path, `${fn} takes either a column or an expression`);
  const column = given[0] === "column" ? parameters.text("column") : null;
  const expression = given[0] === "expression" ? parameters.text("expression") : null;
  parameters.end();
  const of: Compiled & { field?: Field } =
    column !== null
      ? expressions.column(column, parameters.at("column"))
      : expression !== null
        ? expressions.compile(expression, parameters.at("expression"))
        : { kind: "integer" as const, sql: "1" };
  const type = resultType(fn, of.kind, parameters);
  const own: Field | null =
    of.field && ["min", "max", "first", "last"].includes(fn) ? of.field : null;
  const field: Field = own
    ? { ...own, name, nullable: true }
    : { name, type, nullable: !fn.startsWith("count") };
  const json = {
    name,
    function: fn,
    ...(column === null ? {} : { column }),
    ...(expression === null ? {} : { expression }),
    ...(fn === "quantile" ? { q } : {}),
  };
  return {
    json,
    field,
    input: of.sql,
    ...printed(fn, at, expressions.constant(q ?? 0), partition),
  };
}

function resultType(fn: AggregateFunction, kind: ValueKind, parameters: Parameters): ColumnType {
  if (fn === "count" || fn === "count_distinct") return "int64";
  if (fn === "min" || fn === "max" || fn === "first" || fn === "last") return COLUMN_TYPE_OF[kind];
  if (!isNumber(kind) && kind !== "boolean")
    refuse(parameters.path, `${fn} takes numbers or conditions, not ${kind} values`);
  return fn === "sum" && kind !== "real" ? "int64" : "float64";
}

function printed(
  fn: AggregateFunction,
  at: number,
  q: string,
  partition: string,
): Pick<Aggregate, "windows" | "result"> {
  const v = `v${at}`;
  switch (fn) {
    case "count":
      return { windows: [], result: `count(${v})` };
    case "count_distinct":
      return { windows: [], result: `count(DISTINCT ${v})` };
    case "mean":
      return { windows: [], result: `avg(${v})` };
    case "sum":
    case "min":
    case "max":
      return { windows: [], result: `${fn}(${v})` };
    case "first":
    case "last": {
      const order = fn === "first" ? "row" : "row DESC";
      const window = `first_value(${v}) OVER (${partition} ORDER BY ${order})`;
      return { windows: [`${window} AS f${at}`], result: `max(f${at})` };
    }
    case "variance":
    case "standard_deviation": {
      const sum = `sum((${v} - m${at}) * (${v} - m${at}))`;
      const variance = `CASE WHEN count(${v}) > 1 THEN ${sum} / (count(${v}) - 1) END`;
      return {
        windows: [`avg(${v}) OVER (${partition}) AS m${at}`],
        result: fn === "variance" ? variance : `sqrt(${variance})`,
      };
    }
    case "median":
    case "quantile":
      return quantile(v, at, q, partition);
  }
}

/** Between the two values next to place (n - 1) q of the sorted ones. */
function quantile(
  v: string,
  at: number,
  q: string,
  partition: string,
): Pick<Aggregate, "windows" | "result"> {
  const place = `((n${at} - 1) * ${q})`;
  const low = `max(CASE WHEN p${at} = floor(${place}) THEN ${v} END)`;
  const high = `max(CASE WHEN p${at} = ceil(${place}) THEN ${v} END)`;
  const share = `max(${place} - floor(${place}))`;
  return {
    windows: [
      `count(${v}) OVER (${partition}) AS n${at}`,
      `row_number() OVER (${partition} ORDER BY ${v} NULLS LAST, row) - 1 AS p${at}`,
    ],
    result: `CASE WHEN ${low} = ${high} THEN ${low} ELSE ${low} + (${high} - ${low}) * ${share} END`,
  };
}
