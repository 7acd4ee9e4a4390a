import type { RecordedOutcome } from "../../domain/experiments/record-outcome.ts";

/** `[variant_id, epoch, reported, success, latency_ms, metrics]`, compact because there are many. */
type Body = [string, number, 0 | 1, 0 | 1, number | null, Record<string, number>];

/**
 * One row a request, for ever: it is what makes an outcome count once. Bodies are JSON text
 * that only JavaScript reads, because SQLite does not promise to return the same double from a
 * number inside JSON.
 */
export class OutcomeStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(requestIds: readonly string[]): Map<string, RecordedOutcome> {
    const rows = this.#sql.exec<{ request_id: string; body: string }>(
      "SELECT request_id, body FROM outcome WHERE request_id IN (SELECT value FROM json_each(?))",
      JSON.stringify(requestIds),
    );
    const found = new Map<string, RecordedOutcome>();
    for (const { request_id, body } of rows) {
      const [variant_id, epoch, reported, success, latency_ms, metrics] = JSON.parse(body) as Body;
      const source = reported ? "reported" : "served";
      found.set(request_id, {
        request_id,
        variant_id,
        epoch,
        source,
        success: success === 1,
        latency_ms,
        metrics,
      });
    }
    return found;
  }

  put(outcomes: readonly RecordedOutcome[]): void {
    const rows = outcomes.map((outcome) => {
      const { variant_id, epoch, source, success, latency_ms, metrics } = outcome;
      const reported = source === "reported" ? 1 : 0;
      const body: Body = [variant_id, epoch, reported, success ? 1 : 0, latency_ms, metrics];
      return [outcome.request_id, JSON.stringify(body)];
    });
    this.#sql.exec(
      `INSERT OR REPLACE INTO outcome (request_id, body)
       SELECT value ->> 0, value ->> 1 FROM json_each(?)`,
      JSON.stringify(rows),
    );
  }
}
