import type { HourUsage, KeyRecord, LeaseReport } from "../../contract/key-lease.ts";
import type { QuotaState } from "../../domain/keys/quota.ts";

type KeyRow = {
  id: string;
  owner_id: string;
  environment: string;
  scopes: string;
  rate_limit: number;
  secret_hash: string;
  expires_at: number | null;
  revoked_at: number | null;
};

export type StoredKey = KeyRecord & { revoked_at: number | null };

/** One key, its quota and its usage as rows; every method is synchronous. */
export class KeyStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(): StoredKey | undefined {
    const row = this.#sql.exec<KeyRow>("SELECT * FROM key").toArray()[0];
    if (!row) return undefined;
    const { id, scopes, environment, ...rest } = row;
    return {
      ...rest,
      key_id: id,
      environment: environment as StoredKey["environment"],
      scopes: JSON.parse(scopes) as StoredKey["scopes"],
    };
  }

  insert(key: KeyRecord): void {
    this.#sql.exec(
      `INSERT INTO key (id, owner_id, environment, scopes, rate_limit, secret_hash, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      key.key_id,
      key.owner_id,
      key.environment,
      JSON.stringify(key.scopes),
      key.rate_limit,
      key.secret_hash,
      key.expires_at,
    );
  }

  revoke(at: number): void {
    this.#sql.exec("UPDATE key SET revoked_at = ? WHERE revoked_at IS NULL", at);
  }

  quota(): QuotaState {
    const row = this.#sql.exec<QuotaState>("SELECT window_start, used FROM quota").toArray()[0];
    return row ?? { window_start: 0, used: 0 };
  }

  putQuota({ window_start, used }: QuotaState): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO quota (only_row, window_start, used) VALUES (1, ?, ?)",
      window_start,
      used,
    );
  }

  /** A lease that is never settled is swept with the first lease of a later window. */
  insertLease(window_start: number, granted: number): number {
    this.#sql.exec("DELETE FROM lease WHERE window_start < ?", window_start);
    return this.#sql
      .exec<{ id: number }>(
        "INSERT INTO lease (window_start, granted) VALUES (?, ?) RETURNING id",
        window_start,
        granted,
      )
      .one().id;
  }

  /** Removes the lease; undefined when it was settled before. */
  takeLease(id: number): { window_start: number; granted: number } | undefined {
    return this.#sql
      .exec<{ window_start: number; granted: number }>(
        "DELETE FROM lease WHERE id = ? RETURNING window_start, granted",
        id,
      )
      .toArray()[0];
  }

  addUsage(hour: number, { requests, errors, total_ms }: LeaseReport): void {
    this.#sql.exec(
      `INSERT INTO usage (hour, requests, errors, total_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (hour) DO UPDATE SET requests = requests + excluded.requests,
         errors = errors + excluded.errors, total_ms = total_ms + excluded.total_ms`,
      hour,
      requests,
      errors,
      total_ms,
    );
  }

  dropUsageBefore(hour: number): void {
    this.#sql.exec("DELETE FROM usage WHERE hour < ?", hour);
  }

  usageSince(hour: number): HourUsage[] {
    return this.#sql
      .exec<HourUsage>(
        "SELECT hour, requests, errors, total_ms FROM usage WHERE hour >= ? ORDER BY hour",
        hour,
      )
      .toArray();
  }
}
