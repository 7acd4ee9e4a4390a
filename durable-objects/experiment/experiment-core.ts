import type { ExperimentEvent, ExperimentSnapshot } from "../../contract/experiment-lease.ts";
import { type RoutingTable, tableOf } from "../../domain/experiments/decide.ts";
import type { ExperimentState } from "../../domain/experiments/experiment.ts";
import {
  advance,
  type StateEvent,
  type TransitionError,
} from "../../domain/experiments/lifecycle.ts";
import { type Evidence, nextStep, type Step } from "../../domain/experiments/steward.ts";
import { type Cell, mergeCells } from "../../domain/experiments/totals.ts";
import type { Result } from "../../domain/result.ts";
import { Effects, type Part } from "../shared/effects.ts";
import { BudgetBook } from "./budget-book.ts";
import { ExperimentStore } from "./experiment-store.ts";
import { OutcomeCounter } from "./outcome-counter.ts";
import { ShardSums } from "./shard-sums.ts";

/** How far the stored instant of the last canary outcome may lag, to spare a write per outcome. */
const HEARD_STEP_MS = 1_000;
/** Reweighing may call for another at once only while evidence comes in; this ends a cycle. */
const MOST_STEPS = 8;

type Held = NonNullable<ReturnType<ExperimentStore["find"]>>;

/**
 * What every operation of an experiment's actor shares: its rows, its sums, one way to commit and
 * one way to change state. Whatever it holds in memory is dropped when a transaction fails.
 */
export class ExperimentCore {
  readonly store: ExperimentStore;
  readonly effects: Effects;
  readonly budgets: BudgetBook;
  readonly shards: ShardSums;
  readonly #storage: DurableObjectStorage;
  #counter: OutcomeCounter | undefined;
  #table: { state: ExperimentState; table: RoutingTable } | undefined;
  #step: Step | undefined;
  /** When the last lease that this or an earlier life of the actor granted is over. */
  #leasesEndBy: number | undefined;
  readonly #awake_since: number;
  /** What the alarm is set to, as far as this life of the actor knows. */
  #alarm_at: number | null | undefined;

  constructor(
    storage: DurableObjectStorage,
    deliver: (effect: string) => Promise<void>,
    now: number,
  ) {
    this.#storage = storage;
    this.store = new ExperimentStore(storage.sql);
    this.effects = new Effects(storage, deliver);
    this.budgets = new BudgetBook(storage.sql, this.store);
    this.shards = new ShardSums(storage.sql, this.store);
    this.#awake_since = now;
  }

  /** The experiment, which is known to exist. */
  held(): Held {
    const held = this.store.find();
    if (!held) throw new Error("this experiment was never created");
    return held;
  }

  snapshot(): ExperimentSnapshot {
    const { definition, state, promotion } = this.held();
    return { definition, state, promotion, ramp: this.step()?.ramp ?? null };
  }

