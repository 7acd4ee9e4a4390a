import type { Claimant } from "../../contract/dataset-record.ts";
import { findVersion } from "../../database/datasets.ts";
import { openDirectory } from "../../database/directory.ts";
import { callActor } from "./call-actor.ts";

/**
 * Notes at a version's dataset that `consumer` uses it, so that it stays. False when the version is
 * not there any more. Repeating it changes nothing.
 */
export async function claimVersion(
  env: Env,
  version_id: string,
  consumer: string,
  of: Claimant,
): Promise<boolean> {
  const open = await datasetOf(env, version_id);
  const done =
    open && (await callActor(open, (dataset) => dataset.claim(version_id, consumer, of)));
  return done?.ok ?? false;
}

/** What is not there any more needs no release. */
export async function releaseVersion(
  env: Env,
  version_id: string,
  consumer: string,
  of: Claimant,
): Promise<void> {
  const open = await datasetOf(env, version_id);
  if (open) await callActor(open, (dataset) => dataset.release(version_id, consumer, of));
}

async function datasetOf(env: Env, version_id: string) {
  const row = await findVersion(openDirectory(env.DB), version_id);
  return row ? () => env.DATASET.getByName(row.dataset_id) : null;
}
