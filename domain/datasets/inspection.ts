import type { Schema } from "./schema.ts";

/** What is known of one column's values; no member is NaN or infinite. */
export type ColumnProfile = {
  name: string;
  /** Cells, nulls included. */
  count: number;
  nulls: number;
  /** Numbers: NaN and infinities, which no other member counts. */
  not_finite?: number;
  /** Integers beyond 2^53 as decimal strings. */
  min?: number | string;
  max?: number | string;
  mean?: number;
  /** Of the sample (n - 1). */
  standard_deviation?: number;
  /** Share of values at or below -> value, within 1 % of an observation. */
  quantiles?: { q: number; value: number }[];
  /** Equal widths from min to max; an approximation for what is read in one pass. */
  histogram?: { from: number; to: number; count: number }[];
  /** Exact up to some thousand, then estimated; `distinct_is_exact` says which. */
  distinct?: number;
  distinct_is_exact?: boolean;
  /** The most frequent values, most frequent first. */
  top?: { value: object | string | number | boolean | null; count: number }[];
  /** Texts and bytes: the shortest and longest, in characters or bytes. */
  min_length?: number;
  max_length?: number;
  /** Tensors: over all their elements, `min`, `max`, `mean` and so on are meant. */
  elements?: number;
};

/** What reading a file to its end has told of it. */
export type Inspection = {
  /** Null for a format that is stored and never read. */
  schema: Schema | null;
  row_count: number | null;
  columns: ColumnProfile[];
  warnings: string[];
};
