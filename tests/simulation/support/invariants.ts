import { createHash } from "node:crypto";
import { expect } from "vitest";
import { canonicalJson } from "../../../domain/text/canonical-json.ts";
import { chainedText } from "../../../contract/chained-text.ts";
import { movedUnits, ownerAt, weightsOf } from "../../../domain/experiments/ledger.ts";
import { replay } from "../../../domain/experiments/lifecycle.ts";
import type { Cell } from "../../../domain/experiments/totals.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import { epochsOf, stateEvents } from "./epochs-of.ts";
import { recount, requestsOf } from "./recount.ts";
import { type Ending, heardBy, type Made, type Story } from "./story.ts";

const BY_HAND = "key_human";

/** Everything that holds after every history, whatever the experiment. */
export function alwaysHolds(story: Story): void {
  expect(story.wrong).toEqual([]);
  for (const [experiment, ending] of story.endings.entries()) {
    replays(ending);
    chainVerifies(ending);
    changesAreInTime(story, experiment, ending);
    countsOnce(story, experiment, ending);
    unitsStay(story, experiment, ending);
    staysWithinBudget(story, experiment, ending);
    isDelivered(story, ending);
    versionsAreClaimed(ending);
  }
  conclusionsAreSingle(story);
}

/** The events alone make the state that is stored. */
function replays({ definition, report, events }: Ending): void {
  const replayed = replay(definition, stateEvents(events));
  if (!replayed.ok) throw new Error("the log cannot be replayed");
  expect(canonicalJson(replayed.value)).toBe(canonicalJson(report.state));
}

function chainVerifies({ events }: Ending): void {
  let previous: string | null = null;
  for (const [index, event] of events.entries()) {
    if (event.sequence !== index + 1) throw new Error(`event ${index + 1} is ${event.sequence}`);
    const text = chainedText(previous, { ...event, at: new Date(event.at).toISOString() });
    const hash = createHash("sha256").update(text).digest("hex");
    if (hash !== event.hash) throw new Error(`the hash of event ${event.sequence} is wrong`);
    previous = hash;
  }
}

/**
 * From the instant that a change answered, and from its answer on where it is strict, nobody
 * decides by a table from before; and that instant is at most a lease after the change.
 */
function changesAreInTime(story: Story, experiment: number, { definition, events }: Ending): void {
  const { consistency, lease_ms } = definition;
  const made = story.made.filter((decision) => decision.experiment === experiment);
  for (const { answer, by, acked_order, ...change } of story.changes) {
    if (change.experiment !== experiment || !answer.ok) continue;
    const { state, effective_at } = answer.value;
    // An earlier try that was given up may still arrive after the answer.
    const own = events.find((event) => event.by === by && event.at <= change.acked_at);
    const changed_at = state.updated_at;
    // A conclusion answers when its alias has moved, and tells what has become of it by then.
    const waits = own?.type === "concluded" || own?.type === "conclusion_undone";
    if (own && (waits ? changed_at < own.at : changed_at !== own.at))
      throw new Error(`${own.type} of ${own.at} answers with the state of ${changed_at}`);
    if (effective_at < changed_at) throw new Error("a change is in effect before it happened");
    if (effective_at > changed_at + (consistency === "leased" ? lease_ms : 0))
      throw new Error(`a change of ${changed_at} answers ${effective_at}; a lease is ${lease_ms}`);
    const stale = made.find(
      (decision) =>
        decision.epoch < state.epoch &&
        decision.reason !== "budget_spent" &&
        (consistency === "strict"
          ? decision.asked_order > acked_order
          : !decision.by_actor && decision.made_at >= effective_at),
    );
    if (stale)
      throw new Error(
        `decided by epoch ${stale.epoch} at ${stale.made_at}, when ${state.epoch} was in effect from ${effective_at}`,
      );
  }
  if (consistency === "strict") epochsGrow(made);
}

