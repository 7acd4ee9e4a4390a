import type { FlagChange, NumberedChange } from "../../contract/feed-lease.ts";

/** The latest changes of one owner's flags as rows; every method is synchronous. */
export class FeedStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined when the change is known. */
  insert({ experiment_id, epoch, at }: FlagChange): NumberedChange | undefined {
    return this.#sql
      .exec<NumberedChange>(
        `INSERT INTO change (experiment_id, epoch, at)
         VALUES (?, ?, ?) ON CONFLICT DO NOTHING
         RETURNING experiment_id, epoch, at, sequence`,
        experiment_id,
        epoch,
        at,
      )
      .toArray()[0];
  }

  keepLatest(count: number): void {
    this.#sql.exec(
      "DELETE FROM change WHERE sequence <= (SELECT MAX(sequence) FROM change) - ?",
      count,
    );
  }

  latestSince(at: number): NumberedChange | undefined {
    return this.#sql
      .exec<NumberedChange>(
        "SELECT experiment_id, epoch, at, sequence FROM change WHERE at >= ? ORDER BY sequence DESC LIMIT 1",
        at,
      )
      .toArray()[0];
  }

  /** Oldest first. */
  changesAfter(sequence: number): NumberedChange[] {
    return this.#sql
      .exec<NumberedChange>(
        "SELECT experiment_id, epoch, at, sequence FROM change WHERE sequence > ? ORDER BY sequence",
        sequence,
      )
      .toArray();
  }
}
