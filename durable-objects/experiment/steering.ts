import type {
  ChangedExperiment,
  ExperimentRecord,
  ExperimentRefusal,
  PlannedChange,
} from "../../contract/experiment-lease.ts";
import type { Budget } from "../../domain/experiments/experiment.ts";
import {
  advance,
  planReweigh,
  type StateEvent,
  type Transition,
} from "../../domain/experiments/lifecycle.ts";
import { canaryTotals, stepWeights } from "../../domain/experiments/steward.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { ExperimentCore } from "./experiment-core.ts";

type Change = Result<ChangedExperiment, ExperimentRefusal>;
export type RampAction = "approve" | "advance" | "reverse" | "hold" | "release";
export type AskedWeights = {
  by: string;
  dry_run: boolean;
  /** Units of 10^-12 that may move. */
  most?: number | undefined;
  expected_epoch?: number | undefined;
};

/** What people change about an experiment while it lives, each change an event. */
export class Steering {
  readonly #core: ExperimentCore;
  readonly #settle: () => Promise<void>;

  constructor(core: ExperimentCore, settle: () => Promise<void>) {
    this.#core = core;
    this.#settle = settle;
  }

  async move(
    transition: Exclude<Transition, "conclude">,
    asked: { by: string; reason?: string | undefined; expected_epoch?: number | undefined },
  ): Promise<Change> {
    const refusal = refusalOf(this.#core, asked);
    if (refusal) return fail(refusal);
    const { by, reason } = asked;
    const { definition } = this.#core.held();
    const at = Date.now();
    const because = reason === undefined ? {} : { reason };
    const events = {
      start: { type: "started", at, data: {} },
      pause: { type: "paused", at, data: because },
      resume: { type: "resumed", at, data: { outcomes: this.#canaryOutcomes(definition) } },
      rollback: { type: "rolled_back", at, data: because },
    } as const satisfies Record<Exclude<Transition, "conclude">, StateEvent>;
    return this.#enter(events[transition], by);
  }

  /** Moves the fewest units that give these weights; `dry_run` only says how many that are. */
  async reweigh(
    weights: readonly number[],
    asked: AskedWeights,
  ): Promise<
    Result<{ plan: PlannedChange; changed: ChangedExperiment | null }, ExperimentRefusal>
  > {
    const refusal = refusalOf(this.#core, asked);
    if (refusal) return fail(refusal);
    const { definition, state } = this.#core.held();
    const { data, ledger, moved } = planReweigh(state, weights);
    const event = { type: "reweighed", at: Date.now(), data: { ...data, cause: "asked" } } as const;
    const allowed = advance(definition, state, event);
    if (!allowed.ok) return allowed;
    if (asked.most !== undefined && moved > asked.most)
      return fail({ code: "movement_too_large", moved, most: asked.most });
    const plan = { moved, ledger };
    if (asked.dry_run) return ok({ plan, changed: null });
    const changed = await this.#enter(event, asked.by);
    return changed.ok ? ok({ plan, changed: changed.value }) : changed;
  }

  /** What a person may do to a ramp at any time. */
  async steerRamp(
    action: RampAction,
    { by, reason }: { by: string; reason?: string | undefined },
  ): Promise<Change> {
    const refusal = refusalOf(this.#core, {});
    if (refusal) return fail(refusal);
    const { definition, state } = this.#core.held();
    if (!definition.ramp) return fail({ code: "ramp_missing" });
    const at = Date.now();
    const outcomes = this.#canaryOutcomes(definition);
    const step = state.ramp?.step ?? 0;
    if (action === "approve") return this.#enter({ type: "ramp_approved", at, data: {} }, by);
    if (action === "release")
      return this.#enter({ type: "ramp_released", at, data: { outcomes } }, by);
    if (action === "hold") {
      const data = { reason: reason ?? "held by a person", by_person: true };
      return this.#enter({ type: "ramp_held", at, data }, by);
    }
    const to = action === "advance" ? step + 1 : step - 1;
    if (!definition.ramp.steps[to]) return fail({ code: "ramp_at_end", step });
    const { data } = planReweigh(state, stepWeights(definition, to));
    const type = action === "advance" ? "ramp_advanced" : "ramp_reversed";
    return this.#enter({ type, at, data: { ...data, step: to, outcomes } }, by);
  }

  /** Decides on a rollback that waits for approval. */
  async answerProposal(decision: "approve" | "dismiss", by: string): Promise<Change> {
    const refusal = refusalOf(this.#core, {});
    if (refusal) return fail(refusal);
    const { proposal } = this.#core.held().state;
    if (!proposal) return fail({ code: "proposal_missing" });
    const at = Date.now();
    if (decision === "dismiss")
      return this.#enter({ type: "rollback_dismissed", at, data: {} }, by);
    return this.#enter({ type: "rolled_back", at, data: { reason: proposal.reason } }, by);
  }

  async changeBudget(budget: Budget, by: string): Promise<Change> {
    const refusal = refusalOf(this.#core, {});
    if (refusal) return fail(refusal);
    return this.#enter({ type: "budget_changed", at: Date.now(), data: budget }, by);
  }

  async #enter(event: StateEvent, by: string): Promise<Change> {
    const { definition, state } = this.#core.held();
    const allowed = advance(definition, state, event);
    if (!allowed.ok) return allowed;
    this.#core.commit(() => {
      this.#core.enter(event, by);
      this.#core.steward(event.at);
    });
    // Of this turn: what changes during the wait is told to whoever changes it.
    const snapshot = this.#core.snapshot();
    const effective_at = this.#core.effectiveAt(snapshot);
    await this.#settle();
    return ok({ ...snapshot, effective_at });
  }

  #canaryOutcomes(definition: ExperimentRecord): number {
    return canaryTotals(definition, this.#core.cells()).counts.requests;
  }
}

/** Why nothing can be changed now, or not by who expects another epoch. */
export function refusalOf(
  { store }: ExperimentCore,
  { expected_epoch }: { expected_epoch?: number | undefined },
): ExperimentRefusal | null {
  const held = store.find();
  if (!held) return { code: "experiment_not_found" };
  if (held.conclusion) return { code: "experiment_concluding" };
  const found = held.state.epoch;
  if (expected_epoch === undefined || expected_epoch === found) return null;
  return { code: "epoch_moved", expected: expected_epoch, found };
}
