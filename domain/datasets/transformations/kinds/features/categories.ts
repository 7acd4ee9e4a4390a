import type { Field } from "../../../schema.ts";
import type { Cell, Json } from "../../../table.ts";
import { isTensor } from "../../../table.ts";
import { numbered } from "../../engine/batches.ts";
import { quantilesOf } from "../../engine/quantiles.ts";
import { spreadsOf } from "../../engine/spread.ts";
import { isNumeric } from "../../expressions/value-kind.ts";
import type { Inputs } from "../../operation.ts";
import { type Parameters, refuse } from "../../parameters.ts";
import type { FeatureKind } from "./feature.ts";

const MOST_CATEGORIES = 1_000;
type Category = string | number | boolean;

/**
 * `{column, categories?, unknown?}`: for each category a column `column_category` that is 1 in rows
 * of it and 0 in others. The categories are those of the data, in order, unless they are given;
 * a value that is none of them has zeros alone, or is refused (`unknown: "refuse"`).
 */
export const oneHot: FeatureKind = (parameters, { schema }) => {
  const column = parameters.column("column", schema);
  if (isTensor(column) || !["string", "bool", ...INTEGERS].includes(column.type))
    refuse(
      parameters.at("column"),
      `'${column.name}' has no categories: expected texts, integers or bool`,
    );
  const unknown = parameters.oneOf("unknown", ["zeros", "refuse"], "zeros");
  const categories = parameters.has("categories") ? readCategories(parameters) : null;
  parameters.end();
  const known = { kind: "one_hot", column: column.name, unknown };
  const places = new Map(categories?.map((category, at) => [category, at]));
  return {
    by: "cells",
    json: categories ? { ...known, categories } : known,
    fields:
      categories?.map((category): Field => ({
        name: `${column.name}_${category}`,
        type: "uint8",
        nullable: false,
      })) ?? null,
    fit: categories
      ? null
      : async (inputs) => ({ ...known, categories: await categoriesOf(column, inputs) }),
    compute(cells, first) {
      const found = cells(column.name).map((cell) => categoryOf(cell));
      if (unknown === "refuse")
        for (const [at, category] of found.entries())
          if (category !== null && !places.has(category))
            refuse(
              parameters.at("categories"),
              `row ${first + at} of '${column.name}' is ${JSON.stringify(category)}, which is no category`,
            );
      return [...places.keys()].map((category) =>
        found.map((value): Cell => (value === category ? 1 : 0)),
      );
    },
  };
};

const INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"];

/** As JSON has it: integers beyond 2^53 as text. */
function categoryOf(cell: Cell | undefined): Category | null {
  if (typeof cell === "bigint")
    return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell);
  return typeof cell === "string" || typeof cell === "number" || typeof cell === "boolean"
    ? cell
    : null;
}

function readCategories(parameters: Parameters): Category[] {
  const path = parameters.at("categories");
  const categories = parameters
    .list("categories", MOST_CATEGORIES)
    .map((json) =>
      typeof json === "string" || typeof json === "number" || typeof json === "boolean"
        ? json
        : refuse(path, "expected texts, numbers or conditions"),
    );
  if (categories.length === 0) refuse(path, "expected at least one category");
  return categories;
}

async function categoriesOf(column: Field, { sources: [source] }: Inputs): Promise<Json[]> {
  if (!source) throw new RangeError("categories without a source");
  const found = new Set<Category>();
  for await (const { batch } of numbered(source, [column.name]))
    for (const cell of batch.columns[0] ?? []) {
      const category = categoryOf(cell);
      if (category !== null) found.add(category);
      if (found.size > MOST_CATEGORIES)
        refuse(
          "parameters.features",
          `'${column.name}' has more than ${MOST_CATEGORIES} categories`,
        );
    }
  if (found.size === 0)
    refuse("parameters.features", `'${column.name}' has no value, and so no category`);
  return [...found].sort(inOrder);
}

/** Numbers by size, and before texts, which go by code units. */
function inOrder(a: Category, b: Category): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : 1;
}

const MOST_BINS = 1_000;

/**
 * `{column, bins, method?, edges?, name?}`: which bin a number falls in, from 0: how many edges it
 * does not lie below. `method`: `width` divides what lies from the least to the most, `quantile` the
 * rows, into `bins` alike; edges that are given are taken as they are.
 */
export const bin: FeatureKind = (parameters, { schema }) => {
  const column = parameters.column("column", schema);
  if (!isNumeric(column))
    refuse(
      parameters.at("column"),
      `'${column.name}' has ${column.type} values, and should have numbers`,
    );
  const edges = parameters.has("edges") ? readEdges(parameters) : null;
  const method = parameters.oneOf(
    "method",
    ["width", "quantile", "edges"],
    edges ? "edges" : "width",
  );
  const bins = parameters.integer("bins", [2, MOST_BINS], edges ? edges.length + 1 : 10);
  const name = parameters.newName("name", `${column.name}_bin`);
  parameters.end();
  if (method === "edges" && !edges) refuse(parameters.at("edges"), "expected a list of numbers");
  const known = { kind: "bin", column: column.name, method, bins, name };
  return {
    by: "cells",
    json: edges ? { ...known, edges } : known,
    fields: [{ name, type: "int32", nullable: true }],
    fit: edges
      ? null
      : async (inputs) => ({ ...known, edges: await edgesOf(column, method, bins, inputs) }),
    compute: (cells) => [
      cells(column.name).map((cell): Cell => {
        const value = cell === null ? Number.NaN : Number(cell);
        return Number.isNaN(value) ? null : below(edges ?? [], value);
      }),
    ],
  };
};

function readEdges(parameters: Parameters): number[] {
  const edges = parameters.list("edges", MOST_BINS - 1).map(Number);
  if (!edges.every((edge, at) => Number.isFinite(edge) && edge > (edges[at - 1] ?? -Infinity)))
    refuse(parameters.at("edges"), "expected numbers, each more than the one before");
  return edges;
}

async function edgesOf(
  column: Field,
  method: string,
  bins: number,
  inputs: Inputs,
): Promise<number[]> {
  const inner = Array.from({ length: bins - 1 }, (_, at) => (at + 1) / bins);
  const [source] = inputs.sources;
  if (!source) throw new RangeError("bins without a source");
  if (method === "quantile") {
    const [edges = []] = await quantilesOf(inputs, [column], inner);
    return [...new Set(edges)];
  }
  const [spread] = await spreadsOf(source, [column]);
  if (!spread || spread.count === 0) return [];
  const { least, most } = spread;
  return [...new Set(inner.map((share) => least + (most - least) * share))];
}

/** How many of the edges a value is not below (binary search). */
function below(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
