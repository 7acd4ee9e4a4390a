import { DurableObject } from "cloudflare:workers";
import {
  type KeptPrediction,
  type ListedPrediction,
  MOST_CALL_BYTES,
  MOST_KEPT,
  MOST_KEPT_BYTES,
  type PredictionLogRefusal,
  type PredictionQuery,
  type PredictionStatistics,
  type ReadPredictions,
} from "../../contract/prediction-log.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { PredictionLogStore } from "./prediction-log-store.ts";
import { SCHEMA } from "./schema.ts";

const DAY_MS = 86_400_000;

/**
 * The kept predictions of one model: their only writer. What is too old, by the days that the
 * model's actor has told, goes when the alarm rings; what is too many goes when more comes.
 */
export class PredictionLogActor extends DurableObject<Env> {
  readonly #store: PredictionLogStore;
  /** When the alarm rings, as far as this life of the actor knows. */
  #alarmAt: number | null | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new PredictionLogStore(ctx.storage);
  }

  /** Keeps them all or none. One that is kept already stays as it is; answers how many were not. */
  async keep(
    predictions: readonly KeptPrediction[],
  ): Promise<Result<{ kept: number }, PredictionLogRefusal>> {
    if (this.#store.log().closed === 1) return fail({ code: "model_not_found" });
    const kept = this.ctx.storage.transactionSync(() => {
      const added = this.#store.insert(predictions);
      this.#store.keepLatest(MOST_KEPT, MOST_KEPT_BYTES);
      return added;
    });
    await this.#scheduleAlarm();
    return ok({ kept });
  }

  /** An id that is not kept has none in the answer. */
  read(ids: readonly string[]): ReadPredictions {
    const predictions: KeptPrediction[] = [];
    let bytes = 0;
    for (const [looked, id] of ids.entries()) {
      const found = this.#store.find(id);
      if (!found) continue;
      bytes += found.bytes;
      if (bytes > MOST_CALL_BYTES) return { predictions, looked };
      predictions.push(found);
    }
    return { predictions, looked: ids.length };
  }

  list(query: PredictionQuery): ListedPrediction[] {
    return this.#store.list(query);
  }

  statistics(): PredictionStatistics {
    return this.#store.statistics();
  }

  /** How many of them there were. */
  async remove(ids: readonly string[]): Promise<number> {
    return this.#drop(() => this.#store.remove(ids));
  }

  /** Removes what is from before `at`, in milliseconds since 1970, and with null everything. */
  async removeBefore(at: number | null): Promise<number> {
    return this.#drop(() => this.#store.removeBefore(at));
  }

  /** From now on predictions are kept for so many days; those that are older go at once. */
  async retain(days: number): Promise<void> {
    await this.#drop(() => {
      this.#store.setKeptDays(days);
      return this.#store.removeBefore(this.#expired());
    });
  }

  /** The model is deleted: nothing stays, and what comes late is refused. */
  async close(): Promise<void> {
    await this.#drop(() => {
      this.#store.markClosed();
      return this.#store.removeBefore(null);
    });
  }

  /** Delivered at least once: what is too old is looked up anew. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    await this.#drop(() => this.#store.removeBefore(this.#expired()));
  }

  async #drop(remove: () => number): Promise<number> {
    const removed = this.ctx.storage.transactionSync(remove);
    await this.#scheduleAlarm();
    return removed;
  }

  /** What is from before this has been kept for its days. */
  #expired(): number {
    return Date.now() - this.#store.log().kept_days * DAY_MS + 1;
  }

  async #scheduleAlarm(): Promise<void> {
    const oldest = this.#store.oldestAt();
    const due = oldest === null ? null : oldest + this.#store.log().kept_days * DAY_MS;
    if (due === this.#alarmAt) return;
    this.#alarmAt = due;
    if (due === null) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(due);
  }
}
