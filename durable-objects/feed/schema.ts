import type { SchemaStep } from "../shared/upgrade-schema.ts";

export const SCHEMA: readonly SchemaStep[] = [
  {
    id: "0001_feed",
    sql: `
      CREATE TABLE change (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        experiment_id TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        at INTEGER NOT NULL,
        UNIQUE (experiment_id, epoch)
      ) STRICT;
    `,
  },
];
