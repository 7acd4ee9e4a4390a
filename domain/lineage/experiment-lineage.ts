import { modelNode, type NamedModelVersion } from "./model-node.ts";
import type { Subgraph } from "./version-lineage.ts";

/** What an experiment adds to the graph: itself, behind each version of a model that it tries. */
export function experimentLineage({
  id,
  name,
  created_at,
  variants,
}: {
  id: string;
  name: string;
  created_at: number;
  variants: readonly (Omit<NamedModelVersion, "sha256"> & { ref: { sha256: string } })[];
}): Subgraph {
  const models = new Map(
    variants.map(({ ref, ...named }) => {
      const node = modelNode({ ...named, sha256: ref.sha256 }, created_at);
      return [node.node_id, node];
    }),
  );
  const node = { node_id: id, node_type: "experiment" as const, label: name, created_at };
  return {
    nodes: [...models.values(), { ...node, metadata: {} }],
    edges: [...models.keys()].map((from) => ({ from, to: id })),
  };
}
