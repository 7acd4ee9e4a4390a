import type { Context } from "hono";
import { type ApiKeyRow, findApiKey } from "../../../database/api-keys.ts";
import { openDirectory } from "../../../database/directory.ts";
import { allows } from "../../../domain/keys/scopes.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";

/** The key's row if it is the caller's, or anybody's for an administrator. */
export async function ownedKey(c: Context<AppEnv>, id: string): Promise<ApiKeyRow> {
  const row = await findApiKey(openDirectory(c.env.DB), id);
  const { owner_id, scopes } = c.get("admission").principal;
  if (!row || (row.owner_id !== owner_id && !allows(scopes, "admin")))
    throw new ApiProblem("key_not_found", `you have no key ${id}`);
  return row;
}
