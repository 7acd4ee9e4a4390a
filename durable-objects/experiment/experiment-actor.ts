import { DurableObject } from "cloudflare:workers";
import type {
  ExperimentEvent,
  ExperimentRecord,
  ExperimentRefusal,
  ExperimentReport,
  ExperimentSnapshot,
  OutcomeReport,
  RecordedOutcomes,
  RoutingLease,
} from "../../contract/experiment-lease.ts";
import type { AliasRecord, ModelRefusal } from "../../contract/model-lease.ts";
import { type Decision, decide, tableOf, type Unit } from "../../domain/experiments/decide.ts";
import type { ExperimentStatus } from "../../domain/experiments/experiment.ts";
import { advance, draftOf, type Transition } from "../../domain/experiments/lifecycle.ts";
import type { OutcomeSource } from "../../domain/experiments/record-outcome.ts";
import { describeBreach, findBreach } from "../../domain/experiments/rollback-rule.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { callActor } from "../shared/call-actor.ts";
import { Effects } from "../shared/effects.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { ExperimentStore } from "./experiment-store.ts";
import { listStanding, releaseClaims } from "./follow-up.ts";
import { type Counted, OutcomeCounter } from "./outcome-counter.ts";
import { SCHEMA } from "./schema.ts";

const EVENT_OF = {
  start: "started",
  pause: "paused",
  resume: "resumed",
  rollback: "rolled_back",
  conclude: "concluded",
} as const satisfies Record<Transition, ExperimentEvent["type"]>;

type MovedAlias = AliasRecord & { previous_version: number | null };
type Change = Result<ExperimentSnapshot & { effective_at: number }, ExperimentRefusal>;

/**
 * One experiment: the only writer of its status, its table and its counts. Rules are in
 * domain/experiments. What follows outside its storage are effects: `directory` (its row in D1),
 * `promotion` (the alias of the winner) and `claims` (on model versions).
 */
