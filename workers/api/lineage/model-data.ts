import type { Context } from "hono";
import type * as z from "zod";
import type { ModelDataBody, ModelDataView } from "../../../contract/lineage.ts";
import type { NodeRecord, PutAnswer, RunStanding } from "../../../contract/lineage-record.ts";
import type { LineageNode } from "../../../domain/lineage/lineage-node.ts";
import { modelNode } from "../../../domain/lineage/model-node.ts";
import { nodeKind } from "../../../domain/lineage/node-kind.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ownedVersion } from "../registry/owned-model.ts";
import { fromLineage } from "./owner-lineage.ts";
import { findUsed, whileClaimed } from "./used-versions.ts";

/** A version of the caller's model as a node of the graph. */
export async function ownedModelNode(
  c: Context<AppEnv>,
  name: string,
  version: number,
): Promise<LineageNode> {
  const { target, found } = await ownedVersion(c, name, version);
  const named = { model: name, model_id: target.id, version, sha256: found.ref.sha256 };
  return modelNode(named, Date.now());
}

/** Data that is named from now on cannot be deleted; then what was named before is let go. */
export async function nameData(
  c: Context<AppEnv>,
  name: string,
  version: number,
  { dataset_versions, run_id }: z.output<typeof ModelDataBody>,
): Promise<ModelDataView> {
  const node = await ownedModelNode(c, name, version);
  const { node_id } = node;
  if (run_id !== undefined) await fromLineage<RunStanding>(c, (lineage) => lineage.findRun(run_id));
  const used = await findUsed(c, dataset_versions);
  const sources = used.map((each) => each.node);
  await whileClaimed(c, used, node_id, () =>
    fromLineage<null>(c, (lineage) => lineage.replaceSources(node, sources)),
  );
  if (run_id !== undefined)
    await fromLineage<PutAnswer>(c, (lineage) => lineage.put([], [{ from: run_id, to: node_id }]));
  const { incoming_edges } = await fromLineage<NodeRecord>(c, (lineage) => lineage.node(node_id));
  return {
    node_id,
    dataset_versions: incoming_edges.filter((id) => nodeKind(id) === "dataset_version"),
    runs: incoming_edges.filter((id) => nodeKind(id) === "run"),
  };
}
