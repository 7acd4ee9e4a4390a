import type { Context } from "hono";
import type { LayerSummary, LayerView } from "../../../contract/layer.ts";
import type { LayerRecord, LayerRefusal } from "../../../contract/layer-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { findLayer, type LayerRow } from "../../../database/layers.ts";
import { formatWeight } from "../../../domain/experiments/weight.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { instant, instantOrNull } from "../http/times.ts";

/** The caller's layer of this name and a way to its actor. */
export async function ownedLayer(c: Context<AppEnv>, name: string) {
  const { owner_id } = c.get("admission").principal;
  const row = await findLayer(openDirectory(c.env.DB), owner_id, name);
  if (!row) throw layerProblem(name, { code: "layer_not_found" });
  return { row, open: () => c.env.LAYER.getByName(row.id) };
}

/** What a refusal of a layer's actor means to the caller. */
export function layerProblem(name: string, refusal: LayerRefusal): ApiProblem {
  switch (refusal.code) {
    case "layer_not_found":
      return new ApiProblem(refusal.code, `you have no layer named '${name}'`);
    case "layer_full": {
      const free = formatWeight(refusal.free);
      const quarantined = formatWeight(refusal.quarantined);
      const soon =
        refusal.quarantined === 0
          ? ""
          : `, and ${quarantined} more once the leases of the experiments that ended are over`;
      const detail = `${free} of layer '${name}' is free${soon}`;
      return new ApiProblem(refusal.code, detail, { free, quarantined });
    }
    case "layer_in_use": {
      const { experiments } = refusal;
      const users = experiments.map((id) => `experiment ${id}`).join(", ");
      return new ApiProblem(refusal.code, `still used by ${users}`, { experiments });
    }
  }
}

export const viewLayer = (layer: LayerRecord): LayerView => ({
  id: layer.layer_id,
  name: layer.name,
  description: layer.description,
  holdout: formatWeight(layer.holdout),
  free: formatWeight(layer.free),
  holders: layer.holders.map(({ experiment_id, share, free_at }) => ({
    experiment_id,
    share: formatWeight(share),
    free_at: instantOrNull(free_at),
  })),
  created_at: instant(layer.created_at),
  updated_at: instant(layer.updated_at),
});

export const summariseLayer = (row: LayerRow): LayerSummary => ({
  id: row.id,
  name: row.name,
  description: row.description,
  holdout: row.holdout,
  created_at: instant(row.created_at),
  updated_at: instant(row.updated_at),
});
