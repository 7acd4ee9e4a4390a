import type { Schema } from "../schema.ts";
import type { Batch } from "../table.ts";
import type { Database } from "./engine/database.ts";
import type { JsonObject } from "./parameters.ts";
import type { TransformationType } from "./transformation.ts";

/** A version that a transformation reads, from its beginning as often as it asks. */
export type Source = {
  schema: Schema;
  /** These columns in this order, or all; each time from the first row. */
  batches(columns?: readonly string[]): AsyncIterable<Batch>;
};

/** One of the versions that a transformation makes; the only one has no name. */
export type Output = { name: string | null; schema: Schema };

export type Inputs = { sources: readonly Source[]; database: Database };
export type Work = Inputs & {
  /** Takes rows of an output, in order; they are given away. */
  push: (output: string | null, batch: Batch) => Promise<void>;
};

/** What is to be done, checked against the columns of its sources. */
export type Operation = {
  type: TransformationType;
  /** With every default, and, once it is fitted, with every value that was learnt from the data. */
  parameters: JsonObject;
  /** Null where the columns are known only after it is fitted. */
  outputs: Output[] | null;
  /** Learns from the data: the same parameters with what was learnt. Null where there is nothing to learn. */
  fit: ((inputs: Inputs) => Promise<JsonObject>) | null;
  /** Throws an Error where it is not fitted. Equal sources give equal rows in equal order. */
  run(work: Work): Promise<void>;
};

/** Reads parameters as a caller wrote them, or as an operation gave them. */
export type Kind = (parameters: JsonObject, sources: readonly Schema[]) => Omit<Operation, "type">;
