import type { Context } from "hono";
import type { CreateExperimentBody } from "../../../contract/experiment.ts";
import type {
  ExperimentRefusal,
  ExperimentSnapshot,
  ServedVariant,
} from "../../../contract/experiment-lease.ts";
import type { ModelRefusal, ModelVersion } from "../../../contract/model-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { forgetExperiment, reserveExperiment } from "../../../database/experiments.ts";
import { checkCondition } from "../../../domain/experiments/check-condition.ts";
import type { Condition } from "../../../domain/experiments/condition.ts";
import { type Allocation, planAllocation } from "../../../domain/experiments/define.ts";
import { takesRaw } from "../../../domain/models/details.ts";
import { takenFromCallers } from "../../../domain/models/taken-from-callers.ts";
import type { Result } from "../../../domain/result.ts";
import { inputsDiffer } from "../../../domain/tensors/inputs-differ.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";
import type { LayerShare } from "../../../domain/experiments/experiment.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { ForeignSplit } from "../../../domain/experiments/foreign/imported-ledger.ts";
import { releaseLayer } from "../../../durable-objects/experiment/release-layer.ts";
import { modelProblem } from "../leases/model-leases.ts";
import type { AppEnv } from "../http/app-env.ts";
import { accepted } from "./accepted.ts";
import { claimLayer, heldOutOf } from "./layer-share.ts";
import { newId } from "../http/ids.ts";
import { hashKey } from "../keys/key-checksum.ts";
import { ownedModel } from "../registry/owned-model.ts";
import { ApiProblem } from "../http/problem.ts";

/**
 * Reserves the directory row and its flag key, claims its part of a layer, claims every variant's version from its model's actor, then
 * creates the experiment's actor. Each step may be repeated, so a retry with the same
 * idempotency key finishes what a crash left half done; a refusal takes the steps back.
 */
export async function defineExperiment(
  c: Context<AppEnv>,
  body: CreateExperimentBody,
  idempotency_key: string | null,
): Promise<ExperimentSnapshot> {
  const { owner_id, key_id } = c.get("admission").principal;
  const allocation = allocationOf(body);
  const targeting = targetingOf(body);
  const request_hash = await hashKey(JSON.stringify(body));
  const now = Date.now();
  const directory = openDirectory(c.env.DB);
  const id = newId("exp");
  const row = await reserveExperiment(directory, {
    id,
    owner_id,
    name: body.name,
    description: body.description,
    status: "creating",
    consistency: body.consistency,
    flag_key: body.flag_key ?? null,
    idempotency_key,
    request_hash,
    created_at: now,
    updated_at: now,
    started_at: null,
    ended_at: null,
  });
  if (!row)
    throw new ApiProblem("flag_key_taken", `end the experiment of flag '${body.flag_key}' first`);
  if (row.request_hash !== request_hash)
    throw new ApiProblem("idempotency_key_reused", `it belongs to experiment ${row.id}`);

  const open = () => c.env.EXPERIMENT.getByName(row.id);
  if (row.id !== id) {
    // Claiming anew for an experiment that has ended since would never be released.
    // The types of RPC widen a tuple to an array, here and below.
    const made = (await callActor(open, (actor) => actor.describe())) as Result<
      ExperimentSnapshot,
      ExperimentRefusal
    >;
    if (made.ok) return made.value;
  }

  const claimed = new Map<string, () => ReturnType<Env["MODEL"]["getByName"]>>();
  let layer: LayerShare | null = null;
  try {
    if (body.layer) layer = await claimLayer(c, body.layer, row.id);
    const holdout = body.holdout === undefined ? null : await heldOutOf(c, body.holdout);
    const variants: ServedVariant[] = [];
    const taken = new Map<string, Signature>();
    for (const [index, { model, version, name, ...role }] of body.variants.entries()) {
      const owned = await ownedModel(c, model);
      claimed.set(owned.row.id, owned.open);
      const answer: Result<ModelVersion, ModelRefusal> = await callActor(owned.open, (actor) =>
        actor.claim(row.id, version),
      );
      if (!answer.ok) throw modelProblem(model, answer.error);
      const variant_id = newId("var");
      const weight = allocation.weights[index] ?? 0;
      const { is_control, is_baseline } = role;
      const named = { variant_id, name: name ?? nameOf(body.variants, index), model, weight };
      const { details, capture_rate: _, ...version_of } = answer.value;
      const prepares = takesRaw(details);
      variants.push({ ...version_of, ...named, is_control, is_baseline, prepares });
      taken.set(variant_id, takenFromCallers(version_of.signature, details));
    }
    refuseDifferentInputs(variants, taken);
    const { import: _, ...described } = body;
    const { ramp, bandit, hash, imported } = allocation;
    const definition = {
      ...described,
      id: row.id,
      owner_id,
      flag_key: body.flag_key ?? null,
      variants,
      ramp,
      bandit,
      hash,
      imported,
      targeting,
      layer,
      holdout,
      created_at: row.created_at,
    };
    const created = await callActor(open, (actor) => actor.create(definition, key_id));
    return accepted(row.id, created as Result<ExperimentSnapshot, ExperimentRefusal>);
  } catch (error) {
    if (error instanceof ApiProblem) {
      // Only with a key can another attempt be at work on the same experiment.
      const made =
        idempotency_key === null ? null : await callActor(open, (actor) => actor.abandon());
      if (made) return made as ExperimentSnapshot;
      if (layer) await releaseLayer(c.env, layer.layer_id, row.id, Date.now());
      for (const model of claimed.values())
        await callActor(model, (actor) => actor.release(row.id));
      await forgetExperiment(directory, row.id);
    }
    throw error;
  }
}

function allocationOf(body: CreateExperimentBody): Allocation {
  // Zod types what was left out as undefined, although its key is not there.
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- it is, with exactOptionalPropertyTypes
  const split = body.import as ForeignSplit | undefined;
  const planned = planAllocation({ ...body, split });
  if (planned.ok) return planned.value;
  const { code, pointer, detail } = planned.error;
  throw new ApiProblem(code, detail, { errors: [{ pointer, detail }] });
}

function targetingOf({ targeting }: CreateExperimentBody): Condition | null {
  if (targeting === undefined || targeting === null) return null;
  const checked = checkCondition(targeting);
  if (checked.ok) return checked.value;
  const { detail } = checked.error;
  const pointer = `#/targeting${checked.error.pointer.slice(1)}`;
  throw new ApiProblem("targeting_invalid", detail, { errors: [{ pointer, detail }] });
}

/** `model@version`, and for a baseline what it is, since two variants have that version. */
const nameOf = (variants: CreateExperimentBody["variants"], index: number): string => {
  const variant = variants[index];
  if (!variant) throw new RangeError(`no variant ${index}`);
  return `${variant.model}@${variant.version}${variant.is_baseline ? " (baseline)" : ""}`;
};

/** A caller sends the same inputs whichever variant it gets, so all variants must take them. */
function refuseDifferentInputs(
  variants: readonly ServedVariant[],
  taken: ReadonlyMap<string, Signature>,
): void {
  const control = variants.find(({ is_control }) => is_control);
  const ofControl = taken.get(control?.variant_id ?? "");
  for (const [index, variant] of variants.entries()) {
    const inputs = taken.get(variant.variant_id);
    const difference = ofControl && inputs && inputsDiffer(ofControl, inputs);
    if (!control || !difference) continue;
    const detail = `${variant.name}: ${difference} as the control ${control.name}`;
    throw new ApiProblem("variants_incompatible", detail, {
      errors: [{ pointer: `#/variants/${index}`, detail }],
    });
  }
}
