import { env } from "cloudflare:workers";
import type { KeyRecord, LeaseReport } from "../../../contract/key-lease.ts";
import { serialId } from "./serial-id.ts";

export const SECRET_HASH = "5e".repeat(32);

/** A key of 1,000 requests an hour whose actor exists. */
export async function createKey(changes: Partial<KeyRecord> = {}) {
  const record: KeyRecord = {
    key_id: serialId("key"),
    owner_id: "usr_owner",
    environment: "test",
    scopes: ["predict", "models:read"],
    rate_limit: 1_000,
    secret_hash: SECRET_HASH,
    expires_at: null,
    ...changes,
  };
  const key = env.KEY.getByName(record.key_id);
  await key.create(record);
  return { key, record };
}

export const reportOf = (changes: Partial<LeaseReport> = {}): LeaseReport => ({
  unused: [],
  requests: 0,
  errors: 0,
  total_ms: 0,
  ...changes,
});
