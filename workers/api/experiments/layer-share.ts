import type { Context } from "hono";
import type { LayerRefusal } from "../../../contract/layer-lease.ts";
import type { LayerShare } from "../../../domain/experiments/experiment.ts";
import { parseWeight } from "../../../domain/experiments/weight.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { layerProblem, ownedLayer } from "./owned-layer.ts";
import { unlessHeldByDead } from "./unless-held-by-dead.ts";

/**
 * The experiment's part of the caller's layer, which no other experiment has. It may be repeated,
 * and is given back with `releaseLayer`. Throws `weights_invalid`, `layer_not_found`, `layer_full`.
 */
export async function claimLayer(
  c: Context<AppEnv>,
  { name, share }: { name: string; share: string },
  experimentId: string,
): Promise<LayerShare> {
  const units = parseWeight(share);
  if (!units.ok || units.value === 0) {
    const detail = `expected a decimal string above "0" and up to "1" with at most 12 decimals, found "${share}"`;
    const errors = [{ pointer: "#/layer/share", detail }];
    throw new ApiProblem("weights_invalid", detail, { errors });
  }
  const { open } = await ownedLayer(c, name);
  // The types of RPC widen a tuple to an array.
  const part = await unlessHeldByDead(
    c,
    open,
    (actor) => actor.claim(experimentId, units.value) as Promise<Result<LayerShare, LayerRefusal>>,
  );
  if (!part.ok) throw layerProblem(name, part.error);
  return part.value;
}

/** The units that the caller's layer holds out, as of now. Throws `layer_not_found`. */
export async function heldOutOf(c: Context<AppEnv>, name: string): Promise<LayerShare> {
  const { open } = await ownedLayer(c, name);
  // The types of RPC widen a tuple to an array.
  const part = (await callActor(open, (actor) => actor.heldOut())) as Result<
    LayerShare,
    LayerRefusal
  >;
  if (!part.ok) throw layerProblem(name, part.error);
  return part.value;
}
