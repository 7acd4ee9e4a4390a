import type {
  ExperimentEvent,
  ExperimentRecord,
  ExperimentSnapshot,
  Promotion,
} from "../../contract/experiment-lease.ts";
import type { ExperimentState } from "../../domain/experiments/experiment.ts";

/** A conclusion that waits for the alias of its winner to move. */
export type PendingConclusion = { winning_variant_id: string; by: string };

type Held = ExperimentSnapshot & { conclusion: PendingConclusion | null };

type Row = {
  definition: string;
  state: string;
  promotion: string | null;
  conclusion: string | null;
};
type EventRow = Omit<ExperimentEvent, "data"> & { data: string };

/** The experiment and its events as rows; what was read once is kept, as nobody else writes. */
export class ExperimentStore {
  readonly #sql: SqlStorage;
  #held: Held | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined before creation and after removal. */
  find(): Held | undefined {
    this.#held ??= this.isAbandoned() ? undefined : this.last();
    return this.#held;
  }

  /** The experiment, also after its removal, while something is still owed for it. */
  last(): Held | undefined {
    const row = this.#sql
      .exec<Row>("SELECT definition, state, promotion, conclusion FROM experiment")
      .toArray()[0];
    if (!row) return undefined;
    return {
      definition: JSON.parse(row.definition) as ExperimentRecord,
      state: JSON.parse(row.state) as ExperimentState,
      promotion: row.promotion === null ? null : (JSON.parse(row.promotion) as Promotion),
      conclusion:
        row.conclusion === null ? null : (JSON.parse(row.conclusion) as PendingConclusion),
    };
  }

  insert(definition: ExperimentRecord, state: ExperimentState): void {
    this.#sql.exec(
      "INSERT INTO experiment (id, definition, state) VALUES (?, ?, ?)",
      definition.id,
      JSON.stringify(definition),
      JSON.stringify(state),
    );
  }

  /** No experiment is or will be here; what it counted goes. */
  abandon(at: number): void {
    this.#held = undefined;
    this.#sql.exec("INSERT INTO abandoned (at) VALUES (?)", at);
    for (const table of ["event", "outcome", "tally", "moment", "latency_bin"])
      this.#sql.exec(`DELETE FROM ${table}`);
  }

  isAbandoned(): boolean {
    return this.#sql.exec("SELECT 1 FROM abandoned LIMIT 1").toArray().length > 0;
  }

  putState(state: ExperimentState): void {
    this.#put("state", state);
  }

  putConclusion(conclusion: PendingConclusion | null): void {
    this.#put("conclusion", conclusion);
  }

  putPromotion(promotion: Promotion): void {
    this.#put("promotion", promotion);
  }

  #put(column: "state" | "conclusion" | "promotion", value: object | null): void {
    this.#held = undefined;
    this.#sql.exec(`UPDATE experiment SET ${column} = ?`, value && JSON.stringify(value));
  }

  /** Drops what is kept, after a transaction that did not commit. */
  forget(): void {
    this.#held = undefined;
  }

  addEvent({ type, at, by, epoch, data }: Omit<ExperimentEvent, "sequence">): void {
    this.#sql.exec(
      "INSERT INTO event (type, at, by, epoch, data) VALUES (?, ?, ?, ?, ?)",
      type,
      at,
      by,
      epoch,
      JSON.stringify(data),
    );
  }

  eventsAfter(sequence: number, limit: number): ExperimentEvent[] {
    return this.#sql
      .exec<EventRow>(
        "SELECT * FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?",
        sequence,
        limit,
      )
      .toArray()
      .map((row) => ({ ...row, data: JSON.parse(row.data) as ExperimentEvent["data"] }));
  }
}
