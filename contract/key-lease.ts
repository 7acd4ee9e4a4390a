import type { KeyEnvironment } from "../domain/keys/api-key.ts";
import type { Scope } from "../domain/keys/scopes.ts";

/** Whom a key speaks for. */
export type Principal = {
  key_id: string;
  owner_id: string;
  environment: KeyEnvironment;
  scopes: Scope[];
};

/** Requests that the key's actor has counted in advance, for one isolate to spend until `expires_at`. */
export type KeyLease = {
  lease_id: number;
  principal: Principal;
  granted: number;
  limit: number;
  remaining: number;
  reset_at: number;
  lease_ms: number;
};

/** What an isolate did with earlier leases. */
export type LeaseReport = {
  unused: { lease_id: number; unused: number }[];
  requests: number;
  errors: number;
  total_ms: number;
};

export type KeyRefusal = { code: "key_rejected" | "key_expired" | "key_revoked" };

export type KeyRecord = Principal & {
  rate_limit: number;
  /** Lower-case hex SHA-256 of the whole key. */
  secret_hash: string;
  expires_at: number | null;
};

export type HourUsage = { hour: number; requests: number; errors: number; total_ms: number };
