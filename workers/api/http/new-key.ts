import type { KeyView, NewKey } from "../../../contract/key.ts";
import { type ApiKeyRow, insertApiKey } from "../../../database/api-keys.ts";
import { openDirectory } from "../../../database/directory.ts";
import { type KeyEnvironment, keyBody } from "../../../domain/keys/api-key.ts";
import type { Scope } from "../../../domain/keys/scopes.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { newId, newSecret } from "./ids.ts";
import { checksumOf, hashKey } from "./key-checksum.ts";
import { instant, instantOrNull } from "./times.ts";

export type KeyOrder = {
  owner_id: string;
  name: string;
  environment: KeyEnvironment;
  scopes: Scope[];
  rate_limit: number;
  expires_at: number | null;
};

/**
 * Makes a key. Its actor comes first and the directory second: if the second fails, what is left
 * is an actor that nobody can reach, as the key itself is shown only by this answer.
 */
export async function makeKey(env: Env, order: KeyOrder): Promise<NewKey> {
  const id = newId("key");
  const body = keyBody(order.environment, id, newSecret());
  const key = body + (await checksumOf(body, env.KEY_CHECKSUM_SECRET));
  const { name, ...granted } = order;
  const record = { ...granted, key_id: id, secret_hash: await hashKey(key) };
  await callActor(
    () => env.KEY.getByName(id),
    (actor) => actor.create(record),
  );
  const row: ApiKeyRow = { ...granted, id, name, created_at: Date.now(), revoked_at: null };
  await insertApiKey(openDirectory(env.DB), row);
  return { ...viewKey(row), key };
}

export const viewKey = (row: ApiKeyRow): KeyView => ({
  ...row,
  prefix: keyBody(row.environment, row.id, ""),
  created_at: instant(row.created_at),
  expires_at: instantOrNull(row.expires_at),
  revoked_at: instantOrNull(row.revoked_at),
});
