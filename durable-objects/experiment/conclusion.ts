import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type {
  ChangedExperiment,
  ExperimentRefusal,
  Promotion,
  ServedVariant,
} from "../../contract/experiment-lease.ts";
import type { AliasMove, AliasRecord, ModelRefusal } from "../../contract/model-lease.ts";
import { sizeOf } from "../../domain/experiments/layer.ts";
import { advance } from "../../domain/experiments/lifecycle.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { callActor } from "../shared/call-actor.ts";
import type { ExperimentCore } from "./experiment-core.ts";

type MovedAlias = AliasRecord & { previous_version: number | null };
type Answer = Result<ChangedExperiment, ExperimentRefusal>;
type ModelStub = ReturnType<Env["MODEL"]["getByName"]>;
type Waiting = { refusal?: ExperimentRefusal };
type UndoRefusal = Extract<ExperimentRefusal, { code: "undo_refused" }>;

/**
 * Ends an experiment with a winner, and takes that back. Conclusion, alias and event are one step:
 * first the intention is written, then the alias moves by compare-and-set, then the status
 * changes with its events. Whoever dies in between, the alarm finishes it, and a repeated call
 * answers as the first one would have.
 */
export class Conclusion {
  readonly #core: ExperimentCore;
  readonly #env: Env;
  /** The call that waits for the intention that is written down; nobody, in a later life. */
  #waiting: Waiting | undefined;

  constructor(core: ExperimentCore, env: Env) {
    this.#core = core;
    this.#env = env;
  }

