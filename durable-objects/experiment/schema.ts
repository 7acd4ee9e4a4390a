import { EFFECTS_STEP } from "../shared/effects.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";

export const SCHEMA: readonly SchemaStep[] = [
  EFFECTS_STEP,
  {
    id: "0001_experiment",
    sql: `
      CREATE TABLE experiment (
        id TEXT PRIMARY KEY,
        definition TEXT NOT NULL,
        state TEXT NOT NULL,
        conclusion TEXT,
        promotion TEXT
      ) STRICT;
      CREATE TABLE abandoned (at INTEGER NOT NULL) STRICT;
      CREATE TABLE event (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        type TEXT NOT NULL,
        at INTEGER NOT NULL,
        by TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        data TEXT NOT NULL
      ) STRICT;
      CREATE TABLE outcome (
        request_id TEXT PRIMARY KEY,
        body TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE tally (
        variant INTEGER PRIMARY KEY,
        requests INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        reported INTEGER NOT NULL,
        reported_errors INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE moment (
        variant INTEGER NOT NULL,
        metric TEXT NOT NULL,
        count INTEGER NOT NULL,
        sum_high REAL NOT NULL,
        sum_low REAL NOT NULL,
        squares_high REAL NOT NULL,
        squares_low REAL NOT NULL,
        PRIMARY KEY (variant, metric)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE latency_bin (
        variant INTEGER NOT NULL,
        bin INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (variant, bin)
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
