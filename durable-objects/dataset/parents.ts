import type { DatasetRefusal } from "../../contract/dataset-record.ts";
import { findVersion } from "../../database/datasets.ts";
import { openDirectory } from "../../database/directory.ts";
import { callActor } from "../shared/call-actor.ts";
import type { UploadStore } from "./upload-store.ts";

/** Notes at each parent of what the upload is to become that it uses it, so that the parent stays. */
export async function claimParents(
  env: Env,
  uploads: UploadStore,
  id: string,
  consumer: string,
): Promise<DatasetRefusal | null> {
  const upload = uploads.get(id);
  const parents = upload?.terms.parent_version_ids ?? [];
  if (!upload || upload.result || parents.length === 0) return null;
  uploads.put({ ...upload, claimed: parents.map((version_id) => ({ version_id, consumer })) });
  for (const version_id of parents) {
    if (!(await claimParent(env, version_id, consumer)))
      return { code: "parent_not_found", version_id };
  }
  return null;
}

/** False when the parent is not there any more. */
export async function claimParent(
  env: Env,
  version_id: string,
  consumer: string,
): Promise<boolean> {
  const open = await datasetOf(env, version_id);
  const done = open && (await callActor(open, (dataset) => dataset.claim(version_id, consumer)));
  return done?.ok ?? false;
}

export async function releaseParent(env: Env, version_id: string, consumer: string): Promise<void> {
  const open = await datasetOf(env, version_id);
  if (open) await callActor(open, (dataset) => dataset.release(version_id, consumer));
}

async function datasetOf(env: Env, version_id: string) {
  const row = await findVersion(openDirectory(env.DB), version_id);
  return row ? () => env.DATASET.getByName(row.dataset_id) : null;
}
