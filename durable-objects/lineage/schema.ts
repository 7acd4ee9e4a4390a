import { EFFECTS_STEP } from "../shared/effects.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";

/**
 * Edges hold the keys of nodes: a fifth of the size of their ids, and quicker to follow. An edge
 * that is a fact was told of by others and may lie on a cycle; all others together never do. A
 * node that is not known has been named by an edge and not been described yet.
 */
export const SCHEMA: readonly SchemaStep[] = [
  {
    id: "0001_lineage",
    sql: `
      CREATE TABLE node (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        label TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        is_known INTEGER NOT NULL,
        metadata TEXT NOT NULL
      ) STRICT;
      CREATE INDEX node_label ON node (label) WHERE kind IN ('dataset_version', 'model_version');
      CREATE TABLE edge (
        source INTEGER NOT NULL,
        target INTEGER NOT NULL,
        is_fact INTEGER NOT NULL,
        PRIMARY KEY (source, target)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX edge_target ON edge (target, source);
      CREATE INDEX edge_fact ON edge (target) WHERE is_fact = 1;
      CREATE TABLE facet (
        node INTEGER NOT NULL,
        name TEXT NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (node, name)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE run (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        request_hash TEXT NOT NULL,
        record TEXT NOT NULL
      ) STRICT;
      CREATE INDEX run_status ON run (status, sequence);
    `,
  },
  EFFECTS_STEP,
];
