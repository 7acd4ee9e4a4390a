import {
  putDatasetStanding,
  putDatasetVersion,
  removeDataset,
  removeDatasetVersion,
} from "../../database/datasets.ts";
import { type Directory, openDirectory } from "../../database/directory.ts";
import { datasetPrefix } from "../../contract/dataset-record.ts";
import { versionLineage } from "../../domain/lineage/version-lineage.ts";
import { callActor } from "../shared/call-actor.ts";
import type { DatasetState, DatasetStore } from "./dataset-store.ts";
import type { EventStore } from "./event-store.ts";
import type { PackStore } from "./pack-store.ts";

/** R2 removes so many objects in one call. */
const OBJECTS_AT_ONCE = 1_000;
const EVENTS_AT_ONCE = 100;
const NAMED_AT_ONCE = 1_000;

type Stores = { store: DatasetStore; packs: PackStore };

/** Brings the row of the directory to where the dataset stands, or removes it. */
export async function listDataset(env: Env, { store, packs }: Stores): Promise<void> {
  const state = store.state();
  if (!state) return;
  const directory = openDirectory(env.DB);
  const { dataset_id, compatibility, retention } = state.definition;
  if (state.deleted_at !== null) return removeDataset(directory, dataset_id);
  const head = store.select({});
  await putDatasetStanding(directory, dataset_id, {
    compatibility,
    retention,
    archived_at: state.archived_at,
    head_id: head?.version_id ?? null,
    head_number: head?.version_number ?? null,
    row_count: head?.row_count ?? null,
    size_bytes: head?.size_bytes ?? null,
    versions: store.count(),
    stored_bytes: packs.storedBytes(),
    updated_at: state.updated_at,
  });
}

/** Brings one version's row of the directory and its place in the lineage to where it stands. */
export async function listVersion(env: Env, stores: Stores, number: number): Promise<void> {
  const state = stores.store.state();
  if (!state) return;
  const directory = openDirectory(env.DB);
  const record = stores.store.select({ version_number: number });
  if (record) {
    const { version_id: id, dataset_id } = record;
    await putDatasetVersion(directory, { id, dataset_id, number });
    const { name, owner_id } = state.definition;
    const { schema } = stores.store.inspection(number);
    const { nodes, edges } = versionLineage(name, record, schema);
    await callActor(
      () => env.LINEAGE.getByName(owner_id),
      (lineage) => lineage.put(nodes, edges),
    );
    return;
  }
  const gone = stores.store.removedId(number);
  // The same content that came back has the same id.
  if (gone && !stores.store.select({ version_id: gone }))
    await forgetVersion(env, directory, state, gone);
}

async function forgetVersion(
  env: Env,
  directory: Directory,
  { definition }: DatasetState,
  version_id: string,
): Promise<void> {
  await removeDatasetVersion(directory, version_id);
  await callActor(
    () => env.LINEAGE.getByName(definition.owner_id),
    (lineage) => lineage.remove([version_id]),
  );
}

/** Gives the nodes of all versions the dataset's name, some at once. */
export async function nameInLineage(env: Env, store: DatasetStore): Promise<void> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const state = store.state();
    if (!state || state.deleted_at !== null) return;
    const { owner_id, name } = state.definition;
    const versions = store.idsAfter(after, NAMED_AT_ONCE);
    const ids = versions.map(({ version_id }) => version_id);
    await callActor(
      () => env.LINEAGE.getByName(owner_id),
      (lineage) => lineage.nameVersions(ids, name),
    );
    after = versions.at(-1)?.version_number;
  }
}

/** Sends what happened since the last time to the queue, in order, at least once. */
export async function sendEvents(env: Env, store: EventStore): Promise<void> {
  for (;;) {
    const events = store.first(EVENTS_AT_ONCE);
    const newest = events.at(-1);
    if (!newest) return;
    await env.EVENTS.sendBatch(
      events.map(({ sequence, event: { at, ...event } }) => ({
        body: { kind: "dataset", sequence, at: new Date(at).toISOString(), ...event },
      })),
    );
    store.drop(newest.sequence);
  }
}

/** Removes objects whose time has come; of a dataset that was deleted, all. */
export async function removeDeadObjects(env: Env, { store, packs }: Stores): Promise<void> {
  for (;;) {
    const keys = packs.deadObjects(OBJECTS_AT_ONCE);
    if (keys.length === 0) break;
    await env.DATASETS.delete(keys);
    packs.forgetObjects(keys);
  }
  const state = store.state();
  if (typeof state?.deleted_at === "number")
    await sweep(env, datasetPrefix(state.definition.dataset_id), () => new Set());
}

/** Removes what lies under the prefix but for what is kept once it was listed; null: all of it. */
export async function sweep(
  env: Env,
  prefix: string,
  kept: () => ReadonlySet<string> | null,
): Promise<void> {
  for (let cursor: string | undefined; ;) {
    const listed = await env.DATASETS.list({ prefix, ...(cursor && { cursor }) });
    const names = kept();
    if (!names) return;
    // R2 lists no more at once than it removes.
    const left = listed.objects.map(({ key }) => key).filter((key) => !names.has(key));
    if (left.length > 0) await env.DATASETS.delete(left);
    if (!listed.truncated) return;
    cursor = listed.cursor;
  }
}
