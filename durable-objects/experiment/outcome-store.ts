import type { RecordedOutcome } from "../../domain/experiments/record-outcome.ts";

/** A row's body: an array, so that the names are not stored with every request. */
type Body = [
  variant_id: string,
  epoch: number,
  reported: 0 | 1,
  success: 0 | 1,
  latency_ms: number | null,
  metrics: Record<string, number>,
  revision?: number,
  unserved?: 0 | 1,
  covariate?: number | null,
];

/**
 * What is known of each request, one row a request. The body is text that only JavaScript reads,
 * because SQLite does not promise to return the same double from a number inside JSON.
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
      const [variant_id, epoch, reported, success, latency_ms, metrics, ...later] = JSON.parse(
        body,
      ) as Body;
      const [revision = 0, unserved = reported || success ? 0 : 1, covariate = null] = later;
      found.set(request_id, {
        request_id,
        variant_id,
        epoch,
        source: reported ? "reported" : "served",
        success: success === 1,
        latency_ms,
        metrics,
        revision,
        unserved: unserved === 1,
        covariate,
      });
    }
    return found;
  }

  put(outcomes: Iterable<RecordedOutcome>): void {
    const rows = Array.from(outcomes, (outcome) => [outcome.request_id, bodyOf(outcome)]);
    this.#sql.exec(
      `INSERT OR REPLACE INTO outcome (request_id, body)
       SELECT value ->> 0, value ->> 1 FROM json_each(?)`,
      JSON.stringify(rows),
    );
  }
}

function bodyOf(outcome: RecordedOutcome): string {
  const { variant_id, epoch, latency_ms, metrics, revision, covariate } = outcome;
  const reported = outcome.source === "reported" ? 1 : 0;
  const success = outcome.success ? 1 : 0;
  const body: Body = [variant_id, epoch, reported, success, latency_ms, metrics];
  if (revision > 0 || outcome.unserved || covariate !== null)
    body.push(revision, outcome.unserved ? 1 : 0, covariate);
  return JSON.stringify(body);
}
