import { DEFAULT_KEPT_DAYS } from "../../contract/prediction-log.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";

/** Tensors are in the actor's key-value storage as they are, under `prediction/` and the id. */
export const SCHEMA: readonly SchemaStep[] = [
  {
    id: "0001_prediction_log",
    sql: `
      CREATE TABLE prediction (
        id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        at INTEGER NOT NULL,
        experiment_id TEXT,
        variant_id TEXT,
        bytes INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX prediction_at ON prediction (at);
      CREATE INDEX prediction_version ON prediction (version, id);
      CREATE INDEX prediction_experiment ON prediction (experiment_id, id)
        WHERE experiment_id IS NOT NULL;
      CREATE TABLE log (
        kept_days INTEGER NOT NULL,
        closed INTEGER NOT NULL,
        kept INTEGER NOT NULL,
        kept_bytes INTEGER NOT NULL
      ) STRICT;
      INSERT INTO log VALUES (${DEFAULT_KEPT_DAYS}, 0, 0, 0);
    `,
  },
];
