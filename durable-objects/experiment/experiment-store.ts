import type {
  EpochRow,
  ExperimentEvent,
  ExperimentRecord,
  ExperimentSnapshot,
  Promotion,
} from "../../contract/experiment-lease.ts";
import type { ExperimentState } from "../../domain/experiments/experiment.ts";
import { weightsOf } from "../../domain/experiments/ledger.ts";
import { hashEvent } from "./event-hash.ts";
import { completeDefinition, completeState } from "./older-records.ts";

const COUNTED = [
  "event",
  "epoch",
  "outcome",
  "cell",
  "cell_moment",
  "cell_bin",
  "enrolment",
  "shard_cell",
  "budget_grant",
  "meter",
];

/** A conclusion, or its undoing, that waits for the alias to move. */
export type PendingConclusion =
  | { winning_variant_id: string; by: string; asked_at: number; undo?: undefined }
  | { undo: true; by: string; asked_at: number };

type Held = Omit<ExperimentSnapshot, "ramp"> & {
  conclusion: PendingConclusion | null;
};

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
  #epochs: EpochRow[] | undefined;

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
      definition: completeDefinition(JSON.parse(row.definition) as ExperimentRecord),
      state: completeState(JSON.parse(row.state) as ExperimentState),
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
    for (const table of COUNTED) this.#sql.exec(`DELETE FROM ${table}`);
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

  putPromotion(promotion: Promotion | null): void {
    this.#put("promotion", promotion);
  }

  #put(column: "state" | "conclusion" | "promotion", value: object | null): void {
    this.#held = undefined;
    this.#sql.exec(`UPDATE experiment SET ${column} = ?`, value && JSON.stringify(value));
  }

  /** Drops what is kept, after a transaction that did not commit. */
  forget(): void {
    this.#held = undefined;
    this.#epochs = undefined;
  }

  /** Appends to the chain: each event's hash covers the hash before it. */
  addEvent(event: Omit<ExperimentEvent, "sequence" | "hash">): ExperimentEvent {
    const last = this.#sql
      .exec<{ sequence: number; hash: string | null }>(
        "SELECT sequence, hash FROM event ORDER BY sequence DESC LIMIT 1",
      )
      .toArray()[0];
    const numbered = { ...event, sequence: (last?.sequence ?? 0) + 1 };
    const hash = hashEvent(last?.hash ?? null, numbered);
    this.#sql.exec(
      "INSERT INTO event (sequence, type, at, by, epoch, data, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
      numbered.sequence,
      event.type,
      event.at,
      event.by,
      event.epoch,
      JSON.stringify(event.data),
      hash,
    );
    return { ...numbered, hash };
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

  lastEvent(): ExperimentEvent | null {
    const { last } = this.#sql
      .exec<{ last: number | null }>("SELECT MAX(sequence) AS last FROM event")
      .one();
    return last === null ? null : (this.eventsAfter(last - 1, 1)[0] ?? null);
  }

  hasEvent(type: ExperimentEvent["type"], epoch: number): boolean {
    const found = this.#sql.exec(
      "SELECT 1 FROM event WHERE type = ? AND epoch = ? LIMIT 1",
      type,
      epoch,
    );
    return found.toArray().length > 0;
  }

  /** Notes which weights an epoch has, once. */
  beginEpoch({ epoch, status, ledger }: ExperimentState, at: number, variants: number): void {
    const weights = weightsOf(ledger, variants);
    this.#sql.exec(
      "INSERT OR IGNORE INTO epoch (epoch, at, status, weights) VALUES (?, ?, ?, ?)",
      epoch,
      at,
      status,
      JSON.stringify(weights),
    );
    this.#epochs = undefined;
  }

  epochs(): EpochRow[] {
    this.#epochs ??= this.#sql
      .exec<Omit<EpochRow, "weights"> & { weights: string }>("SELECT * FROM epoch ORDER BY epoch")
      .toArray()
      .map((row) => ({ ...row, weights: JSON.parse(row.weights) as number[] }));
    return this.#epochs;
  }

  /** A number that survives: a count, an instant or a position. */
  meter(name: MeterName): number {
    const row = this.#sql
      .exec<{ value: number }>("SELECT value FROM meter WHERE name = ?", name)
      .toArray()[0];
    return row?.value ?? 0;
  }

  setMeter(name: MeterName, value: number): void {
    this.#sql.exec("INSERT OR REPLACE INTO meter (name, value) VALUES (?, ?)", name, value);
  }
}

/** `canary_requests` spent of the budget, when the last canary outcome came, the last event that was sent on. */
type MeterName = "canary_requests" | "last_canary_outcome" | "events_sent" | `shard_${number}`;
