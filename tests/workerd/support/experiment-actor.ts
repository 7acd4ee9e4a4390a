import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type {
  ExperimentEvent,
  ExperimentRecord,
  OutcomeReport,
  RoutingLease,
} from "../../../contract/experiment-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { reserveExperiment } from "../../../database/experiments.ts";
import { insertUser } from "../../../database/users.ts";
import type { RollbackPolicy } from "../../../domain/experiments/experiment.ts";
import type { Transition } from "../../../domain/experiments/lifecycle.ts";
import { doCallersReport } from "../../../domain/experiments/metric.ts";
import { comparedCounts } from "../../../domain/experiments/request-counts.ts";
import type { OutcomeSource } from "../../../domain/experiments/record-outcome.ts";
import { armTotals, type Cell } from "../../../domain/experiments/totals.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { granted } from "./granted.ts";
import { addVersion, createModel } from "./model-actor.ts";
import { oneByOne } from "./one-by-one.ts";
import { serialId } from "./serial-id.ts";

type Changes = Partial<ExperimentRecord> & { weights?: readonly number[] };

const REF = { sha256: "00".repeat(32), key: "models/none", size_bytes: 1 };
const SIGNATURE = { inputs: [], outputs: [] };

/** A policy that no outcome breaks. */
export const TOLERANT: RollbackPolicy = {
  rule: "threshold",
  false_rollback_rate: 0.05,
  error_rate_threshold: 1,
  error_degradation_threshold: 1_000,
  latency_degradation_threshold: 1_000,
  min_requests: 1_000_000,
  guardrail_margins: {},
  compare_with: "control",
  mode: "automatic",
  cool_down_seconds: 300,
  no_data: { after_seconds: 3_600, action: "hold" },
};
export const NO_BUDGET = { max_requests: null, max_errors: null };
/** 2031-01-01: so far ahead that no alarm comes by itself while a test runs. */
export const NOW = Date.UTC(2031, 0, 1, 12);

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
    flag_key: null,
    variants: weights.map((weight, index) => ({
      variant_id: `var_${index}`,
      name: `m@${index + 1}`,
      model: "m",
      model_id: "mdl_unused",
      version: index + 1,
      weight,
      is_control: index === 0,
      is_baseline: false,
      prepares: false,
      ref: REF,
      signature: SIGNATURE,
    })),
    allocation_strategy: "percentage",
    ramp: null,
    bandit: null,
    hash: { algorithm: "linnet" },
    imported: null,
    targeting: null,
    layer: null,
    holdout: null,
    minimum_sample_size: 100,
    confidence_level: 0.95,
    primary_metric: "conversion_rate",
    guardrail_metrics: [],
    rollback: TOLERANT,
    budget: NO_BUDGET,
    consistency: "strict",
    lease_ms: 1_000,
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
    flag_key: definition.flag_key,
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
    change: (
      transition: Transition,
      more: { reason?: string; winner?: string; expected_epoch?: number } = {},
    ) => open().change(transition, { by: "key_changer", ...more }),
    record: (outcomes: OutcomeReport[], source: OutcomeSource = "reported") =>
      granted(open().record(outcomes, source)),
    lease: async (unused: { lease_id: string; unused: number }[] = []): Promise<RoutingLease> =>
      (await granted(open().lease(unused))) as RoutingLease,
    state: async () => (await granted(open().describe())).state,
    /** What has been counted of each variant, over all epochs. */
    report: async () => {
      const cells = (await granted(open().report())).cells as Cell[];
      const arms = armTotals(cells, definition.variants.length);
      const callersReport = doCallersReport(arms);
      return arms.map((arm) => ({ ...arm, ...comparedCounts(arm.counts, callersReport) }));
    },
    cells: async () => (await granted(open().report())).cells as Cell[],
    events: async () => (await eventsOf(id)).map(({ type }) => type),
    history: (after = 0) => eventsOf(id, after),
  };
}

/** The events after the one of this number. The types of RPC do not know data of any shape. */
export const eventsOf = (id: string, after = 0, limit = 1_000): Promise<ExperimentEvent[]> =>
  callActor(
    () => env.EXPERIMENT.getByName(id),
    (actor) => actor.events(after, limit),
  );

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
  const { id = serialId("exp") } = changes;
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