/** A decision that begins after another has been answered is by the same table or a later one. */
function epochsGrow(made: readonly Made[]): void {
  for (const later of made)
    for (const earlier of made)
      if (later.asked_order > earlier.made_order && later.epoch < earlier.epoch)
        throw new Error(
          `${later.request_id} was decided by an older table than ${earlier.request_id}`,
        );
}

/** Every acknowledged outcome is counted once, in its epoch, as its last revision says. */
function countsOnce(story: Story, experiment: number, { definition, report }: Ending): void {
  const heard = heardBy(story, experiment);
  const known = requestsOf(definition.variants, heard);
  const lost = story.counted.find(
    (counted) => counted.experiment === experiment && !known.has(counted.request_id),
  );
  if (lost) throw new Error(`${lost.request_id} was acknowledged and is not known`);
  expect(comparable(report.cells)).toEqual(comparable(recount(definition, heard)));
  if (story.endings.length > 1 || report.state.shards) return;
  const seen = new Map(story.exposed.toReversed().map((exposure) => [exposure[0], exposure]));
  const units = report.cells.reduce((sum, cell) => sum + cell.units, 0);
  expect(units).toBe(seen.size);
}

const comparable = (cells: readonly Cell[]) =>
  cells
    .map(({ epoch, variant, counts, latency, covariate, bins, metrics }) => ({
      epoch,
      variant,
      counts,
      latency,
      covariate,
      bins: bins.filter(([, count]) => count > 0).sort(([a], [b]) => a - b),
      metrics: Object.entries(metrics).filter(([, { count }]) => count > 0),
    }))
    .filter(({ counts }) => counts.requests > 0)
    .sort((a, b) => a.epoch - b.epoch || a.variant - b.variant)
    .map((cell) => JSON.parse(JSON.stringify(cell, positiveZero)) as unknown);

const positiveZero = (_: string, value: unknown) => (value === 0 ? 0 : value);

/** A unit has the owner of its position, and a change of weights moves the fewest positions. */
function unitsStay(story: Story, experiment: number, ending: Ending): void {
  const { definition } = ending;
  const epochs = epochsOf(ending);
  const sticky = new Map<string, number>();
  for (const { user, variant, epoch, reason, ...made } of story.made) {
    if (made.experiment !== experiment || reason !== "assigned") continue;
    const unit = user ?? made.request_id;
    const ledger = epochs.get(epoch)?.ledger;
    if (!ledger)
      throw new Error(`${made.request_id} was decided by epoch ${epoch}, which never was`);
    if (definition.bandit && user !== null) {
      const first = sticky.get(user) ?? variant;
      if (first !== variant) throw new Error(`${user} went from ${first} to ${variant}`);
      sticky.set(user, first);
    } else if (ownerAt(ledger, unitPosition(definition.id, unit)) !== variant)
      throw new Error(`${unit} is not of variant ${variant} in epoch ${epoch}`);
  }
  for (const [epoch, { ledger }] of epochs) {
    const before = epochs.get(epoch - 1)?.ledger;
    if (!before || epoch === 1) continue;
    const weights = weightsOf(ledger, definition.variants.length);
    const fewest = weightsOf(before, definition.variants.length).reduce(
      (sum, units, arm) => sum + Math.max(0, units - (weights[arm] ?? 0)),
      0,
    );
    if (movedUnits(before, ledger) !== fewest) throw new Error(`epoch ${epoch} moves too many`);
  }
}

/** No more canary requests were ever decided than the budgets until then allowed. */
function staysWithinBudget(story: Story, experiment: number, { definition, events }: Ending): void {
  const budgets = events.filter(({ type }) => type === "budget_changed");
  const first = definition.budget.max_requests;
  const begins = first === null ? firstBudget(story, experiment, budgets) : undefined;
  if (first === null && !begins) return;
  const counted = canaryRequests(story, experiment, definition).filter(
    ({ asked_order, made_at }) =>
      !begins ||
      (definition.consistency === "strict"
        ? asked_order > begins.acked_order
        : made_at >= begins.effective_at),
  );
  for (const [index, { made_at }] of counted.entries()) {
    const changed = budgets
      .filter(({ at }) => at <= made_at)
      .map(({ data }) => Number(data["max_requests"]));
    const most = Math.max(first ?? 0, ...changed);
    if (index + 1 > most)
      throw new Error(`${index + 1} canary requests, and the budget is ${most}`);
  }
}

