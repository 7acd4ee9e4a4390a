import type { Context } from "hono";
import type { OtherUse } from "../../../contract/dataset-record.ts";
import type { ImpactAnswer, Reason } from "../../../contract/lineage-record.ts";
import { ownedAmong } from "../../../database/datasets.ts";
import { openDirectory } from "../../../database/directory.ts";
import { carriesEveryRow } from "../../../domain/lineage/impact.ts";
import type { LineageNode, NodeKind } from "../../../domain/lineage/lineage-node.ts";
import { nodeKind } from "../../../domain/lineage/node-kind.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { askLineage } from "./owner-lineage.ts";

/** What one answer asks and lists. */
const MOST_DATASETS = 50;
const MOST_USES = 1_000;

export type SeenUse = { version_id: string; node_id: string; node_type: NodeKind };

/**
 * What somebody else has that uses these versions, of those that are of the caller's own datasets:
 * ids and kinds, and nothing of whom. The datasets know, as whoever uses a version claims it there.
 */
export async function usesOfOthers(
  c: Context<AppEnv>,
  nodes: readonly LineageNode[],
): Promise<{ uses: SeenUse[]; truncated: boolean }> {
  const { owner_id } = c.get("admission").principal;
  const byDataset = new Map<string, string[]>();
  for (const { node_id, node_type, metadata } of nodes) {
    const { dataset_id } = metadata;
    if (node_type !== "dataset_version" || typeof dataset_id !== "string") continue;
    byDataset.set(dataset_id, [...(byDataset.get(dataset_id) ?? []), node_id]);
  }
  const named = [...byDataset.keys()].slice(0, MOST_DATASETS);
  const owned = await ownedAmong(openDirectory(c.env.DB), owner_id, named);
  const answers = await Promise.all(
    owned.map((dataset_id): Promise<OtherUse[]> =>
      callActor(
        () => c.env.DATASET.getByName(dataset_id),
        (dataset) => dataset.usesByOthers(byDataset.get(dataset_id) ?? [], MOST_USES + 1),
      ),
    ),
  );
  const uses = await withoutOwn(c, answers.flat());
  return {
    uses: uses.slice(0, MOST_USES),
    truncated: uses.length > MOST_USES || byDataset.size > MOST_DATASETS,
  };
}

/** Of what it was not noted whose it is, that which is in the caller's graph is the caller's. */
async function withoutOwn(c: Context<AppEnv>, uses: readonly OtherUse[]): Promise<SeenUse[]> {
  const unsure = uses.filter((use) => use.unsure === 1).map(({ node_id }) => node_id);
  const own = new Set(
    unsure.length === 0 ? [] : await askLineage(c, (lineage) => lineage.existing(unsure)),
  );
  return uses.flatMap(({ version_id, node_id }) => {
    const node_type = own.has(node_id) ? undefined : nodeKind(node_id);
    return node_type ? [{ version_id, node_id, node_type }] : [];
  });
}

export type AffectedOther = Omit<SeenUse, "version_id"> & Reason;

/** What others use of what is withdrawn and of what was made of it, each once, nearest first. */
export async function affectedOthers(
  c: Context<AppEnv>,
  versions: ImpactAnswer["versions"],
  rows: boolean,
): Promise<{ affected: AffectedOther[]; truncated: boolean }> {
  const { uses, truncated } = await usesOfOthers(c, versions);
  const reasons = new Map(versions.map((version) => [version.node_id, version]));
  const found = new Map<string, AffectedOther>();
  const from = { kind: "dataset_version" as const, metadata: {} };
  for (const { version_id, node_id, node_type } of uses) {
    const used = reasons.get(version_id);
    if (!used) continue;
    const carries = !rows || carriesEveryRow(from, { kind: node_type, metadata: {} });
    const path = [...used.path, node_id];
    const known = found.get(node_id);
    const certain = (used.certain && carries) || (known?.certain ?? false);
    const shortest = known && known.path.length <= path.length ? known.path : path;
    found.set(node_id, { node_id, node_type, path: shortest, certain });
  }
  const affected = [...found.values()].sort((a, b) => a.path.length - b.path.length);
  return { affected, truncated };
}
