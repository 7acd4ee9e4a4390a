import type { Context } from "hono";
import type { PutLayer } from "../../../contract/layer.ts";
import type { LayerRecord } from "../../../contract/layer-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { removeLayer, reserveLayer } from "../../../database/layers.ts";
import { formatWeight, parseWeight } from "../../../domain/experiments/weight.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { layerProblem } from "./owned-layer.ts";
import { unlessHeldByDead } from "./unless-held-by-dead.ts";

/**
 * Reserves the layer's row in the directory, by which one of two who create it at once is first,
 * then creates or changes it through its actor. A repetition finishes what a crash left half done.
 */
export async function changeLayer(
  c: Context<AppEnv>,
  name: string,
  { description, holdout }: PutLayer,
): Promise<{ created: boolean; layer: LayerRecord }> {
  const { owner_id } = c.get("admission").principal;
  const units = holdout === undefined ? undefined : parseWeight(holdout);
  const change = { description, holdout: units?.ok ? units.value : undefined };
  const directory = openDirectory(c.env.DB);
  const attempt = async () => {
    const now = Date.now();
    const row = await reserveLayer(directory, {
      id: newId("lyr"),
      owner_id,
      name,
      description: "",
      holdout: formatWeight(0),
      created_at: now,
      updated_at: now,
    });
    const identity = { layer_id: row.id, name, created_at: row.created_at };
    const open = () => c.env.LAYER.getByName(row.id);
    return { row, answer: await unlessHeldByDead(c, open, (actor) => actor.put(identity, change)) };
  };
  let { row, answer } = await attempt();
  if (!answer.ok && answer.error.code === "layer_not_found") {
    // It was removed, and the directory has not followed yet: the name is free.
    await removeLayer(directory, row.id);
    ({ row, answer } = await attempt());
  }
  if (!answer.ok) throw layerProblem(name, answer.error);
  return answer.value;
}
