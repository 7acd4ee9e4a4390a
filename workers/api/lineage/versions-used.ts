import type { Context } from "hono";
import type { DatasetRefusal, DatasetVersionRecord } from "../../../contract/dataset-record.ts";
import type { UsedVersionsView } from "../../../contract/lineage.ts";
import {
  MOST_DEPTH,
  MOST_TRACED,
  type TraceAnswer,
  type TracedNode,
} from "../../../contract/lineage-record.ts";
import type { Result } from "../../../domain/result.ts";
import { nodeKind } from "../../../domain/lineage/node-kind.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { readableDataset } from "../datasets/owned-dataset.ts";
import { viewVersion } from "../datasets/view-dataset.ts";
import type { AppEnv } from "../http/app-env.ts";
import { fromLineage } from "./owner-lineage.ts";

/** Versions of a dataset upstream of a node of the caller's graph, nearest first. */
export async function versionsUsed(
  c: Context<AppEnv>,
  { row, open }: Awaited<ReturnType<typeof readableDataset>>,
  by: string,
): Promise<UsedVersionsView> {
  const { nodes, truncated } = await fromLineage<TraceAnswer>(c, (lineage) =>
    lineage.upstream(by, { depth: MOST_DEPTH, limit: MOST_TRACED }),
  );
  const own = nodes.filter(
    ({ node_type, metadata }) =>
      node_type === "dataset_version" && metadata["dataset_id"] === row.id,
  );
  const items: UsedVersionsView["items"] = [];
  for (const node of own) {
    const version_id = node.node_id;
    const found = (await callActor(open, (dataset) => dataset.find({ version_id }))) as Result<
      DatasetVersionRecord,
      DatasetRefusal
    >;
    if (found.ok)
      items.push({ ...viewVersion(row, found.value), depth: node.depth, direct: wasRead(node) });
  }
  return { items, truncated };
}

const wasRead = ({ outgoing_edges }: TracedNode): boolean =>
  outgoing_edges.some((id) => !["dataset_version", "transformation"].includes(nodeKind(id) ?? ""));
