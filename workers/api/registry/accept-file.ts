import type { Context } from "hono";
import type { InferenceError, Inspected } from "../../../contract/inference.ts";
import {
  type AcceptedVersion,
  objectKey,
  uploadKey,
  type VersionRecord,
} from "../../../contract/model-lease.ts";
import type { Result } from "../../../domain/result.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { modelProblem } from "../leases/model-leases.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { inferenceProblem } from "../prediction/inference-problem.ts";
import { ApiProblem } from "../http/problem.ts";

/** The model that gets a file, and a way to its actor. */
export type Target = {
  name: string;
  id: string;
  open: () => ReturnType<Env["MODEL"]["getByName"]>;
};

/** A file in the upload's temporary object, and what to note of it. */
export type StoredFile = Pick<
  AcceptedVersion,
  "sha256" | "size_bytes" | "description" | "derived_from"
>;

export type NewVersion = { version: VersionRecord; created: boolean };

/**
 * Does `work` with an upload that the model's actor knows of before anything is written. However
 * the upload ends, the actor sweeps what is left of it.
 */
export async function withUpload<T>(
  { name, id, open }: Target,
  work: (uploadId: string) => Promise<T>,
): Promise<T> {
  const uploadId = newId("upl");
  const begun = await callActor(open, (actor) => actor.beginUpload(id, uploadId));
  if (!begun.ok) throw modelProblem(name, begun.error);
  try {
    return await work(uploadId);
  } catch (error) {
    await callActor(open, (actor) => actor.abandonUpload(uploadId));
    throw error;
  }
}

/** Makes the upload's file a version: opened by the inference Worker, then kept under its SHA-256. */
export async function acceptFile(
  c: Context<AppEnv>,
  { name, id, open }: Target,
  uploadId: string,
  file: StoredFile,
): Promise<NewVersion> {
  const { sha256, size_bytes } = file;
  const known = await callActor(open, (actor) => actor.reserveContent(uploadId, sha256));
  if (known) {
    await callActor(open, (actor) => actor.abandonUpload(uploadId));
    return { version: known, created: false };
  }
  const temporary = uploadKey(uploadId);
  const opened: Result<Inspected, InferenceError> = await c.env.INFERENCE.inspect(
    { sha256, key: temporary, size_bytes },
    c.get("trace"),
  );
  if (!opened.ok) throw inferenceProblem(opened.error);
  const { signature, details } = opened.value;
  refuseUnnameable(signature);
  await keep(c.env, temporary, objectKey(id, sha256), sha256);
  const created_by = c.get("admission").principal.key_id;
  const accepted = { ...file, signature, details, created_by };
  const added = await callActor(open, (actor) => actor.acceptVersion(uploadId, accepted));
  if (!added.ok) throw modelProblem(name, added.error);
  return { version: added.value, created: true };
}

/** A tensor of this name would become the prototype of the object that carries it. */
function refuseUnnameable({ inputs, outputs }: Signature): void {
  const name = "__proto__";
  if ([...inputs, ...outputs].some((port) => port.name === name))
    throw new ApiProblem("model_io_unsupported", `no input or output may be named '${name}'`, {
      name,
    });
}

/** R2 has no copy: the bytes pass through once more, and R2 checks them against their hash. */
async function keep(env: Env, from: string, to: string, sha256: string): Promise<void> {
  const object = await env.MODELS.get(from);
  if (!object) throw new ApiProblem("unavailable", "the upload was swept; send it again");
  await env.MODELS.put(to, object.body, { sha256 });
}
