import type { Field, Schema } from "../../../schema.ts";
import type { Cell, Json } from "../../../table.ts";
import type { Expressions } from "../../expressions/compile-expression.ts";
import type { Inputs } from "../../operation.ts";
import type { Parameters } from "../../parameters.ts";

/** Columns that SQLite computes. */
export type SqlFeature = {
  by: "sql";
  json: Json;
  field: Field;
  sql: string;
  /** Whether other rows count, so that all must be there. */
  isOrdered: boolean;
};

/** Columns that are computed of cells, row by row. */
export type CellFeature = {
  by: "cells";
  json: Json;
  /** Null before it is fitted. */
  fields: Field[] | null;
  /** The parameters with what was learnt; null where there is nothing to learn. */
  fit: ((inputs: Inputs) => Promise<Json>) | null;
  /** The cells of its fields; `cells` are those of a column, `first` is the row of the first. */
  compute(cells: (column: string) => readonly Cell[], first: number): Cell[][];
};

export type Feature = SqlFeature | CellFeature;

export type FeatureContext = {
  /** Of the rows that features are computed of: windows, where signals are cut. */
  schema: Schema;
  expressions: Expressions;
  /** `PARTITION BY … ORDER BY …` of lags and rolling windows. */
  partition: string;
  order: string;
};

export type FeatureKind = (parameters: Parameters, context: FeatureContext) => Feature;
