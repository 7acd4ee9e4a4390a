import type { UnusedGrant } from "../../contract/experiment-lease.ts";
import type { ExperimentStore } from "./experiment-store.ts";

const LARGEST_GRANT = 256;

type Grant = { lease_id: string; wanted: number; expires_at: number };

/**
 * The canary requests that a budget still allows. They are paid for before they are made, one by
 * one or in grants to isolates, so that no crash, race or lost reply lets one too many through;
 * what an isolate does not give back before it dies stays spent.
 */
export class BudgetBook {
  readonly #sql: SqlStorage;
  readonly #store: ExperimentStore;

  constructor(sql: SqlStorage, store: ExperimentStore) {
    this.#sql = sql;
    this.#store = store;
  }

  spent(): number {
    return this.#store.meter("canary_requests");
  }

  /** Part of a transaction: takes one request, if there is one. */
  spend(most: number): boolean {
    const spent = this.spent();
    if (spent >= most) return false;
    this.#store.setMeter("canary_requests", spent + 1);
    return true;
  }

  /**
   * Part of a transaction: takes a tenth of what is left, so that several isolates get some, or as
   * much as requests are waiting for.
   */
  grant({ lease_id, wanted, expires_at }: Grant, most: number): number {
    const spent = this.spent();
    const left = Math.max(0, most - spent);
    const granted = Math.min(LARGEST_GRANT, left, Math.max(wanted, Math.ceil(left / 10)));
    if (granted === 0) return 0;
    this.#store.setMeter("canary_requests", spent + granted);
    this.#sql.exec(
      "INSERT INTO budget_grant (lease_id, granted, expires_at) VALUES (?, ?, ?)",
      lease_id,
      granted,
      expires_at,
    );
    return granted;
  }

  /** Part of a transaction: takes back what was not used, each grant once. */
  settle(unused: readonly UnusedGrant[]): void {
    for (const { lease_id, unused: rest } of unused) {
      const row = this.#sql
        .exec<{ granted: number }>(
          "DELETE FROM budget_grant WHERE lease_id = ? RETURNING granted",
          lease_id,
        )
        .toArray()[0];
      if (!row) continue;
      const back = Math.max(0, Math.min(row.granted, rest));
      this.#store.setMeter("canary_requests", this.spent() - back);
    }
  }

  /** Grants that an isolate may still be using at `now`. */
  outstanding(now: number): boolean {
    const rows = this.#sql.exec("SELECT 1 FROM budget_grant WHERE expires_at > ? LIMIT 1", now);
    return rows.toArray().length > 0;
  }
}
