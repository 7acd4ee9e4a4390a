import { DurableObject } from "cloudflare:workers";
import type {
  ChangedExperiment,
  ExperimentEvent,
  ExperimentRecord,
  ExperimentRefusal,
  ExperimentReport,
  ExperimentSnapshot,
  ExplainedUnit,
  Exposure,
  OutcomeReport,
  PlannedChange,
  RecordedOutcomes,
  RoutingLease,
  UnusedGrant,
} from "../../contract/experiment-lease.ts";
import { isCanary } from "../../domain/experiments/arm-role.ts";
import { type Decision, decide, nameOf, type Unit } from "../../domain/experiments/decide.ts";
import type { Budget, ExperimentState } from "../../domain/experiments/experiment.ts";
import { draftOf, type Transition } from "../../domain/experiments/lifecycle.ts";
import type { OutcomeSource, RecordedOutcome } from "../../domain/experiments/record-outcome.ts";
import type { Cell } from "../../domain/experiments/totals.ts";
import { unitPosition } from "../../domain/experiments/unit-position.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { Conclusion } from "./conclusion.ts";
import { ExperimentCore } from "./experiment-core.ts";
import { deliverFollowUp } from "./follow-up.ts";
import { IngestRate } from "./ingest-rate.ts";
import { Live } from "./live.ts";
import type { Counted } from "./outcome-counter.ts";
import { recordInShards } from "./record-in-shards.ts";
import { SCHEMA } from "./schema.ts";
import { type AskedWeights, type RampAction, refusalOf, Steering } from "./steering.ts";

type Change = Result<ChangedExperiment, ExperimentRefusal>;

/**
 * One experiment: the only writer of its status, its table and its counts. Rules are in
 * domain/experiments. What follows outside its storage are effects, see follow-up.
 */
