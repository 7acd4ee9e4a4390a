import type { ByteSource } from "../byte-source.ts";
import type { Schema } from "../schema.ts";
import type { ReadOptions } from "../table.ts";
import type { Platform } from "./platform.ts";

/** What reading a whole file tells of its columns and rows. */
export type Inferred = { schema: Schema; rows: number; warnings: string[] };

/** Finds the schema that all rows of a file fit, in one pass that works on a file still arriving. */
export type InferFactory = (
  platform: Platform,
) => (source: ByteSource, options: ReadOptions) => Promise<Inferred>;