export class ExperimentActor extends DurableObject<Env> {
  readonly #store: ExperimentStore;
  readonly #effects: Effects;
  #counter: OutcomeCounter | undefined;
  /** Why the last conclusion could not move its alias, for the call that waits for it. */
  #refusal: ExperimentRefusal | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new ExperimentStore(ctx.storage.sql);
    this.#effects = new Effects(ctx.storage, (key) => this.#deliver(key));
  }

  /** Repeating it changes nothing: an experiment is defined once, or abandoned before that. */
  async create(
    definition: ExperimentRecord,
    by: string,
  ): Promise<Result<ExperimentSnapshot, ExperimentRefusal>> {
    if (this.#store.isAbandoned()) return fail({ code: "experiment_abandoned" });
    if (!this.#store.find()) {
      const at = definition.created_at;
      this.#commit(() => {
        this.#store.insert(definition, draftOf(definition));
        this.#store.addEvent({ type: "created", at, by, epoch: 0, data: {} });
        this.#effects.add("directory", at);
      });
      await this.#settle();
    }
    return ok(this.#snapshot());
  }

  /**
   * Keeps an experiment from being created under this id, for a creation that was refused half
   * way. Answers with the experiment if another attempt has created it.
   */
  abandon(): ExperimentSnapshot | null {
    if (this.#store.find()) return this.#snapshot();
    if (!this.#store.isAbandoned()) this.#store.abandon(Date.now());
    return null;
  }

  describe(): Result<ExperimentSnapshot, ExperimentRefusal> {
    return this.#store.find() ? ok(this.#snapshot()) : fail({ code: "experiment_not_found" });
  }

  /** Starts, pauses, resumes, rolls back or concludes. */
  async change(
    transition: Transition,
    {
      by,
      reason,
      winner,
    }: { by: string; reason?: string | undefined; winner?: string | undefined },
  ): Promise<Change> {
    const held = this.#store.find();
    if (!held) return fail({ code: "experiment_not_found" });
    if (held.conclusion) return fail({ code: "experiment_concluding" });
    if (transition === "conclude" && winner !== undefined) return this.#conclude(winner, by);
    const now = Date.now();
    const next = advance(held.state, transition, { now, reason: reason ?? null });
    if (!next.ok) return next;
    this.#commit(() => this.#enter(transition, next.value, by, reason ? { reason } : {}));
    await this.#settle();
    return ok({ ...this.#snapshot(), effective_at: this.#effectiveAt() });
  }

  /** Deletes a draft or an experiment that has ended, with all that it counted. */
  async remove(): Promise<Result<null, ExperimentRefusal>> {
    const held = this.#store.find();
    if (!held) return fail({ code: "experiment_not_found" });
    const { status } = held.state;
    if (status === "running" || status === "paused")
      return fail({ code: "experiment_active", status });
    const now = Date.now();
    this.#commit(() => {
      this.#store.abandon(now);
      this.#effects.add("directory", now);
      this.#effects.add("claims", now);
    });
    this.#counter = undefined;
    await this.#settle();
    return ok(null);
  }

  /** The variant of one request, by the table in force now. */
  decide(unit: Unit): Result<Decision, ExperimentRefusal> {
    const held = this.#store.find();
    if (!held) return fail({ code: "experiment_not_found" });
    return decide(tableOf(held.definition, held.state), unit);
  }

  lease(): Result<RoutingLease, ExperimentRefusal> {
    const held = this.#store.find();
    if (!held) return fail({ code: "experiment_not_found" });
    const { consistency, variants } = held.definition;
    const table = tableOf(held.definition, held.state);
    return ok({ table, consistency, variants, lease_ms: Number(this.env.ROUTING_LEASE_MS) });
  }

  /**
   * Counts each outcome once, whatever is sent again, and asks the guardrails in the same turn:
   * the answer to the outcome that broke one already says `rolled_back`.
   */
  async record(
    outcomes: readonly OutcomeReport[],
    source: OutcomeSource,
  ): Promise<Result<RecordedOutcomes, ExperimentRefusal>> {
    const held = this.#store.find();
    if (!held) return fail({ code: "experiment_not_found" });
    const { state, definition } = held;
    if (state.status === "draft") return fail({ code: "experiment_not_started" });

    let counted: Counted = { accepted: 0, duplicates: 0, rejected: [] };
    let status: ExperimentStatus = state.status;
    this.#commit(() => {
      const counter = this.#counting(definition);
      counted = counter.count(outcomes, source, state.epoch);
      if (counted.accepted > 0) status = this.#guard(definition, counter);
    });
    if (status !== state.status) await this.#settle();
    return ok({ ...counted, status });
  }

  report(): Result<ExperimentReport, ExperimentRefusal> {
    const held = this.#store.find();
    if (!held) return fail({ code: "experiment_not_found" });
    const variants = this.#counting(held.definition).report();
    return ok({ definition: held.definition, state: held.state, variants });
  }

  events(after: number, limit: number): ExperimentEvent[] {
    return this.#store.eventsAfter(after, limit);
  }

  /** Delivered at least once: what is owed is looked up anew. */
  override async alarm(): Promise<void> {
    await this.#settle();
  }

  /** Asks the guardrails of a running experiment; answers with the status after that. */
  #guard(definition: ExperimentRecord, counter: OutcomeCounter): ExperimentStatus {
    const { state, conclusion } = this.#snapshot();
    // Somebody has concluded and the alias is on its way to the winner: that decision stands.
    if (state.status !== "running" || conclusion) return state.status;
    const { control, others } = counter.guarded();
    const breach = control && findBreach(definition.rollback, control, others);
    if (!breach) return state.status;
    const broken = definition.variants.find(({ variant_id }) => variant_id === breach.variant_id);
    const reason = `${broken?.name}: ${describeBreach(breach)}`;
    const next = advance(state, "rollback", { now: Date.now(), reason });
    if (!next.ok) return state.status;
    this.#enter("rollback", next.value, "guardrail", { reason, ...breach });
    return next.value.status;
  }

  /** Part of a transaction: the new state, its event, and what follows outside. */
  #enter(
    transition: Transition,
    state: ExperimentSnapshot["state"],
    by: string,
    data: ExperimentEvent["data"],
  ): void {
    const at = state.updated_at;
    this.#store.putState(state);
    this.#store.addEvent({ type: EVENT_OF[transition], at, by, epoch: state.epoch, data });
    this.#effects.add("directory", at);
    if (state.ended_at !== null) this.#effects.add("claims", at);
  }

  /**
   * Concludes with a winner: first the intention is written, then the winner's alias moves, then
   * the status changes. Whoever dies in between, the alarm finishes it.
   */
  async #conclude(winning_variant_id: string, by: string): Promise<Change> {
    const { definition, state } = this.#snapshot();
    const known = definition.variants.map(({ variant_id }) => variant_id);
    if (!known.includes(winning_variant_id))
      return fail({ code: "winner_unknown", winning_variant_id, known });
    const now = Date.now();
    const allowed = advance(state, "conclude", { now, winner: winning_variant_id });
    if (!allowed.ok) return allowed;
    this.#refusal = undefined;
    this.#commit(() => {
      this.#store.putConclusion({ winning_variant_id, by });
      this.#effects.add("promotion", now);
    });
    await this.#settle();
    if (this.#refusal) return fail(this.#refusal);
    const after = this.#snapshot();
    if (after.conclusion) return fail({ code: "experiment_concluding" });
    return ok({ ...after, effective_at: this.#effectiveAt() });
  }

  async #promote(): Promise<void> {
    const { definition, conclusion } = this.#snapshot();
    if (!conclusion) return;
    const { winning_variant_id, by } = conclusion;
    const winner = definition.variants.find(({ variant_id }) => variant_id === winning_variant_id);
    if (!winner) return;
    const { alias } = definition;
    const versions = definition.variants.filter(({ model_id }) => model_id === winner.model_id);
    const expected = [null, ...versions.map(({ version }) => version)];
    const move = { alias, version: winner.version, expected, by: definition.id };
    const moved: Result<MovedAlias, ModelRefusal> = await callActor(
      () => this.env.MODEL.getByName(winner.model_id),
      (model) => model.moveAlias(move),
    );
    // The state may have moved on while the model's actor answered.
    const { state, conclusion: still } = this.#snapshot();
    const now = Date.now();
    const next = advance(state, "conclude", { now, winner: winning_variant_id });
    if (!still || !next.ok) return;
    this.#commit(() => {
      this.#store.putConclusion(null);
      if (!moved.ok) {
        const found = moved.error.code === "alias_moved" ? moved.error.found : null;
        this.#refusal = { code: "alias_moved", alias, found };
        return;
      }
      const previous_version = movedFrom(moved.value, definition.id);
      const promotion = { model: winner.model, alias, version: winner.version, previous_version };
      this.#store.putPromotion(promotion);
      this.#enter("conclude", next.value, by, { winning_variant_id });
      this.#store.addEvent({
        type: "promoted",
        at: now,
        by,
        epoch: next.value.epoch,
        data: promotion,
      });
    });
  }

  async #deliver(effect: string): Promise<void> {
    const last = this.#store.last();
    if (!last) return;
    const removed = this.#store.isAbandoned();
    if (effect === "promotion") await this.#promote();
    if (effect === "directory") await listStanding(this.env, last, removed);
    if (effect === "claims") await releaseClaims(this.env, last, removed);
  }

  #snapshot() {
    const held = this.#store.find();
    if (!held) throw new Error("this experiment was never created");
    return held;
  }

  #counting({ variants }: ExperimentRecord): OutcomeCounter {
    this.#counter ??= new OutcomeCounter(this.ctx.storage.sql, variants);
    return this.#counter;
  }

  /** One transaction; what is held in memory never outlives one that did not commit. */
  #commit(work: () => void): void {
    try {
      this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.#store.forget();
      this.#counter = undefined;
      throw error;
    }
  }

  /** When the last lease of the table before can still be in use. */
  #effectiveAt(): number {
    const { definition, state } = this.#snapshot();
    const lease = definition.consistency === "strict" ? 0 : Number(this.env.ROUTING_LEASE_MS);
    return state.updated_at + lease;
  }

  async #settle(): Promise<void> {
    await this.#scheduleAlarm();
    await this.#effects.flush(Date.now());
    await this.#scheduleAlarm();
  }

  async #scheduleAlarm(): Promise<void> {
    const due = this.#effects.nextDue();
    if (due === null) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(due);
  }
}

/** Where the alias came from, also when an earlier try moved it and died before it could tell. */
function movedFrom({ history, previous_version }: MovedAlias, by: string): number | null {
  const last = history[0];
  return last?.by === by ? last.previous_version : previous_version;
}