  async conclude(winner: string | null, by: string): Promise<Answer> {
    const { definition, state } = this.#core.held();
    if (state.status === "concluded" && state.winning_variant_id === winner) return this.#answer();
    const known = definition.variants.map(({ variant_id }) => variant_id);
    if (winner !== null && !known.includes(winner))
      return fail({ code: "winner_unknown", winning_variant_id: winner, known });
    const now = Date.now();
    const event = { type: "concluded", at: now, data: { winning_variant_id: winner } } as const;
    const allowed = advance(definition, state, event);
    if (!allowed.ok) return allowed;
    const waiting: Waiting = {};
    this.#waiting = waiting;
    this.#core.commit(() => {
      if (winner === null) this.#core.enter(event, by);
      else {
        this.#core.store.putConclusion({ winning_variant_id: winner, by, asked_at: now });
        this.#core.effects.add("promotion", now);
      }
    });
    await this.#core.settle();
    return waiting.refusal ? fail(waiting.refusal) : this.#answer();
  }

  async undo(token: string, by: string): Promise<Answer> {
    const { state } = this.#core.held();
    const expected = this.#token(state.status === "concluded" ? state.epoch : state.epoch - 1);
    if (!sameText(token, expected))
      return fail({ code: "undo_refused", detail: "the token is not of the last conclusion" });
    // A repeated call finds it done: the token is of the epoch before.
    if (state.status !== "concluded") return this.#answer();
    const waiting: Waiting = {};
    this.#waiting = waiting;
    const now = Date.now();
    this.#core.commit(() => {
      this.#core.store.putConclusion({ undo: true, by, asked_at: now });
      this.#core.effects.add("promotion", now);
    });
    await this.#core.settle();
    return waiting.refusal ? fail(waiting.refusal) : this.#answer();
  }

  /** Delivers the effect `promotion`: does what `conclude` or `undo` has written down. */
  async deliver(): Promise<void> {
    const { definition, state, conclusion, promotion } = this.#core.held();
    if (!conclusion) return;
    const { by, asked_at } = conclusion;
    if (conclusion.undo) {
      const { variants } = definition;
      const winner = variants.find(({ variant_id }) => variant_id === state.winning_variant_id);
      const claimed = await this.#claimAgain();
      const moved =
        claimed.ok && promotion && winner
          ? await this.#moveBack(winner, promotion, asked_at)
          : claimed;
      this.#finish(moved, () => {
        this.#core.store.putPromotion(null);
        const at = Date.now();
        const epoch = state.epoch + 1;
        this.#core.enter({ type: "conclusion_undone", at, data: {} }, by);
        if (promotion) this.#core.note({ type: "demoted", at, by, epoch, data: promotion });
      });
      return;
    }
    const { winning_variant_id } = conclusion;
    const winner = definition.variants.find(({ variant_id }) => variant_id === winning_variant_id);
    if (!winner) return;
    const moved = await this.#moveTo(winner, asked_at);
    this.#finish(moved, ({ previous_version }) => {
      const at = Date.now();
      const data = { winning_variant_id };
      const { alias } = definition;
      const promoted = { model: winner.model, alias, version: winner.version, previous_version };
      this.#core.store.putPromotion(promoted);
      const entered = this.#core.enter({ type: "concluded", at, data }, by);
      const epoch = entered.ok ? entered.value.epoch : state.epoch;
      this.#core.note({ type: "promoted", at, by, epoch, data: promoted });
    });
  }

  /** Unless the state has moved on while the model's actor answered. */
  #finish<T>(moved: Result<T, ModelRefusal | UndoRefusal>, enter: (moved: T) => void): void {
    const { definition, conclusion } = this.#core.held();
    if (!conclusion) return;
    const waiting = this.#waiting ?? {};
    this.#waiting = undefined;
    const now = Date.now();
    this.#core.commit(() => {
      this.#core.store.putConclusion(null);
      if (moved.ok) enter(moved.value);
      else if (moved.error.code === "undo_refused") waiting.refusal = moved.error;
      else {
        const found = moved.error.code === "alias_moved" ? moved.error.found : null;
        waiting.refusal = { code: "alias_moved", alias: definition.alias, found };
      }
      this.#core.effects.add("claims", now);
      // What was heard meanwhile has been counted, and nobody has acted on it.
      this.#core.steward(now);
    });
  }

  /** So that no version can be deleted and no part of a layer given away once it serves again. */
  async #claimAgain(): Promise<Result<null, UndoRefusal>> {
    const { id, variants, layer } = this.#core.held().definition;
    for (const { model_id, version, name } of variants) {
      const claimed: Result<unknown, ModelRefusal> = await callActor(
        () => this.#env.MODEL.getByName(model_id),
        (model) => model.claim(id, version),
      );
      if (!claimed.ok)
        return fail({ code: "undo_refused", detail: `${name} has been deleted since` });
    }
    if (!layer) return ok(null);
    const part = await callActor(
      () => this.#env.LAYER.getByName(layer.layer_id),
      (actor) => actor.claim(id, sizeOf(layer.intervals)),
    );
    // Nobody had it in between if it is the same; else it goes back with the claims.
    if (part.ok && JSON.stringify(part.value.intervals) === JSON.stringify(layer.intervals))
      return ok(null);
    const detail = `its part of layer '${layer.name}' may have been given away since`;
    return fail({ code: "undo_refused", detail });
  }

  async #moveTo(
    winner: ServedVariant,
    asked_at: number,
  ): Promise<Result<{ previous_version: number | null }, ModelRefusal>> {
    const { id, alias, variants } = this.#core.held().definition;
    const own = variants.filter(({ model_id }) => model_id === winner.model_id);
    const expected = [null, ...own.map(({ version }) => version)];
    const move = { alias, version: winner.version, expected, by: id };
    return this.#ask(winner.model_id, async (model) => {
      const made = await madeMove(model, alias, { by: id, not: undoing(id) }, asked_at);
      return made ? ok(made) : moveAlias(model, move);
    });
  }

  async #moveBack(
    { model_id }: ServedVariant,
    { alias, version, previous_version }: Promotion,
    asked_at: number,
  ): Promise<Result<unknown, ModelRefusal>> {
    const { id } = this.#core.held().definition;
    const by = undoing(id);
    if (previous_version === version) return ok(null);
    return this.#ask(model_id, async (model): Promise<Result<unknown, ModelRefusal>> => {
      if (await madeMove(model, alias, { by, not: id }, asked_at)) return ok(null);
      if (previous_version !== null)
        return moveAlias(model, { alias, version: previous_version, expected: [version], by });
      const present: Result<AliasRecord, ModelRefusal> = await model.describeAlias(alias);
      if (!present.ok) return ok(null);
      const found = present.value.version;
      return found === version
        ? model.removeAlias(alias, by)
        : fail({ code: "alias_moved", alias, found });
    });
  }

  /** Tries all of `ask` again where one try may not have been heard of. */
  #ask<T>(model_id: string, ask: (model: ModelStub) => Promise<T>): Promise<Awaited<T>> {
    return callActor(() => this.#env.MODEL.getByName(model_id), ask);
  }

  #answer(): Answer {
    const { conclusion } = this.#core.held();
    if (conclusion) return fail({ code: "experiment_concluding" });
    const snapshot = this.#core.snapshot();
    const { status, epoch } = snapshot.state;
    const effective_at = this.#core.effectiveAt(snapshot);
    if (status !== "concluded") return ok({ ...snapshot, effective_at });
    return ok({ ...snapshot, effective_at, undo_token: this.#token(epoch) });
  }

  /** Derived and not stored, so that a repeated conclusion answers with the same one. */
  #token(epoch: number): string {
    const { id } = this.#core.held().definition;
    const key = utf8ToBytes(this.#env.KEY_CHECKSUM_SECRET);
    const mac = hmac(sha256, key, utf8ToBytes(`undo/${id}/${epoch}`));
    return `undo_${bytesToHex(mac).slice(0, 40)}`;
  }
}

/** Who moves an alias back, as its history says. */
const undoing = (id: string): string => `${id}/undo`;

/**
 * The move that an earlier try has made and died before it could tell. Whoever has moved the alias
 * since then keeps it. Conclusions and their undoing take turns, so one of before the other (`not`)
 * is not it, however close they are in time.
 */
async function madeMove(
  model: ModelStub,
  alias: string,
  { by, not }: { by: string; not: string },
  asked_at: number,
): Promise<AliasRecord["history"][number] | undefined> {
  const present: Result<AliasRecord, ModelRefusal> = await model.describeAlias(alias);
  if (!present.ok) return undefined;
  const last = present.value.history.find((move) => move.by === by || move.by === not);
  return last?.by === by && last.at >= asked_at ? last : undefined;
}

const moveAlias = (
  model: ModelStub,
  move: AliasMove,
): PromiseLike<Result<MovedAlias, ModelRefusal>> => model.moveAlias(move);

/** In a time that does not tell how much of it is right. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let different = 0;
  for (let at = 0; at < a.length; at++) different |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return different === 0;
}
