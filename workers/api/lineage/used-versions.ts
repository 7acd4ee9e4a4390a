import type { Context } from "hono";
import type { DatasetRefusal, DatasetVersionRecord } from "../../../contract/dataset-record.ts";
import type { LineageNode } from "../../../domain/lineage/lineage-node.ts";
import { versionLineage } from "../../../domain/lineage/version-lineage.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { releaseVersion } from "../../../durable-objects/shared/version-claims.ts";
import { granted } from "../datasets/dataset-problem.ts";
import { readableDataset, readableVersion, selectorOf } from "../datasets/owned-dataset.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { askLineage } from "./owner-lineage.ts";

export type VersionAsked = string | { dataset: string; version: string };
/** A version that the caller may read, as a node of the graph. */
export type UsedVersion = { version_id: string; dataset_id: string; node: LineageNode };

/** Looks versions up that somebody uses, in the order of the list. */
export async function findUsed(
  c: Context<AppEnv>,
  asked: readonly VersionAsked[],
): Promise<UsedVersion[]> {
  const found: UsedVersion[] = [];
  for (const each of asked) found.push(await findOne(c, each));
  return found;
}

async function findOne(c: Context<AppEnv>, asked: VersionAsked): Promise<UsedVersion> {
  const byId = typeof asked === "string";
  const { row, open } = await (byId
    ? readableVersion(c, asked)
    : readableDataset(c, asked.dataset));
  const selector = selectorOf(byId ? asked : asked.version);
  const record = granted(
    (await callActor(open, (dataset) => dataset.find(selector))) as Result<
      DatasetVersionRecord,
      DatasetRefusal
    >,
  );
  const { version_id, dataset_id } = record;
  const [node] = versionLineage(row.name, record, null).nodes;
  if (!node) throw new Error(`version ${version_id} has no node`);
  return { version_id, dataset_id, node };
}

/**
 * Keeps versions from being deleted while `consumer` is there, and then does the work that names
 * them; doing it again finishes what a crash left half done. After a refusal only the claims stay
 * that what the graph says of the consumer needs.
 */
export async function whileClaimed<T>(
  c: Context<AppEnv>,
  versions: readonly UsedVersion[],
  consumer: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    for (const version of versions) await claim(c, version, consumer);
    return await work();
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    const { owner_id } = c.get("admission").principal;
    const needed = new Set(await askLineage(c, (lineage) => lineage.dataOf(consumer)));
    for (const { version_id } of versions)
      if (!needed.has(version_id)) await releaseVersion(c.env, version_id, consumer, { owner_id });
    throw error;
  }
}

async function claim(
  c: Context<AppEnv>,
  { version_id, dataset_id }: UsedVersion,
  consumer: string,
): Promise<void> {
  const { owner_id } = c.get("admission").principal;
  const claimed: Result<null, DatasetRefusal> = await callActor(
    () => c.env.DATASET.getByName(dataset_id),
    (dataset) => dataset.claim(version_id, consumer, { owner_id }),
  );
  granted(claimed);
}
