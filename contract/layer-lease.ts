import type { LayerFull, LayerHolder } from "../domain/experiments/layer.ts";

/** Which layer it is; it never changes. `created_at` is in milliseconds since 1970. */
export type LayerIdentity = { layer_id: string; name: string; created_at: number };

/** What is left out stays as it is; a new layer has no description and holds nothing out. */
export type LayerChange = {
  description?: string | undefined;
  /** In units of 10^-12. */
  holdout?: number | undefined;
};

/** A layer as it is now; `holdout`, `free` and the shares of the holders sum to 10^12 units. */
export type LayerRecord = LayerIdentity & {
  description: string;
  holdout: number;
  free: number;
  /** Those that were released are here until their share is free. */
  holders: (Pick<LayerHolder, "experiment_id" | "free_at"> & { share: number })[];
  updated_at: number;
};

export type LayerRefusal =
  { code: "layer_not_found" } | LayerFull | { code: "layer_in_use"; experiments: string[] };
