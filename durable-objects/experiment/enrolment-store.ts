import type { Exposure } from "../../contract/experiment-lease.ts";

/** The variant that each sticky unit first got. A unit is its 40-bit position in the experiment. */
export class EnrolmentStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(unit: number): number | null {
    const rows = this.#sql.exec<{ variant: number }>(
      "SELECT variant FROM enrolment WHERE unit = ?",
      unit,
    );
    return rows.toArray()[0]?.variant ?? null;
  }

  /** Answers with those that were new. */
  add(exposures: readonly Exposure[]): Exposure[] {
    if (exposures.length === 0) return [];
    return this.#sql
      .exec<{ unit: number; variant: number; epoch: number }>(
        `INSERT INTO enrolment (unit, variant, epoch)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
         ON CONFLICT (unit) DO NOTHING RETURNING unit, variant, epoch`,
        JSON.stringify(exposures),
      )
      .toArray()
      .map(({ unit, variant, epoch }) => [unit, variant, epoch]);
  }
}
