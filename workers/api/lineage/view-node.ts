import type { LineageNodeSummary } from "../../../contract/lineage.ts";
import type { LineageNode } from "../../../domain/lineage/lineage-node.ts";
import { instant } from "../http/times.ts";

type Seen = Pick<LineageNodeSummary, "created_at">;

/** A node with the members that it has beside, such as a distance. */
export const viewNode = <N extends LineageNode>(node: N): Omit<N, "created_at"> & Seen => ({
  ...node,
  created_at: node.created_at === 0 ? null : instant(node.created_at),
});

export const viewSummary = ({ node_id, node_type, label, created_at, metadata }: LineageNode) =>
  viewNode({ node_id, node_type, label, created_at, metadata });