export class ExperimentActor extends DurableObject<Env> {
  readonly #core: ExperimentCore;
  readonly #conclusion: Conclusion;
  readonly #steering: Steering;
  readonly #live: Live;
  readonly #ingest = new IngestRate();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#core = new ExperimentCore(ctx.storage, (effect) => this.#deliver(effect), Date.now());
    this.#conclusion = new Conclusion(this.#core, env);
    this.#steering = new Steering(this.#core, () => this.#settleAll());
    this.#live = new Live(ctx, this.#core);
  }

  /** Repeating it changes nothing: an experiment is defined once, or abandoned before that. */
  async create(
    definition: ExperimentRecord,
    by: string,
  ): Promise<Result<ExperimentSnapshot, ExperimentRefusal>> {
    const { store } = this.#core;
    if (store.isAbandoned()) return fail({ code: "experiment_abandoned" });
    if (!store.find()) {
      const at = definition.created_at;
      this.#core.commit(() => {
        store.insert(definition, draftOf(definition));
        this.#core.note({ type: "created", at, by, epoch: 0, data: {} });
        this.#core.effects.add("directory", at);
        this.#core.effects.add("lineage", at);
      });
      await this.#core.settle({ but: "lineage" });
      // The graph follows behind the answer; where that is cut off, with the alarm.
      this.ctx.waitUntil(this.#core.settle({ only: "lineage" }));
    }
    return ok(this.#core.snapshot());
  }

  /**
   * Keeps an experiment from being created under this id, for a creation that was refused half
   * way. Answers with the experiment if another attempt has created it.
   */
  abandon(): ExperimentSnapshot | null {
    if (this.#core.store.find()) return this.#core.snapshot();
    if (!this.#core.store.isAbandoned()) this.#core.store.abandon(Date.now());
    return null;
  }

  describe(): Result<ExperimentSnapshot, ExperimentRefusal> {
    return this.#core.store.find()
      ? ok(this.#core.snapshot())
      : fail({ code: "experiment_not_found" });
  }

  /** Starts, pauses, resumes or rolls back; or concludes, which may be repeated. */
  async change(
    transition: Transition,
    asked: {
      by: string;
      reason?: string | undefined;
      winner?: string | undefined;
      expected_epoch?: number | undefined;
    },
  ): Promise<Change> {
    if (transition === "conclude") {
      const refusal = refusalOf(this.#core, {});
      if (refusal) return fail(refusal);
      const { by, winner, expected_epoch } = asked;
      const { state } = this.#core.held();
      const repeated = state.status === "concluded" && state.winning_variant_id === winner;
      if (expected_epoch !== undefined && !repeated && expected_epoch !== state.epoch)
        return fail({ code: "epoch_moved", expected: expected_epoch, found: state.epoch });
      return this.#told(await this.#conclusion.conclude(winner ?? null, by));
    }
    return this.#steering.move(transition, asked);
  }

  /** Moves the fewest units that give these weights; `dry_run` only says how many that are. */
  reweigh(
    weights: readonly number[],
    asked: AskedWeights,
  ): Promise<
    Result<{ plan: PlannedChange; changed: ChangedExperiment | null }, ExperimentRefusal>
  > {
    return this.#steering.reweigh(weights, asked);
  }

  /** What a person may do to a ramp at any time. */
  steerRamp(
    action: RampAction,
    asked: { by: string; reason?: string | undefined },
  ): Promise<Change> {
    return this.#steering.steerRamp(action, asked);
  }

  /** Decides on a rollback that waits for approval. */
  answerProposal(decision: "approve" | "dismiss", by: string): Promise<Change> {
    return this.#steering.answerProposal(decision, by);
  }

  changeBudget(budget: Budget, by: string): Promise<Change> {
    return this.#steering.changeBudget(budget, by);
  }

  /** Takes the last conclusion back: alias, status and table as they were before. */
  async undo(token: string, by: string): Promise<Change> {
    const refusal = refusalOf(this.#core, {});
    return refusal ? fail(refusal) : this.#told(await this.#conclusion.undo(token, by));
  }

  /** Deletes a draft or an experiment that has ended, with all that it counted. */
  async remove(): Promise<Result<null, ExperimentRefusal>> {
    const held = this.#core.store.find();
    if (!held) return fail({ code: "experiment_not_found" });
    const { status } = held.state;
    if (status === "running" || status === "paused")
      return fail({ code: "experiment_active", status });
    const now = Date.now();
    this.#core.commit(() => {
      this.#core.store.abandon(now);
      for (const effect of ["directory", "claims", "feed", "lineage", "shards"])
        this.#core.effects.add(effect, now);
    });
    this.#core.forget();
    this.#live.end();
    await this.#core.settle();
    return ok(null);
  }

  /**
   * The variant of one request, by the table in force now. A canary request is paid for from the
   * budget, and a unit that is new is enrolled, in the same turn.
   */
  async decide(unit: Unit): Promise<Result<Decision, ExperimentRefusal>> {
    if (!this.#core.store.find()) return fail({ code: "experiment_not_found" });
    const table = this.#core.table();
    const sticky = unit.user_id !== undefined && unit.sticky !== false;
    const position = sticky ? unitPosition(table.experiment_id, nameOf(unit)) : null;
    const enrolled = this.#enrolledIn(position);
    const decided = decide(table, unit, table.enrols ? enrolled : null);
    if (!decided.ok || decided.value.reason !== "assigned") return decided;
    const { variant, epoch } = decided.value;
    const pays = table.budgeted && (table.canary[variant] ?? false);
    if (!pays && (position === null || enrolled !== null)) return decided;
    let paid = true;
    const { state } = this.#core.held();
    this.#core.commit(() => {
      if (pays) paid = this.#core.budgets.spend(state.budget.max_requests ?? 0);
      if (paid && position !== null && enrolled === null) {
        this.#core.counting().expose([[position, variant, epoch]]);
        this.#core.counting().save();
      }
      if (!paid) this.#core.steward(Date.now());
    });
    if (paid) return decided;
    await this.#settleSince(state);
    return ok({ variant: table.control, epoch, reason: "budget_spent" });
  }

  /** What `decide` would say, and why; it enrols nobody. */
  explain(unit: Unit): Result<ExplainedUnit, ExperimentRefusal> {
    if (!this.#core.store.find()) return fail({ code: "experiment_not_found" });
    const table = this.#core.table();
    const { variants } = this.#core.held().definition;
    const enrolled = table.enrols
      ? this.#enrolledIn(unitPosition(table.experiment_id, nameOf(unit)))
      : null;
    const decided = decide(table, unit, enrolled);
    return decided.ok ? ok({ table, variants, enrolled, decision: decided.value }) : decided;
  }

  /**
   * A lease of the table; takes back what the isolate did not use of earlier budget grants.
   * `wanted` requests to canaries wait for a grant: who has none asks for none, as what is not
   * given back stays spent.
   */
  async lease(
    unused: readonly UnusedGrant[] = [],
    wanted = 1,
  ): Promise<Result<RoutingLease, ExperimentRefusal>> {
    if (!this.#core.store.find()) return fail({ code: "experiment_not_found" });
    const { definition, state: before } = this.#core.held();
    const { consistency, variants, lease_ms, primary_metric } = definition;
    const now = Date.now();
    let canary_grant: RoutingLease["canary_grant"] = null;
    const grants = wanted > 0 && consistency === "leased" && this.#core.table().budgeted;
    if (unused.length > 0 || grants) {
      const lease_id = crypto.randomUUID();
      this.#core.commit(() => {
        const { budgets } = this.#core;
        budgets.settle(unused);
        if (!grants) return;
        const { budget, status } = this.#core.held().state;
        const most = status === "running" ? (budget.max_requests ?? 0) : 0;
        const granted = budgets.grant({ lease_id, wanted, expires_at: now + lease_ms }, most);
        canary_grant = { lease_id, granted };
        if (granted === 0) this.#core.steward(now);
      });
      await this.#settleSince(before);
    }
    this.#core.granted(lease_ms, now);
    const table = this.#core.table();
    const { shards } = this.#core.held().state;
    return ok({ table, consistency, variants, lease_ms, primary_metric, shards, canary_grant });
  }

  /**
   * Counts each outcome once, whatever is sent again, and asks the rules in the same turn: the
   * answer to the outcome that broke a guardrail already says `rolled_back`.
   */
  async record(
    outcomes: readonly OutcomeReport[],
    source: OutcomeSource,
    exposures: readonly Exposure[] = [],
  ): Promise<Result<RecordedOutcomes, ExperimentRefusal>> {
    if (!this.#core.store.find()) return fail({ code: "experiment_not_found" });
    const { state, definition } = this.#core.held();
    if (state.status === "draft") return fail({ code: "experiment_not_started" });
    const here = state.shards ? [] : outcomes;
    let counted: Counted = { accepted: 0, duplicates: 0, rejected: [] };
    const now = Date.now();
    const spread = this.#ingest.count(here.length, now, Number(this.env.OUTCOME_SPREAD_RATE));
    this.#core.commit(() => {
      const counter = this.#core.counting();
      counted = counter.count(here, source, state.epoch);
      const units = counter.expose(exposures);
      if (counted.accepted + units === 0) return;
      counter.save();
      if (this.#hasCanary(here)) this.#core.heardOfCanary(now);
      if (spread && state.status === "running" && definition.consistency === "leased")
        this.#core.enter({ type: "spread", at: now, data: { shards: SHARDS } }, "ingest");
      this.#core.steward(now);
    });
    await this.#settleSince(state);
    const { status, epoch } = this.#core.held().state;
    if (!state.shards || outcomes.length === 0) return ok({ ...counted, status });
    const spreading = { definition, state: { status, epoch }, shards: state.shards };
    return ok(await recordInShards(this.env, spreading, outcomes, source));
  }

  /** A shard's sums, which replace what it told before. Answers with the status after that, null for none. */
  async merge(
    shard: number,
    revision: number,
    cells: readonly Cell[],
  ): Promise<RecordedOutcomes["status"] | null> {
    const held = this.#core.store.find();
    if (!held) return null;
    const now = Date.now();
    this.#core.commit(() => {
      const { canary } = this.#core.table();
      const heard = this.#core.shards.put(shard, revision, cells);
      if (canary.some((is, variant) => is && heard.has(variant))) this.#core.heardOfCanary(now);
      this.#core.steward(now);
    });
    await this.#settleSince(held.state);
    return this.#core.held().state.status;
  }

  /** What this actor has counted itself of these requests, for a shard that meets them again. */
  known(requestIds: readonly string[]): RecordedOutcome[] {
    return this.#core.store.find() ? [...this.#core.counting().find(requestIds).values()] : [];
  }

  report(): Result<ExperimentReport, ExperimentRefusal> {
    const held = this.#core.store.find();
    if (!held) return fail({ code: "experiment_not_found" });
    const { definition, state } = held;
    return ok({ definition, state, epochs: this.#core.store.epochs(), cells: this.#core.cells() });
  }

  events(after: number, limit: number): ExperimentEvent[] {
    return this.#core.store.eventsAfter(after, limit);
  }

  /** Only an upgrade to a WebSocket comes this way: the live metrics. */
  override fetch(request: Request): Response {
    return this.#live.open(request);
  }

  override webSocketMessage(socket: WebSocket): void {
    this.#live.answer(socket);
  }

  /** Without the answer a closing client waits. 1005 and 1006 are no codes to send. */
  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code === 1005 || code === 1006 ? 1000 : code, "closed");
  }

  /** Delivered at least once: what is due is looked up anew. */
  override async alarm(): Promise<void> {
    this.#core.rang();
    if (this.#core.store.find()) this.#core.commit(() => this.#core.steward(Date.now()));
    await this.#settleAll();
  }

  #enrolledIn(position: number | null): number | null {
    return position === null ? null : this.#core.counting().enrolledIn(position);
  }

  #hasCanary(outcomes: readonly OutcomeReport[]): boolean {
    const canaries = this.#core.held().definition.variants.filter(isCanary);
    return outcomes.some(({ variant_id }) => canaries.some((arm) => arm.variant_id === variant_id));
  }

  async #settleAll(): Promise<void> {
    this.#live.tell();
    await this.#core.settle();
  }

  #told(answer: Change): Change {
    this.#live.tell();
    return answer;
  }

  /** Counting waits for nothing outside, also while something is still owed from before. */
  async #settleSince(before: ExperimentState): Promise<void> {
    if (this.#core.held().state !== before) return this.#settleAll();
    this.#live.tell();
    await this.#core.schedule();
  }

  async #deliver(effect: string): Promise<void> {
    if (effect === "promotion" && this.#core.store.find()) {
      await this.#conclusion.deliver();
      this.#live.tell();
    } else await deliverFollowUp(this.env, this.#core.store, effect);
  }
}

/** A hot experiment is spread once, over so many actors. */
const SHARDS = 8;
