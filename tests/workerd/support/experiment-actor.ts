import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ExperimentRecord, OutcomeReport } from "../../../contract/experiment-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { reserveExperiment } from "../../../database/experiments.ts";
import { insertUser } from "../../../database/users.ts";
import type { Transition } from "../../../domain/experiments/lifecycle.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { granted } from "./granted.ts";
import { addVersion, createModel } from "./model-actor.ts";
import { oneByOne } from "./one-by-one.ts";
import { serialId } from "./serial-id.ts";

type Changes = Partial<ExperimentRecord> & { weights?: readonly number[] };

const REF = { sha256: "00".repeat(32), key: "models/none", size_bytes: 1 };
const SIGNATURE = { inputs: [], outputs: [] };

/** A policy that no outcome breaks. */
export const TOLERANT = {
  error_rate_threshold: 1,
  latency_degradation_threshold: 1_000,
  min_requests: 1_000_000,
};

/** Variants `var_0` (the control), `var_1`, ..., bound to the versions 1, 2, ... of one model. */
export function definitionOf({
  weights = [WHOLE / 2, WHOLE / 2],
  ...changes
}: Changes = {}): ExperimentRecord {
  return {
    id: serialId("exp"),
    owner_id: serialId("usr"),
    name: "a test",
    description: "",
    variants: weights.map((weight, index) => ({
      variant_id: `var_${index}`,
      name: `m@${index + 1}`,
      model: "m",
      model_id: "mdl_unused",
      version: index + 1,
      weight,
      is_control: index === 0,
      ref: REF,
      signature: SIGNATURE,
    })),
    allocation_strategy: "percentage",
    minimum_sample_size: 100,
    confidence_level: 0.95,
    primary_metric: "conversion_rate",
    guardrail_metrics: [],
    rollback: TOLERANT,
    consistency: "strict",
    alias: "champion",
    created_at: 1_000,
    ...changes,
  };
}

/** A draft with its directory row, and shorthands for what most tests do with it. */
export async function createExperiment(changes: Changes = {}) {
  const definition = definitionOf(changes);
  const { id, owner_id, name, description, consistency, created_at } = definition;
  const directory = openDirectory(env.DB);
  await insertUser(directory, { id: owner_id, name: "owner", created_at });
  await reserveExperiment(directory, {
    id,
    owner_id,
    name,
    description,
    status: "creating",
    consistency,
    idempotency_key: null,
    request_hash: "",
    created_at,
    updated_at: created_at,
    started_at: null,
    ended_at: null,
  });
  const open = () => env.EXPERIMENT.getByName(id);
  const experiment = open();
  await experiment.create(definition, "key_creator");
  return {
    id,
    definition,
    experiment,
    evict: () => evictDurableObject(open()),
    /** Ends the actor with all its calls under way; stubs of before are broken. */
    crash: () => abortAllDurableObjects(),
    change: (transition: Transition, more: { reason?: string; winner?: string } = {}) =>
      open().change(transition, { by: "key_changer", ...more }),
    state: async () => (await granted(open().describe())).state,
    report: async () => (await granted(open().report())).variants,
    events: async () => (await open().events(0, 1_000)).map(({ type }) => type),
  };
}

/** A running experiment. */
export async function startExperiment(changes: Changes = {}) {
  const created = await createExperiment(changes);
  await granted(created.change("start"));
  return created;
}

/** A running experiment whose variants are claimed versions of a model that exists, and its model. */
export async function startContest(changes: Changes = {}) {
  const { model, model_id } = await createModel();
  const { variants } = definitionOf(changes);
  await oneByOne(variants, ({ name }) => addVersion(model_id, name));
  const id = serialId("exp");
  await oneByOne(variants, ({ version }) => granted(model.claim(id, version)));
  const bound = variants.map((variant) => Object.assign(variant, { model_id }));
  const started = await startExperiment({ ...changes, id, variants: bound });
  const point = (version: number) =>
    granted(model.moveAlias({ alias: "champion", version, expected: null, by: "key_human" }));
  return { ...started, model, model_id, point };
}

export const outcomeOf = (
  request_id: string,
  changes: Partial<OutcomeReport> = {},
): OutcomeReport => ({
  request_id,
  variant_id: "var_1",
  success: true,
  latency_ms: 10,
  metrics: {},
  ...changes,
});

/** `count` outcomes of requests that no other call names. */
let requests = 0;
export const outcomesOf = (count: number, changes: Partial<OutcomeReport> = {}) =>
  Array.from({ length: count }, () => outcomeOf(`fresh-${requests++}`, changes));

/** The status of an experiment in the directory. */
export const statusOf = (id: string): Promise<string | null> =>
  env.DB.prepare("SELECT status FROM experiment WHERE id = ?").bind(id).first<string>("status");
