import type { Context } from "hono";
import type {
  Exposure,
  OutcomeReport,
  RecordedOutcomes,
  RoutingLease,
} from "../../../contract/experiment-lease.ts";
import { nameOf, type Unit } from "../../../domain/experiments/decide.ts";
import type { OutcomeSource } from "../../../domain/experiments/record-outcome.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import { recordInShards } from "../../../durable-objects/experiment/record-in-shards.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { accepted } from "../experiments/accepted.ts";
import type { AppEnv } from "../http/app-env.ts";
import { BoundedMap } from "./bounded-map.ts";

const BATCH = 500;
const DELAY_MS = 250;

type Served = OutcomeReport & { epoch: number };
type Batch = { outcomes: Served[]; exposures: Exposure[] };

const waiting = new Map<string, Batch>();
/** Units that this isolate has told of. */
const exposed = new BoundedMap<string, true>(100_000);

/** A decision that counts, as `decideRequest` makes it. */
type Decided = { lease: RoutingLease; index: number; epoch: number; reason: string };

/**
 * Tells the experiment's actor that a request was served: before the answer when the experiment
 * is strict, else in a batch within a quarter of a second. A batch that an isolate loses with
 * its life is latency not seen, never an outcome that a caller has reported.
 */
export async function noteServed(
  c: Context<AppEnv>,
  decided: Decided,
  outcome: Served,
): Promise<void> {
  if (!counts(decided)) return;
  if (decided.lease.consistency === "strict") {
    const batch = { outcomes: [outcome], exposures: [] };
    await sendOutcomes(c.env, decided.lease, { ...batch, source: "served" });
    return;
  }
  batchOf(c, decided.lease).outcomes.push(outcome);
}

/**
 * Tells that a sticky unit has been sent to its variant, once an isolate. The actor counts each
 * unit once; it knows of those that it has decided itself.
 */
export function noteExposed(c: Context<AppEnv>, decided: Decided, unit: Unit): void {
  const { lease, index, epoch, reason } = decided;
  if (reason !== "assigned" || lease.consistency === "strict" || lease.table.enrols) return;
  if (unit.user_id === undefined || unit.sticky === false) return;
  const id = lease.table.experiment_id;
  const position = unitPosition(id, nameOf(unit));
  if (exposed.get(`${id}/${position}`)) return;
  exposed.set(`${id}/${position}`, true);
  batchOf(c, lease).exposures.push([position, index, epoch]);
}

/** Who was previewed or takes no part is served, and not counted. */
const counts = ({ reason }: Decided): boolean =>
  reason === "assigned" ||
  reason === "paused" ||
  reason === "rolled_back" ||
  reason === "concluded";

function batchOf(c: Context<AppEnv>, lease: RoutingLease): Batch {
  const id = lease.table.experiment_id;
  const batch = waiting.get(id);
  if (batch && batch.outcomes.length < BATCH && batch.exposures.length < BATCH) return batch;
  const begun: Batch = { outcomes: [], exposures: [] };
  waiting.set(id, begun);
  c.executionCtx.waitUntil(sendLater(c.env, lease, begun));
  return begun;
}

async function sendLater(env: Env, lease: RoutingLease, batch: Batch): Promise<void> {
  await scheduler.wait(DELAY_MS);
  const id = lease.table.experiment_id;
  if (waiting.get(id) === batch) waiting.delete(id);
  try {
    await sendOutcomes(env, lease, { ...batch, source: "served" });
  } catch (error) {
    const count = batch.outcomes.length;
    console.error(
      JSON.stringify({ event: "served_outcomes_lost", id, count, error: String(error) }),
    );
  }
}

/**
 * Sends outcomes to where they are counted: the experiment's actor, or the shards that they fall
 * to. Sending twice is harmless, as a request is counted once.
 */
export async function sendOutcomes(
  env: Env,
  { table, variants, primary_metric, shards }: RoutingLease,
  batch: { outcomes: OutcomeReport[]; exposures: Exposure[]; source: OutcomeSource },
): Promise<RecordedOutcomes> {
  const { experiment_id: id, epoch, status } = table;
  const { outcomes, source, exposures } = batch;
  // A table from before a decision does not know its epoch, and the actor does.
  const isBehind = outcomes.some(({ epoch: decided = 0 }) => decided > epoch);
  const known = isBehind ? null : shards;
  if (!known || exposures.length > 0) {
    const here = known ? [] : outcomes;
    const answer = await callActor(
      () => env.EXPERIMENT.getByName(id),
      (actor) => actor.record(here, source, exposures),
    );
    const counted = accepted(id, answer);
    if (!known || outcomes.length === 0) return counted;
  }
  const definition = { id, variants, primary_metric };
  const spread = { definition, state: { epoch, status }, shards: known };
  return recordInShards(env, spread, outcomes, source);
}
