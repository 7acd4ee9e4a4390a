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
import { checkVariants } from "../../../domain/experiments/define.ts";
import type { Result } from "../../../domain/result.ts";
import { inputsDiffer } from "../../../domain/tensors/inputs-differ.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { modelProblem } from "../leases/model-leases.ts";
import type { AppEnv } from "../http/app-env.ts";
import { experimentProblem } from "./experiment-problem.ts";
import { newId } from "../http/ids.ts";
import { hashKey } from "../keys/key-checksum.ts";
import { ownedModel } from "../registry/owned-model.ts";
import { ApiProblem } from "../http/problem.ts";

/**
 * Reserves the directory row, claims every variant's version from its model's actor, then
 * creates the experiment's actor. Each step may be repeated, so a retry with the same
 * idempotency key finishes what a crash left half done; a refusal takes the steps back.
 */
export async function defineExperiment(
  c: Context<AppEnv>,
  body: CreateExperimentBody,
  idempotency_key: string | null,
): Promise<ExperimentSnapshot> {
  const { owner_id, key_id } = c.get("admission").principal;
  const weights = checkVariants(body.variants);
  if (!weights.ok) {
    const { code, pointer, detail } = weights.error;
    throw new ApiProblem(code, detail, { errors: [{ pointer, detail }] });
  }

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
    idempotency_key,
    request_hash,
    created_at: now,
    updated_at: now,
    started_at: null,
    ended_at: null,
  });
  if (row.request_hash !== request_hash)
    throw new ApiProblem("idempotency_key_reused", `it belongs to experiment ${row.id}`);

  const open = () => c.env.EXPERIMENT.getByName(row.id);
  if (row.id !== id) {
    // Claiming anew for an experiment that has ended since would never be released.
    const made: Result<ExperimentSnapshot, ExperimentRefusal> = await callActor(open, (actor) =>
      actor.describe(),
    );
    if (made.ok) return made.value;
  }

  const claimed = new Map<string, () => ReturnType<Env["MODEL"]["getByName"]>>();
  try {
    const variants: ServedVariant[] = [];
    for (const [index, { model, version, name, is_control }] of body.variants.entries()) {
      const owned = await ownedModel(c, model);
      claimed.set(owned.row.id, owned.open);
      const answer: Result<ModelVersion, ModelRefusal> = await callActor(owned.open, (actor) =>
        actor.claim(row.id, version),
      );
      if (!answer.ok) throw modelProblem(model, answer.error);
      const variant_id = newId("var");
      const weight = weights.value[index] ?? 0;
      const named = { variant_id, name: name ?? `${model}@${version}`, model, weight, is_control };
      variants.push({ ...answer.value, ...named });
    }
    refuseDifferentInputs(variants);
    const definition = { ...body, id: row.id, owner_id, variants, created_at: row.created_at };
    // The types of RPC widen a tuple to an array.
    const created = (await callActor(open, (actor) => actor.create(definition, key_id))) as Result<
      ExperimentSnapshot,
      ExperimentRefusal
    >;
    if (!created.ok) throw experimentProblem(row.id, created.error);
    return created.value;
  } catch (error) {
    if (error instanceof ApiProblem) {
      // Only with a key can another attempt be at work on the same experiment.
      const made =
        idempotency_key === null ? null : await callActor(open, (actor) => actor.abandon());
      if (made) return made;
      for (const model of claimed.values())
        await callActor(model, (actor) => actor.release(row.id));
      await forgetExperiment(directory, row.id);
    }
    throw error;
  }
}

/** A caller sends the same inputs whichever variant it gets, so all variants must take them. */
function refuseDifferentInputs(variants: readonly ServedVariant[]): void {
  const control = variants.find(({ is_control }) => is_control);
  for (const [index, variant] of variants.entries()) {
    const difference = control && inputsDiffer(control.signature, variant.signature);
    if (!difference) continue;
    const detail = `${variant.name}: ${difference} as the control ${control.name}`;
    throw new ApiProblem("variants_incompatible", detail, {
      errors: [{ pointer: `#/variants/${index}`, detail }],
    });
  }
}
