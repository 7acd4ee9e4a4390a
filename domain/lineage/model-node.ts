import type { LineageNode } from "./lineage-node.ts";
import { modelVersionNode } from "./node-kind.ts";

export type NamedModelVersion = {
  /** The name of the model. */
  model: string;
  model_id: string;
  version: number;
  sha256: string;
};

/** A version of a model; `at` is when the graph is told of it, in milliseconds since 1970. */
export const modelNode = (
  { model, model_id, version, sha256 }: NamedModelVersion,
  at: number,
): LineageNode => ({
  node_id: modelVersionNode(model_id, version),
  node_type: "model_version",
  label: `${model}@${version}`,
  created_at: at,
  metadata: { model, model_id, version, sha256 },
});
