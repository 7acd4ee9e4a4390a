import type { Context } from "hono";
import type { DatasetView } from "../../../contract/dataset.ts";
import { endAccess, grantAccess, listAccess } from "../../../database/datasets.ts";
import { openDirectory } from "../../../database/directory.ts";
import { findGroup, groupsOf } from "../../../database/groups.ts";
import type { DatasetRole } from "../../../database/schema.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { ownedDataset } from "./owned-dataset.ts";
import { viewDataset } from "./view-dataset.ts";

/** As many as a request that names them all may. */
const MOST_GROUPS = 50;

/** Gives a group that the owner is in a role, and leaves the others as they are. */
export async function shareDataset(
  c: Context<AppEnv>,
  { dataset, group }: { dataset: string; group: string },
  role: DatasetRole,
): Promise<DatasetView> {
  const { row } = await ownedDataset(c, dataset);
  const directory = openDirectory(c.env.DB);
  const found = await findGroup(directory, group);
  if (!found || !(await groupsOf(directory, row.owner_id)).includes(found.id))
    throw new ApiProblem("group_not_found", `the owner of the dataset is in no group '${group}'`);
  const granted = { dataset_id: row.id, group_id: found.id, role };
  if (!(await grantAccess(directory, granted, MOST_GROUPS)))
    throw new ApiProblem(
      "invalid_request",
      `${MOST_GROUPS} groups have access already: end that of one first`,
    );
  return viewDataset(row, await listAccess(directory, [row.id]));
}

/** Ends the access of a group, of which the owner need know no more than its id or name. */
export async function unshareDataset(
  c: Context<AppEnv>,
  { dataset, group }: { dataset: string; group: string },
): Promise<DatasetView> {
  const { row } = await ownedDataset(c, dataset);
  const directory = openDirectory(c.env.DB);
  const found = await findGroup(directory, group);
  if (found) await endAccess(directory, row.id, found.id);
  return viewDataset(row, await listAccess(directory, [row.id]));
}
