/** One forward step of an actor's private schema. A step that has shipped never changes. */
export type SchemaStep = { id: string; sql: string };

/**
 * Applies the steps that this object has not seen, all or none. It is synchronous, so that a
 * constructor has finished it before the first call is delivered.
 */
export function upgradeSchema(storage: DurableObjectStorage, steps: readonly SchemaStep[]): void {
  storage.transactionSync(() => {
    const { sql } = storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS schema_step (position INTEGER PRIMARY KEY, id TEXT NOT NULL)",
    );
    const applied = sql
      .exec<{ id: string }>("SELECT id FROM schema_step ORDER BY position")
      .toArray();
    for (const [position, { id }] of applied.entries()) {
      const declared = steps[position]?.id;
      if (declared !== id)
        throw new Error(`schema step ${position}: stored '${id}', declared '${declared}'`);
    }
    for (const [position, step] of steps.entries()) {
      if (position < applied.length) continue;
      sql.exec(step.sql);
      sql.exec("INSERT INTO schema_step (position, id) VALUES (?, ?)", position, step.id);
    }
  });
}
