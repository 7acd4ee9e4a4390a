import type { SchemaStep } from "../shared/upgrade-schema.ts";

export const SCHEMA: readonly SchemaStep[] = [
  {
    id: "0001_key",
    sql: `
      CREATE TABLE key (
        id TEXT PRIMARY KEY,
        owner_id TEXT NOT NULL,
        environment TEXT NOT NULL,
        scopes TEXT NOT NULL,
        rate_limit INTEGER NOT NULL,
        secret_hash TEXT NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER
      ) STRICT;
      CREATE TABLE quota (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        window_start INTEGER NOT NULL,
        used INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE lease (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        window_start INTEGER NOT NULL,
        granted INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE usage (
        hour INTEGER PRIMARY KEY,
        requests INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        total_ms REAL NOT NULL
      ) STRICT;
    `,
  },
];
