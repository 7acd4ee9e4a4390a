import type { Context } from "hono";
import type { DatasetVersionSelector, StoredFile } from "../../../contract/dataset-record.ts";
import type { DatasetVersionRecord } from "../../../contract/dataset-record.ts";
import { type DatasetRow, findDataset, findVersion, roleOf } from "../../../database/datasets.ts";
import { openDirectory } from "../../../database/directory.ts";
import { allows } from "../../../domain/keys/scopes.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { granted } from "./dataset-problem.ts";

export type Held = { row: DatasetRow; open: () => ReturnType<Env["DATASET"]["getByName"]> };

/** A dataset that the caller may read: its own, or one that a group of the caller's may see. */
export const readableDataset = (c: Context<AppEnv>, ref: string): Promise<Held> =>
  heldDataset(c, ref, "read");

/** A dataset that the caller may add to. */
export const writableDataset = (c: Context<AppEnv>, ref: string): Promise<Held> =>
  heldDataset(c, ref, "write");

/** A dataset of the caller's own. */
export const ownedDataset = (c: Context<AppEnv>, ref: string): Promise<Held> =>
  heldDataset(c, ref, "own");

async function heldDataset(
  c: Context<AppEnv>,
  ref: string,
  wanted: "read" | "write" | "own",
): Promise<Held> {
  const { owner_id, scopes } = c.get("admission").principal;
  const directory = openDirectory(c.env.DB);
  const row = await findDataset(directory, owner_id, ref);
  if (!row) throw unknown(ref);
  if (row.owner_id !== owner_id && !allows(scopes, "admin")) {
    const role = await roleOf(directory, row.id, owner_id);
    if (role === null) throw unknown(ref);
    if (wanted === "own" || (wanted === "write" && role === "read"))
      throw new ApiProblem(
        "dataset_not_owned",
        wanted === "own"
          ? "only the owner of the dataset may do this"
          : "your groups may read this dataset, and not change it",
      );
  }
  return { row, open: () => c.env.DATASET.getByName(row.id) };
}

/** A version that the caller may read, wherever it is, by its id. */
export async function readableVersion(c: Context<AppEnv>, version_id: string) {
  const found = await findVersion(openDirectory(c.env.DB), version_id);
  const missing = new ApiProblem("dataset_version_not_found", `you have no version ${version_id}`);
  if (!found) throw missing;
  try {
    const held = await readableDataset(c, found.dataset_id);
    return { ...held, number: found.number };
  } catch (error) {
    throw error instanceof ApiProblem && error.code === "dataset_not_found" ? missing : error;
  }
}

/** In whose name the caller gives a dataset away: an administrator who has no part in it, in its owner's. */
export async function granterOf(c: Context<AppEnv>, row: DatasetRow): Promise<string> {
  const caller = c.get("admission").principal.owner_id;
  if (caller === row.owner_id) return caller;
  const role = await roleOf(openDirectory(c.env.DB), row.id, caller);
  return role === null ? row.owner_id : caller;
}

const unknown = (ref: string): ApiProblem =>
  new ApiProblem("dataset_not_found", `you have no dataset '${ref}'`);

/** `3`, `dsv_…`, a tag, or `head`, which may be that of a time. */
export function selectorOf(version: string, as_of?: string): DatasetVersionSelector {
  if (as_of !== undefined && version !== "head")
    throw new ApiProblem(
      "invalid_request",
      `as_of says when something was the head, found it with version '${version}': ask for 'head', or leave it out`,
    );
  if (/^\d+$/.test(version)) return { version_number: Number(version) };
  if (version.startsWith("dsv_")) return { version_id: version };
  if (version !== "head") return { tag: version };
  return as_of === undefined ? {} : { as_of: Date.parse(as_of) };
}

/** A version of a dataset that the caller may read, and where its bytes lie. */
export async function storedVersion(
  c: Context<AppEnv>,
  params: { dataset: string; version: string },
  as_of?: string,
): Promise<Held & { record: DatasetVersionRecord; file: StoredFile }> {
  const held = await readableDataset(c, params.dataset);
  const found = await callActor(held.open, (dataset) =>
    dataset.stored(selectorOf(params.version, as_of)),
  );
  return { ...held, ...granted(found) };
}
