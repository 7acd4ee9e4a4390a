import type { ImpactAnswer, LineageRefusal } from "../../contract/lineage-record.ts";
import { carriesEveryRow, impactOf } from "../../domain/lineage/impact.ts";
import type { LineageNode, NodeKind } from "../../domain/lineage/lineage-node.ts";
import { reach } from "../../domain/lineage/reach.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { lengthOf, MOST_LISTED, WIDE } from "./graph-reader.ts";
import type { GraphStore } from "./graph-store.ts";
import { Room } from "./room.ts";

/** What a withdrawal makes somebody do again, and what they may have used for it. */
const LISTED: ReadonlySet<NodeKind> = new Set([
  "run",
  "model_version",
  "experiment",
  "dataset_version",
]);

/**
 * What had its part of these, within a bounded part of the graph. `rows`: whether single rows are
 * withdrawn, which may not have come through.
 */
export function findImpact(
  store: GraphStore,
  node_ids: readonly string[],
  rows: boolean,
): Result<ImpactAnswer, LineageRefusal> {
  const keys = store.keysOf(node_ids);
  const missing = node_ids.find((id) => !keys.has(id));
  if (missing !== undefined) return fail({ code: "lineage_node_not_found", node_id: missing });
  const withdrawn = [...keys.values()];
  const reached = reach(withdrawn, store.neighbours("downstream"), { ...WIDE, depth: Infinity });
  const nodes = store.nodes([...reached.met.keys()]);
  const carries = (from: number, to: number): boolean => {
    const [one, other] = [nodes.get(from), nodes.get(to)];
    return !rows || (!!one && !!other && carriesEveryRow(carrierOf(one), carrierOf(other)));
  };
  const isListed = (key: number): boolean => {
    const node = nodes.get(key);
    return !!node && LISTED.has(node.node_type) && node.metadata["deleted"] !== true;
  };
  const answer: ImpactAnswer = { affected: [], versions: [], truncated: reached.stopped !== null };
  for (const key of withdrawn) {
    const node = nodes.get(key);
    if (node?.node_type === "dataset_version")
      answer.versions.push({ ...node, path: [node.node_id], certain: true });
  }
  const room = new Room();
  for (const { id, way, certain } of impactOf(withdrawn, reached, carries, isListed)) {
    const node = nodes.get(id);
    if (!node) continue;
    const list = node.node_type === "dataset_version" ? answer.versions : answer.affected;
    const path = way.map((key) => nodes.get(key)?.node_id ?? "");
    if (!room.takes(lengthOf(path))) return ok({ ...answer, truncated: true });
    if (list.length < MOST_LISTED) list.push({ ...node, path, certain });
    else answer.truncated = true;
  }
  return ok(answer);
}

const carrierOf = ({ node_type, metadata }: LineageNode) => ({ kind: node_type, metadata });
