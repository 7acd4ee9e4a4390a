import { DurableObject } from "cloudflare:workers";
import type { OutcomeBatch, RecordedOutcomes } from "../../contract/experiment-lease.ts";
import type { RecordedOutcome } from "../../domain/experiments/record-outcome.ts";
import { callActor } from "../shared/call-actor.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { OutcomeCounter, type Counting } from "../experiment/outcome-counter.ts";
import { SCHEMA } from "./schema.ts";

/** How long sums wait before the experiment's actor is told of them, in milliseconds. */
const PUSH_EVERY_MS = 100;
const COUNTED = ["outcome", "cell", "cell_moment", "cell_bin"];

type Home = Counting & { experiment_id: string; shard: number };

/**
 * Counts a part of a hot experiment's outcomes: those whose request id falls to it. It tells the
 * experiment's actor its sums, which add up exactly to those of one actor, PUSH_EVERY_MS later;
 * only that actor decides anything.
 */
export class OutcomeShardActor extends DurableObject<Env> {
  #counter: OutcomeCounter | undefined;
  #pushed_at = 0;
  #pushing: Promise<RecordedOutcomes["status"]> | undefined;
  /** Epochs whose sums the experiment's actor may not know; undefined when that may be all. */
  #dirty: Set<number> | undefined;
  #armed = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
  }

  async record(home: Home, batch: OutcomeBatch): Promise<RecordedOutcomes> {
    const elsewhere = await this.#knownElsewhere(home, batch);
    let counted = { accepted: 0, duplicates: 0, rejected: [] as RecordedOutcomes["rejected"] };
    this.#commit(() => {
      this.#keep(home);
      const counter = this.#counting(home);
      counted = counter.count(batch.outcomes, batch.source, batch.epoch, elsewhere);
      for (const epoch of counter.save()) this.#dirty?.add(epoch);
    });
    await this.#arm();
    const due = Date.now() - this.#pushed_at >= PUSH_EVERY_MS;
    return { ...counted, status: due ? await this.#push(home) : batch.status };
  }

  override async alarm(): Promise<void> {
    this.#armed = false;
    const home = this.ctx.storage.kv.get<Home>("home");
    // A push that is under way may have begun before the outcomes that this one is for.
    await this.#pushing?.catch(() => undefined);
    if (home && this.#dirty?.size !== 0) await this.#push(home);
  }

  /** The experiment is no more. */
  forget(): void {
    this.#counter = undefined;
    this.ctx.storage.transactionSync(() => {
      const { sql, kv } = this.ctx.storage;
      for (const table of COUNTED) sql.exec(`DELETE FROM ${table}`);
      kv.delete("home");
    });
  }

  /** What was counted before the outcomes were spread: only requests from then can be known there. */
  async #knownElsewhere(
    { experiment_id }: Home,
    { outcomes, since_epoch, epoch: present }: OutcomeBatch,
  ): Promise<ReadonlyMap<string, RecordedOutcome>> {
    // An epoch that is not yet says nothing about when the request was decided.
    const older = outcomes.filter(({ epoch = 0 }) => epoch < since_epoch || epoch > present);
    if (older.length === 0) return new Map();
    const ids = older.map(({ request_id }) => request_id);
    const found: RecordedOutcome[] = await callActor(
      () => this.env.EXPERIMENT.getByName(experiment_id),
      (experiment) => experiment.known(ids),
    );
    return new Map(found.map((outcome) => [outcome.request_id, outcome]));
  }

  #push(home: Home): Promise<RecordedOutcomes["status"]> {
    this.#pushing ??= this.#pushNow(home).finally(() => (this.#pushing = undefined));
    return this.#pushing;
  }

  async #pushNow({ experiment_id, shard, ...counting }: Home): Promise<RecordedOutcomes["status"]> {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    this.#pushed_at = Date.now();
    const revision = this.ctx.storage.kv.get<number>("revision") ?? 0;
    const cells = this.#counting(counting)
      .cells()
      .filter(({ epoch }) => dirty?.has(epoch) ?? true);
    try {
      const status = await callActor(
        () => this.env.EXPERIMENT.getByName(experiment_id),
        (experiment) => experiment.merge(shard, revision, cells),
      );
      if (status === null) this.forget();
      return status ?? "rolled_back";
    } catch (error) {
      this.#dirty = undefined;
      await this.#arm();
      throw error;
    }
  }

  /** In the turn of what it is for, so that a crash loses neither or both. */
  async #arm(): Promise<void> {
    if (this.#armed) return;
    this.#armed = true;
    await this.ctx.storage.setAlarm(Date.now() + PUSH_EVERY_MS);
  }

  #keep({ experiment_id, shard, variants, primary_metric }: Home): void {
    const { kv } = this.ctx.storage;
    kv.put("revision", (kv.get<number>("revision") ?? 0) + 1);
    if (this.#counter) return;
    const ids = variants.map(({ variant_id }) => ({ variant_id }));
    kv.put("home", { experiment_id, shard, primary_metric, variants: ids });
  }

  #counting(home: Counting): OutcomeCounter {
    this.#counter ??= new OutcomeCounter(this.ctx.storage.sql, home);
    return this.#counter;
  }

  #commit(work: () => void): void {
    try {
      this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.#counter = undefined;
      throw error;
    }
  }
}
