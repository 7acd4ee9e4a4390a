import type { KeyView } from "../../../contract/key.ts";
import type { ApiKeyRow } from "../../../database/api-keys.ts";
import { type KeyEnvironment, keyBody } from "../../../domain/keys/api-key.ts";
import type { Scope } from "../../../domain/keys/scopes.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { newId, newSecret } from "../http/ids.ts";
import { checksumOf, hashKey } from "./key-checksum.ts";
import { instant, instantOrNull } from "../http/times.ts";

export type KeyOrder = {
  owner_id: string;
  name: string;
  environment: KeyEnvironment;
  scopes: Scope[];
  rate_limit: number;
  expires_at: number | null;
};

/**
 * Makes a key and its actor; the caller puts the row into the directory. If that fails, what is
 * left is an actor that nobody can reach, as the key itself is shown only after it.
 */
export async function prepareKey(
  env: Env,
  order: KeyOrder,
): Promise<{ row: ApiKeyRow; key: string }> {
  const id = newId("key");
  const body = keyBody(order.environment, id, newSecret());
  const key = body + (await checksumOf(body, env.KEY_CHECKSUM_SECRET));
  const { name, ...granted } = order;
  const record = { ...granted, key_id: id, secret_hash: await hashKey(key) };
  await callActor(
    () => env.KEY.getByName(id),
    (actor) => actor.create(record),
  );
  return { row: { ...granted, id, name, created_at: Date.now(), revoked_at: null }, key };
}

export const viewKey = (row: ApiKeyRow): KeyView => ({
  ...row,
  prefix: keyBody(row.environment, row.id, ""),
  created_at: instant(row.created_at),
  expires_at: instantOrNull(row.expires_at),
  revoked_at: instantOrNull(row.revoked_at),
});
