import type { Context } from "hono";
import { openDirectory } from "../../../database/directory.ts";
import { findJob } from "../../../database/jobs.ts";
import type { AppEnv } from "../http/app-env.ts";
import { unknownJob } from "./start-job.ts";

/** A way to the actor of the caller's job. */
export async function ownedJob(c: Context<AppEnv>, id: string) {
  const { owner_id } = c.get("admission").principal;
  const row = await findJob(openDirectory(c.env.DB), owner_id, id);
  if (!row) throw unknownJob(id);
  return () => c.env.JOB.getByName(row.id);
}
