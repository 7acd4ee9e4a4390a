import { EFFECTS_STEP } from "../shared/effects.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";

export const SCHEMA: readonly SchemaStep[] = [
  EFFECTS_STEP,
  {
    id: "0001_model",
    sql: `
      CREATE TABLE model (
        id TEXT PRIMARY KEY,
        deleted_at INTEGER
      ) STRICT;
      CREATE TABLE version (
        version INTEGER PRIMARY KEY AUTOINCREMENT,
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        signature TEXT NOT NULL,
        description TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX version_sha256 ON version (sha256);
      CREATE TABLE alias (
        alias TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE alias_change (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        alias TEXT NOT NULL,
        version INTEGER,
        previous_version INTEGER,
        at INTEGER NOT NULL,
        by TEXT NOT NULL
      ) STRICT;
      CREATE INDEX alias_change_alias ON alias_change (alias, sequence);
      CREATE TABLE claim (
        experiment_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (experiment_id, version)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE upload (
        id TEXT PRIMARY KEY,
        sha256 TEXT,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    id: "0002_derivation",
    sql: "ALTER TABLE version ADD COLUMN derived_from TEXT",
  },
  {
    id: "0003_details",
    sql: "ALTER TABLE version ADD COLUMN details TEXT",
  },
  {
    id: "0004_capture",
    sql: `
      CREATE TABLE capture (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        rate INTEGER NOT NULL,
        kept_days INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        updated_by TEXT NOT NULL
      ) STRICT;
    `,
  },
];
