import type { Context } from "hono";
import type * as z from "zod";
import type { ModelDataBody, ModelDataView } from "../../../contract/lineage.ts";
import type { NodeRecord, PutAnswer, RunStanding } from "../../../contract/lineage-record.ts";
import type { LineageNode } from "../../../domain/lineage/lineage-node.ts";
import { modelVersionNode, nodeKind } from "../../../domain/lineage/node-kind.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ownedVersion } from "../registry/owned-model.ts";
import { fromLineage } from "./owner-lineage.ts";
import { findUsed, releaseVersions, whileClaimed } from "./used-versions.ts";

/** A version of the caller's model as a node of the graph. */
export async function modelNode(
  c: Context<AppEnv>,
  name: string,
  version: number,
): Promise<LineageNode> {
  const { target, found } = await ownedVersion(c, name, version);
  return nodeOfModel(name, target.id, version, found.ref.sha256);
}

export const nodeOfModel = (
  model: string,
  model_id: string,
  version: number,
  sha256: string,
): LineageNode => ({
  node_id: modelVersionNode(model_id, version),
  node_type: "model_version",
  label: `${model}@${version}`,
  created_at: Date.now(),
  metadata: { model, model_id, version, sha256 },
});

/** Data that is named from now on cannot be deleted; then what was named before is let go. */
export async function nameData(
  c: Context<AppEnv>,
  name: string,
  version: number,
  { dataset_versions, run_id }: z.output<typeof ModelDataBody>,
): Promise<ModelDataView> {
  const node = await modelNode(c, name, version);
  const { node_id } = node;
  if (run_id !== undefined) await fromLineage<RunStanding>(c, (lineage) => lineage.findRun(run_id));
  const used = await findUsed(c, dataset_versions);
  const sources = used.map((each) => each.node);
  const { removed } = await whileClaimed(c, used, node_id, () =>
    fromLineage<{ removed: string[] }>(c, (lineage) => lineage.replaceSources(node, sources)),
  );
  await releaseVersions(c, removed, node_id);
  if (run_id !== undefined)
    await fromLineage<PutAnswer>(c, (lineage) => lineage.put([], [{ from: run_id, to: node_id }]));
  const { incoming_edges } = await fromLineage<NodeRecord>(c, (lineage) => lineage.node(node_id));
  return {
    node_id,
    dataset_versions: incoming_edges.filter((id) => nodeKind(id) === "dataset_version"),
    runs: incoming_edges.filter((id) => nodeKind(id) === "run"),
  };
}
