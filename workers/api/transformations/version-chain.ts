import type { Context } from "hono";
import type { DatasetRefusal, DatasetVersionRecord } from "../../../contract/dataset-record.ts";
import { type Chain, chainOf } from "../../../domain/datasets/transformations/chain.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { readableVersion } from "../datasets/owned-dataset.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { ruled } from "./transformation-problem.ts";

export type VersionChain = {
  chain: Chain;
  /** Every version of it that is there and that the caller may read. */
  records: ReadonlyMap<string, DatasetVersionRecord>;
};

/** How a version that the caller may read came to be. */
export async function versionChain(c: Context<AppEnv>, version_id: string): Promise<VersionChain> {
  const records = new Map<string, DatasetVersionRecord>();
  const chain = await ruled(() =>
    chainOf(version_id, async (id) => {
      const record = await recordOf(c, id);
      if (record) records.set(id, record);
      return record;
    }),
  );
  return { chain, records };
}

/** Null for one that the caller may not read: who may not see a version may not do again what it was for. */
async function recordOf(
  c: Context<AppEnv>,
  version_id: string,
): Promise<DatasetVersionRecord | null> {
  const open = await readable(c, version_id);
  if (!open) return null;
  const found = (await callActor(open, (dataset) => dataset.find({ version_id }))) as Result<
    DatasetVersionRecord,
    DatasetRefusal
  >;
  return found.ok ? found.value : null;
}

async function readable(c: Context<AppEnv>, version_id: string) {
  try {
    return (await readableVersion(c, version_id)).open;
  } catch (error) {
    if (error instanceof ApiProblem && error.code === "dataset_version_not_found") return null;
    throw error;
  }
}
