import type { Context } from "hono";
import { findDataset, roleOf } from "../../../database/datasets.ts";
import { openDirectory } from "../../../database/directory.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { type Download, readDownload } from "./download-token.ts";

/** What the link was made for, unless it is forged or no longer good. */
export async function openLink(c: Context<AppEnv>, token: string): Promise<Download> {
  const found = await readDownload(token, Date.now(), c.env.KEY_CHECKSUM_SECRET);
  if (found.ok) return found.value;
  throw new ApiProblem(
    "link_rejected",
    found.error === "expired" ? "the link has expired" : "the link is not one of this platform",
  );
}

/** Its dataset, as long as whoever gave the link may read it. */
export async function datasetOfLink(
  c: Context<AppEnv>,
  { dataset_id, granted_by }: Pick<Download, "dataset_id" | "granted_by">,
) {
  const directory = openDirectory(c.env.DB);
  const row = await findDataset(directory, granted_by, dataset_id);
  if (!row) throw new ApiProblem("dataset_not_found", "the dataset was deleted");
  const mayRead =
    row.owner_id === granted_by || (await roleOf(directory, dataset_id, granted_by)) !== null;
  if (!mayRead) throw new ApiProblem("link_rejected", "who gave the link may no longer read this");
  return { row, open: () => c.env.DATASET.getByName(row.id) };
}
