import type { Field } from "../../../schema.ts";
import { selected } from "../../engine/sql-values.ts";
import { isNumber } from "../../expressions/value-kind.ts";
import { refuse } from "../../parameters.ts";
import { computedColumn } from "../map.ts";
import type { FeatureKind } from "./feature.ts";

const MOST_ROWS = 1_000_000;

/** `{name, expression, type?}`: of a row's own columns. */
export const expression: FeatureKind = (parameters, { expressions }) => {
  const { field, sql, json } = computedColumn(parameters, expressions, { kind: "expression" });
  return { by: "sql", field, sql, json, isOrdered: false };
};

/** `{column, by, name?}`: the value that the column had `by` rows before. */
export const lag: FeatureKind = (parameters, { schema, expressions, partition, order }) => {
  const field = parameters.column("column", schema);
  const by = parameters.integer("by", [1, MOST_ROWS], 1);
  const name = parameters.newName("name", `${field.name}_lag_${by}`);
  parameters.end();
  const { sql } = expressions.column(field.name, parameters.at("column"));
  const made = { ...field, name, nullable: true };
  const lagged = `lag(${sql}, ${by}) OVER (${partition} ${order})`;
  return {
    by: "sql",
    json: { kind: "lag", column: field.name, by, name },
    field: made,
    sql: selected(lagged, made),
    isOrdered: true,
  };
};

/** `{column, by, name?}`: by how much it is more than `by` rows before. */
export const difference: FeatureKind = (parameters, { schema, expressions, partition, order }) => {
  const column = parameters.column("column", schema);
  const by = parameters.integer("by", [1, MOST_ROWS], 1);
  const name = parameters.newName("name", `${column.name}_difference_${by}`);
  parameters.end();
  const { kind, sql } = expressions.column(column.name, parameters.at("column"));
  if (!isNumber(kind) && kind !== "date" && kind !== "timestamp")
    refuse(
      parameters.at("column"),
      `'${column.name}' has ${kind} values, which have no difference`,
    );
  const field: Field = { name, type: kind === "real" ? "float64" : "int64", nullable: true };
  return {
    by: "sql",
    json: { kind: "difference", column: column.name, by, name },
    field,
    sql: selected(`${sql} - lag(${sql}, ${by}) OVER (${partition} ${order})`, field),
    isOrdered: true,
  };
};

const FUNCTIONS = ["mean", "sum", "min", "max", "standard_deviation", "count"] as const;

/**
 * `{column, window, function, min_periods?, name?}`: over the last `window` rows, this one among
 * them; no value where fewer than `min_periods` (the whole window) have one. Standard deviations
 * are those of a sample (n - 1).
 */
export const rolling: FeatureKind = (parameters, { schema, expressions, partition, order }) => {
  const column = parameters.column("column", schema);
  const window = parameters.integer("window", [1, MOST_ROWS]);
  const fn = parameters.oneOf("function", FUNCTIONS, "mean");
  const min_periods = parameters.integer("min_periods", [1, window], window);
  const name = parameters.newName("name", `${column.name}_${fn}_${window}`);
  parameters.end();
  const { kind, sql } = expressions.column(column.name, parameters.at("column"));
  if (!isNumber(kind))
    refuse(parameters.at("column"), `'${column.name}' has ${kind} values, and should have numbers`);
  const over = `OVER (${partition} ${order} ROWS BETWEEN ${window - 1} PRECEDING AND CURRENT ROW)`;
  const isWhole =
    fn === "count" || (kind === "integer" && fn !== "mean" && fn !== "standard_deviation");
  const field: Field = { name, type: isWhole ? "int64" : "float64", nullable: true };
  const value = windowed(fn, sql, over);
  const rolled = `CASE WHEN count(${sql}) ${over} >= ${min_periods} THEN ${value} END`;
  return {
    by: "sql",
    json: { kind: "rolling", column: column.name, window, function: fn, min_periods, name },
    field,
    sql: selected(rolled, field),
    isOrdered: true,
  };
};

function windowed(fn: (typeof FUNCTIONS)[number], sql: string, over: string): string {
  if (fn === "mean") return `avg(${sql}) ${over}`;
  if (fn !== "standard_deviation") return `${fn}(${sql}) ${over}`;
  // Of the squares of deviations from the mean of all, as those of large values would cancel.
  const x = `(${sql} - (SELECT avg(${sql}) FROM source_0))`;
  const [n, sum, squares] = [
    `count(${sql}) ${over}`,
    `sum(${x}) ${over}`,
    `sum(${x} * ${x}) ${over}`,
  ];
  return `CASE WHEN ${n} > 1 THEN sqrt(max(0.0, (${squares} - ${sum} * ${sum} / ${n}) / (${n} - 1))) END`;
}
