import { EFFECTS_STEP } from "../shared/effects.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";

export const SCHEMA: readonly SchemaStep[] = [
  EFFECTS_STEP,
  {
    id: "0001_dataset",
    sql: `
      CREATE TABLE dataset (
        id TEXT PRIMARY KEY,
        definition TEXT NOT NULL,
        head INTEGER,
        last_number INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        archived_at INTEGER,
        deleted_at INTEGER
      ) STRICT;
      CREATE TABLE version (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        record TEXT NOT NULL,
        schema TEXT,
        warnings TEXT NOT NULL,
        deleted_at INTEGER
      ) STRICT;
      CREATE UNIQUE INDEX version_id ON version (id) WHERE deleted_at IS NULL;
      CREATE UNIQUE INDEX version_content ON version (content_hash) WHERE deleted_at IS NULL;
      CREATE TABLE column_profile (
        number INTEGER NOT NULL,
        position INTEGER NOT NULL,
        profile TEXT NOT NULL,
        PRIMARY KEY (number, position)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE head_change (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        number INTEGER NOT NULL,
        at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX head_change_at ON head_change (at);
      CREATE TABLE tag (
        tag TEXT PRIMARY KEY,
        number INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX tag_number ON tag (number);
      CREATE TABLE pin (number INTEGER PRIMARY KEY) STRICT;
      CREATE TABLE claim (
        number INTEGER NOT NULL,
        consumer TEXT NOT NULL,
        PRIMARY KEY (number, consumer)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE pack (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        upload_id TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        live INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX pack_upload ON pack (upload_id);
      CREATE TABLE dead_object (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
      CREATE TABLE chunk (
        sha256 TEXT PRIMARY KEY,
        pack INTEGER NOT NULL,
        start INTEGER NOT NULL,
        length INTEGER NOT NULL,
        segments INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX chunk_pack ON chunk (pack);
      CREATE TABLE segment (
        sha256 TEXT PRIMARY KEY,
        chunks INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        versions INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE version_segment (
        number INTEGER NOT NULL,
        position INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        PRIMARY KEY (number, position)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE upload (
        id TEXT PRIMARY KEY,
        status TEXT NOT NULL,
        failures INTEGER NOT NULL,
        due_at INTEGER,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE upload_facts (
        upload_id TEXT NOT NULL,
        start INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (upload_id, start)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE recipe_part (
        upload_id TEXT NOT NULL,
        start INTEGER NOT NULL,
        chunks INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (upload_id, start)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE event (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        event TEXT NOT NULL
      ) STRICT;
    `,
  },
  {
    // Two owners may call their runs the same. Empty for a claim of which it was not noted whose it is.
    id: "0002_claim_owner",
    sql: `
      ALTER TABLE claim RENAME TO claim_before;
      CREATE TABLE claim (
        number INTEGER NOT NULL,
        consumer TEXT NOT NULL,
        owner_id TEXT NOT NULL,
        PRIMARY KEY (number, consumer, owner_id)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO claim SELECT number, consumer, '' FROM claim_before;
      DROP TABLE claim_before;
    `,
  },
  {
    // A pack counts bytes in place of chunks. An object without `due_at` is to be removed now.
    id: "0003_compaction",
    sql: `
      ALTER TABLE pack RENAME COLUMN live TO live_bytes;
      UPDATE pack SET live_bytes =
        (SELECT COALESCE(SUM(length), 0) FROM chunk WHERE chunk.pack = pack.id AND segments > 0);
      ALTER TABLE pack ADD COLUMN rewrite_at INTEGER;
      ALTER TABLE pack ADD COLUMN read_until INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX pack_rewrite ON pack (rewrite_at) WHERE rewrite_at IS NOT NULL;
      ALTER TABLE dead_object ADD COLUMN due_at INTEGER;
      CREATE INDEX dead_object_due ON dead_object (due_at) WHERE due_at IS NOT NULL;
    `,
  },
];