  table(): RoutingTable {
    const { definition, state } = this.held();
    if (this.#table?.state !== state) this.#table = { state, table: tableOf(definition, state) };
    return this.#table.table;
  }

  counting(): OutcomeCounter {
    this.#counter ??= new OutcomeCounter(this.#storage.sql, this.held().definition);
    return this.#counter;
  }

  /** Of all outcomes, wherever they were counted. */
  cells(): Cell[] {
    const own = this.counting().cells();
    const others = this.shards.cells();
    return others.length === 0 ? own : mergeCells([...own, ...others]);
  }

  evidence(now: number): Evidence {
    return {
      cells: this.cells(),
      epochs: this.store.epochs(),
      canary_requests: this.budgets.spent(),
      grants_outstanding: this.budgets.outstanding(now),
      last_canary_outcome: this.store.meter("last_canary_outcome") || null,
    };
  }

  /** What the rules say now; undefined outside a running experiment. */
  step(): Step | undefined {
    const { state, definition } = this.held();
    if (state.status !== "running") return undefined;
    const now = Date.now();
    return nextStep(definition, state, this.evidence(now), now);
  }

  /** One transaction; what is held in memory never outlives one that did not commit. */
  commit(work: () => void): void {
    try {
      this.#storage.transactionSync(work);
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  forget(): void {
    this.store.forget();
    this.shards.forget();
    this.#counter = undefined;
    this.#table = undefined;
    this.#step = undefined;
  }

  /** Part of a transaction: the new state, its event, and what follows outside. */
  enter(event: StateEvent, by: string): Result<ExperimentState, TransitionError> {
    const { definition, state } = this.held();
    const next = advance(definition, state, event);
    if (!next.ok) return next;
    const { epoch, ended_at } = next.value;
    this.#step = undefined;
    this.store.putState(next.value);
    if (epoch !== state.epoch)
      this.store.beginEpoch(next.value, event.at, definition.variants.length);
    const data = event.data as ExperimentEvent["data"];
    this.note({ type: event.type, at: event.at, by, epoch, data });
    this.effects.add("directory", event.at);
    if (epoch !== state.epoch) this.effects.add("feed", event.at);
    if (ended_at !== null && state.ended_at === null) this.effects.add("claims", event.at);
    return next;
  }

  /** Part of a transaction: an event, which is also sent to whoever reads the queue. */
  note(event: Omit<ExperimentEvent, "sequence" | "hash">): void {
    this.store.addEvent(event);
    this.effects.add("events", event.at);
  }

  /**
   * Part of a transaction: lets the rules do what is due by itself. Somebody may have concluded
   * while the alias is on its way to the winner: that decision stands.
   */
  steward(now: number): Step | undefined {
    this.#step = undefined;
    for (let taken = 0; taken < MOST_STEPS; taken++) {
      const { definition, state, conclusion } = this.held();
      if (state.status !== "running" || conclusion) return undefined;
      const step = nextStep(definition, state, this.evidence(now), now);
      this.#noteMismatch(step, state, now);
      this.#step = step;
      if (!step.event) return step;
      const entered = this.enter(step.event, step.event.by);
      if (!entered.ok) return step;
    }
    return this.#step;
  }

  /** Once an epoch, for people: a mismatch holds a ramp and nothing else. */
  #noteMismatch({ sample_ratio }: Step, { epoch }: ExperimentState, at: number): void {
    if (!sample_ratio.mismatch || this.store.hasEvent("sample_ratio_mismatch", epoch)) return;
    this.note({ type: "sample_ratio_mismatch", at, by: "sample_ratio", epoch, data: sample_ratio });
  }

  heardOfCanary(now: number): void {
    if (now - this.store.meter("last_canary_outcome") >= HEARD_STEP_MS)
      this.store.setMeter("last_canary_outcome", now);
  }

  granted(leaseMs: number, now: number): void {
    this.#leasesEndBy = Math.max(this.#leasesEndBy ?? 0, now + leaseMs);
  }

  /**
   * When no lease of a table from before this state can still be in use: those were granted before
   * its last event, so at most one lease after that.
   */
  effectiveAt({ definition, state }: Pick<ExperimentSnapshot, "definition" | "state">): number {
    const { consistency, lease_ms } = definition;
    const changed_at = state.updated_at;
    if (consistency === "strict") return changed_at;
    const leases_end = Math.max(this.#leasesEndBy ?? 0, this.#awake_since + lease_ms);
    return Math.max(changed_at, Math.min(leases_end, changed_at + lease_ms));
  }

  /** Delivers what is owed, or a part of it, and sets the alarm for what time alone decides. */
  async settle(part?: Part): Promise<void> {
    await this.schedule();
    await this.effects.flush(Date.now(), part);
    await this.schedule();
  }

  /** The alarm has rung and is no longer set. */
  rang(): void {
    this.#alarm_at = null;
  }

  async schedule(): Promise<void> {
    if (this.store.find()) this.#step ??= this.step();
    const due = [this.effects.nextDue(), this.#step?.next_at ?? null].filter((at) => at !== null);
    const at = due.length === 0 ? null : Math.min(...due);
    if (at === this.#alarm_at) return;
    this.#alarm_at = at;
    if (at === null) await this.#storage.deleteAlarm();
    else await this.#storage.setAlarm(at);
  }
}
