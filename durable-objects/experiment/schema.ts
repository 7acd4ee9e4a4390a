import { EFFECTS_STEP } from "../shared/effects.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";
import { CELL_TABLES } from "./cell-tables.ts";

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
  {
    // Totals by epoch, so that a change of weights never mixes what it separates.
    id: "0002_epochs",
    sql: `
      CREATE TABLE epoch (
        epoch INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        status TEXT NOT NULL,
        weights TEXT NOT NULL
      ) STRICT;
      ${CELL_TABLES}
      INSERT INTO cell
        SELECT present.epoch, variant, requests, errors, reported, reported_errors, 0, NULL
        FROM tally, (SELECT state ->> 'epoch' AS epoch FROM experiment) AS present;
      INSERT INTO cell_moment
        SELECT present.epoch, moment.*
        FROM moment, (SELECT state ->> 'epoch' AS epoch FROM experiment) AS present;
      INSERT INTO cell_bin
        SELECT present.epoch, latency_bin.*
        FROM latency_bin, (SELECT state ->> 'epoch' AS epoch FROM experiment) AS present;
      INSERT INTO epoch
        SELECT
          state ->> 'epoch',
          state ->> 'updated_at',
          state ->> 'status',
          (SELECT json_group_array(value ->> 'weight') FROM json_each(definition, '$.variants'))
        FROM experiment WHERE state ->> 'epoch' > 0;
      DROP TABLE tally;
      DROP TABLE moment;
      DROP TABLE latency_bin;
      CREATE TABLE enrolment (
        unit INTEGER PRIMARY KEY,
        variant INTEGER NOT NULL,
        epoch INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE budget_grant (
        lease_id TEXT PRIMARY KEY,
        granted INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE meter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE shard_cell (
        shard INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        variant INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (shard, epoch, variant)
      ) STRICT, WITHOUT ROWID;
      ALTER TABLE event ADD COLUMN hash TEXT;
    `,
  },
];
