import { CELL_TABLES } from "../experiment/cell-tables.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";

/** The tables of outcomes and their sums, as the experiment's actor has them. */
export const SCHEMA: readonly SchemaStep[] = [
  {
    id: "0001_outcomes",
    sql: `
      CREATE TABLE outcome (
        request_id TEXT PRIMARY KEY,
        body TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      ${CELL_TABLES}
    `,
  },
];