/** When a budget was first known to be in effect, where there was none in the beginning. */
function firstBudget({ changes }: Story, experiment: number, budgets: Ending["events"]) {
  for (const { answer, acked_order, by, ...change } of changes)
    if (change.experiment === experiment && answer.ok && budgets.some((event) => event.by === by))
      return { acked_order, effective_at: answer.value.effective_at };
  return undefined;
}

export const canaryRequests = (
  { made }: Story,
  experiment: number,
  { variants }: Ending["definition"],
): Made[] =>
  made.filter(
    ({ reason, variant, ...decision }) =>
      decision.experiment === experiment &&
      reason === "assigned" &&
      variants[variant]?.is_control === false,
  );

/** When nothing fails any more, the directory, the queue and the feed know all that happened. */
function isDelivered(story: Story, { definition, report, events, owed }: Ending): void {
  expect(owed).toEqual([]);
  const { id } = definition;
  expect(story.standings.get(id)?.status).toBe(report.state.status);
  const sent = new Set(story.sent.get(id));
  const missing = events.find(({ sequence }) => !sent.has(sequence));
  if (missing) throw new Error(`event ${missing.sequence} was never sent`);
  expect(story.published.get(id)).toBe(report.state.epoch);
}

/** What may serve cannot be deleted; what serves no more can. */
function versionsAreClaimed({ definition, report, claims }: Ending): void {
  const { status, winning_variant_id } = report.state;
  const serving = definition.variants.filter(
    ({ is_control, variant_id }) =>
      status === "running" ||
      status === "paused" ||
      (winning_variant_id === null ? is_control : variant_id === winning_variant_id),
  );
  expect(claims).toEqual(serving.map(({ version }) => version));
}

/**
 * Each conclusion moves the alias once and each undoing moves it back once, by turns; whose move
 * was last is concluded with that winner, or is not concluded any more.
 */
function conclusionsAreSingle({ endings }: Story): void {
  const [first] = endings;
  const moves = first?.alias ?? [];
  for (const ending of endings) {
    const { definition, report, events } = ending;
    const { id } = definition;
    const own = moves.filter(({ by }) => by === id || by === `${id}/undo`);
    if (moves.some(({ by }) => by === BY_HAND)) return movesAreTold(ending, moves);
    const told = events.filter(
      ({ type, data }) =>
        (type === "promoted" || type === "demoted") && data["version"] !== data["previous_version"],
    );
    expect(own.map(({ by }) => (by === id ? "promoted" : "demoted"))).toEqual(
      told.map(({ type }) => type),
    );
    for (const [index, { version }] of own.entries())
      expect(version).toBe(
        told[index]?.data[told[index].type === "promoted" ? "version" : "previous_version"] ?? null,
      );
    if (moves.at(-1)?.by !== id) continue;
    const { status, winning_variant_id } = report.state;
    const winner = definition.variants.find(({ variant_id }) => variant_id === winning_variant_id);
    expect([status, winner?.version]).toEqual(["concluded", moves.at(-1)?.version]);
  }
}

/** Where somebody else moves it too, a move may be made already; none is made that is not told. */
function movesAreTold({ definition, events }: Ending, moves: Ending["alias"]): void {
  for (const [by, told] of [
    [definition.id, "promoted"],
    [`${definition.id}/undo`, "demoted"],
  ]) {
    const made = moves.filter((move) => move.by === by).length;
    if (made > events.filter(({ type }) => type === told).length)
      throw new Error(`the alias was moved ${made} times by ${by}`);
  }
}
