import type { Context } from "hono";
import type { ModelRefusal, ModelVersion, VersionSelector } from "../../../contract/model-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { findModel } from "../../../database/models.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { BoundedMap } from "./bounded-map.ts";

/** A model's id never changes while it exists, and its actor says when it no longer does. */
const modelIds = new BoundedMap<string, string>(10_000);
const versions = new BoundedMap<string, { version: ModelVersion; expires_at: number }>(10_000);

/** The version that the selector means now; from the isolate for one lease after it was asked. */
export async function leaseVersion(
  c: Context<AppEnv>,
  name: string,
  selector: VersionSelector,
): Promise<ModelVersion> {
  const { owner_id } = c.get("admission").principal;
  const key = `${owner_id}/${name}/${selector.version ?? ""}/${selector.alias ?? ""}`;
  const held = versions.get(key);
  const now = Date.now();
  if (held && now < held.expires_at) return held.version;

  const known = modelIds.get(`${owner_id}/${name}`);
  let answer = known === undefined ? undefined : await resolve(c.env, known, selector);
  if (!answer?.ok) {
    // The name may have been given to another model since this isolate looked it up.
    const row = await findModel(openDirectory(c.env.DB), owner_id, name);
    if (!row) throw new ApiProblem("model_not_found", `you have no model named '${name}'`);
    modelIds.set(`${owner_id}/${name}`, row.id);
    if (!answer || row.id !== known) answer = await resolve(c.env, row.id, selector);
  }
  if (!answer.ok) throw modelProblem(name, answer.error);
  versions.set(key, { version: answer.value, expires_at: now + Number(c.env.ROUTING_LEASE_MS) });
  return answer.value;
}

const resolve = (
  env: Env,
  modelId: string,
  selector: VersionSelector,
): Promise<Result<ModelVersion, ModelRefusal>> =>
  callActor(
    () => env.MODEL.getByName(modelId),
    (actor) => actor.resolve(selector),
  );

/** What a refusal of a model's actor means to the caller. */
export function modelProblem(name: string, refusal: ModelRefusal): ApiProblem {
  switch (refusal.code) {
    case "model_not_found":
      return new ApiProblem("model_not_found", `you have no model named '${name}'`);
    case "upload_expired":
      return new ApiProblem("unavailable", "the upload took too long and was swept; send it again");
    case "version_not_found": {
      const detail =
        refusal.version === null
          ? `model '${name}' has no version yet; upload one with PUT /v1/models/${name}/versions`
          : `model '${name}' has no version ${refusal.version}`;
      return new ApiProblem("version_not_found", detail);
    }
    case "alias_not_found":
      return new ApiProblem("alias_not_found", `model '${name}' has no alias '${refusal.alias}'`);
    case "alias_moved": {
      const found =
        refusal.found === null ? "does not exist" : `points at version ${refusal.found}`;
      const detail = `alias '${refusal.alias}' of model '${name}' ${found}; read it and decide again`;
      return new ApiProblem("alias_moved", detail, { found_version: refusal.found });
    }
    case "model_in_use":
    case "version_in_use": {
      const { experiments, aliases } = refusal;
      const users = [
        ...aliases.map((alias) => `alias '${alias}'`),
        ...experiments.map((id) => `experiment ${id}`),
      ];
      return new ApiProblem(refusal.code, `still used by ${users.join(", ")}`, {
        experiments,
        aliases,
      });
    }
  }
}
