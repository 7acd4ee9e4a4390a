import type { Context } from "hono";
import type { InferenceError } from "../../../contract/inference.ts";
import { objectKey, uploadKey, type VersionRecord } from "../../../contract/model-lease.ts";
import type { Result } from "../../../domain/result.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { modelProblem } from "../leases/model-leases.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { inferenceProblem } from "../prediction/inference-problem.ts";
import { hex } from "../keys/key-checksum.ts";
import { ApiProblem } from "../http/problem.ts";

type ModelStub = ReturnType<Env["MODEL"]["getByName"]>;

/**
 * Stores the body as a version: streamed to a temporary object while it is hashed, opened by the
 * inference Worker, then kept under its SHA-256. The model's actor knows of the upload before
 * anything is written and sweeps what is left of it, however it ends.
 */
export async function uploadVersion(
  c: Context<AppEnv>,
  modelId: string,
  open: () => ModelStub,
  description: string,
): Promise<{ version: VersionRecord; created: boolean }> {
  const length = acceptableLength(c);
  const uploadId = newId("upl");
  const begun = await callActor(open, (actor) => actor.beginUpload(modelId, uploadId));
  if (!begun.ok) throw modelProblem(c.req.param("name") ?? "", begun.error);
  try {
    const temporary = uploadKey(uploadId);
    const sha256 = await storeHashed(c, temporary, length);
    const known = await callActor(open, (actor) => actor.reserveContent(uploadId, sha256));
    if (known) {
      await callActor(open, (actor) => actor.abandonUpload(uploadId));
      return { version: known, created: false };
    }
    const opened: Result<Signature, InferenceError> = await c.env.INFERENCE.inspect(
      { sha256, key: temporary, size_bytes: length },
      c.get("trace"),
    );
    if (!opened.ok) throw inferenceProblem(opened.error);
    const signature = opened.value;
    refuseUnnameable(signature);
    await keep(c.env, temporary, objectKey(modelId, sha256), sha256);
    const created_by = c.get("admission").principal.key_id;
    const accepted = { sha256, size_bytes: length, signature, description, created_by };
    const added = await callActor(open, (actor) => actor.acceptVersion(uploadId, accepted));
    if (!added.ok) throw modelProblem(c.req.param("name") ?? "", added.error);
    return { version: added.value, created: true };
  } catch (error) {
    await callActor(open, (actor) => actor.abandonUpload(uploadId));
    throw error;
  }
}

function acceptableLength(c: Context<AppEnv>): number {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/octet-stream") {
    const detail = `expected content-type application/octet-stream, found ${type ?? "none"}`;
    throw new ApiProblem("content_type_unsupported", detail);
  }
  const length = Number(c.req.header("content-length") ?? Number.NaN);
  if (Number.isNaN(length))
    throw new ApiProblem("length_required", "send the file with a content-length, not in chunks");
  const limit = Number(c.env.MAX_MODEL_BYTES);
  if (length > limit)
    throw inferenceProblem({ code: "model_too_large", size_bytes: length, limit_bytes: limit });
  if (length === 0) throw new ApiProblem("model_invalid", "the body is empty");
  return length;
}

/** A tensor of this name would become the prototype of the object that carries it. */
function refuseUnnameable({ inputs, outputs }: Signature): void {
  const name = "__proto__";
  if ([...inputs, ...outputs].some((port) => port.name === name))
    throw new ApiProblem("model_io_unsupported", `no input or output may be named '${name}'`, {
      name,
    });
}

/** Streams the body into R2 and answers with its SHA-256; at no time is it all in memory. */
async function storeHashed(c: Context<AppEnv>, key: string, length: number): Promise<string> {
  const { body } = c.req.raw;
  if (!body) throw new ApiProblem("model_invalid", "the body is empty");
  const digest = new crypto.DigestStream("SHA-256");
  const [toStore, toHash] = body.pipeThrough(new FixedLengthStream(length)).tee();
  const [sha256] = await Promise.all([
    digest.digest,
    c.env.MODELS.put(key, toStore),
    toHash.pipeTo(digest),
  ]);
  return hex(sha256);
}

/** R2 has no copy: the bytes pass through once more, and R2 checks them against their hash. */
async function keep(env: Env, from: string, to: string, sha256: string): Promise<void> {
  const object = await env.MODELS.get(from);
  if (!object) throw new ApiProblem("unavailable", "the upload was swept; send it again");
  await env.MODELS.put(to, object.body, { sha256 });
}
