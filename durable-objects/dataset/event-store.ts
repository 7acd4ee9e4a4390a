import type { DatasetEvent } from "../../contract/dataset-record.ts";

/** What happened and has not been told yet, in order; every method is synchronous. */
export class EventStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(event: DatasetEvent): void {
    this.#sql.exec("INSERT INTO event (event) VALUES (?)", JSON.stringify(event));
  }

  first(limit: number): { sequence: number; event: DatasetEvent }[] {
    return this.#sql
      .exec<{ sequence: number; event: string }>(
        "SELECT * FROM event ORDER BY sequence LIMIT ?",
        limit,
      )
      .toArray()
      .map(({ sequence, event }) => ({ sequence, event: JSON.parse(event) as DatasetEvent }));
  }

  drop(upTo: number): void {
    this.#sql.exec("DELETE FROM event WHERE sequence <= ?", upTo);
  }
}
