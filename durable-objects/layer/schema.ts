import { EFFECTS_STEP } from "../shared/effects.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";

/** Intervals are JSON: `[[from, to], …]` in units of 10^-12. Times are milliseconds since 1970. */
export const SCHEMA: readonly SchemaStep[] = [
  EFFECTS_STEP,
  {
    id: "0001_layer",
    sql: `
      CREATE TABLE layer (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        holdout TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE holder (
        experiment_id TEXT PRIMARY KEY,
        intervals TEXT NOT NULL,
        free_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE removed (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL
      ) STRICT;
    `,
  },
];
