import type { Database, SqlValue } from "../../domain/datasets/transformations/engine/database.ts";

/** The actor's SQLite as transformations work with it. */
export function sqlDatabase(storage: DurableObjectStorage): Database {
  const { sql } = storage;
  return {
    run: (statement, ...values) => void sql.exec(statement, ...values.map(bound)),
    *rows(statement, ...values) {
      for (const row of sql.exec(statement, ...values.map(bound)).raw()) yield row.map(found);
    },
    together: (work) => storage.transactionSync(work),
  };
}

const bound = (value: SqlValue): SqlStorageValue =>
  value instanceof Uint8Array ? value.slice().buffer : value;

const found = (value: SqlStorageValue): SqlValue =>
  value instanceof ArrayBuffer ? new Uint8Array(value) : value;
