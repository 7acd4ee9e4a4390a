import type {
  KeptPrediction,
  ListedPrediction,
  PredictionQuery,
  PredictionStatistics,
} from "../../contract/prediction-log.ts";

type Row = Omit<ListedPrediction, "prediction_id"> & { id: string };
type Tensors = Pick<KeptPrediction, "inputs" | "outputs">;
type Log = { kept_days: number; closed: number; kept: number; kept_bytes: number };

const AT_ONCE = 1_000;

/** One model's kept predictions as rows, with their tensors beside; every method is synchronous. */
export class PredictionLogStore {
  readonly #sql: SqlStorage;
  readonly #kv: SyncKvStorage;

  constructor({ sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">) {
    this.#sql = sql;
    this.#kv = kv;
  }

  log(): Log {
    return this.#sql.exec<Log>("SELECT kept_days, closed, kept, kept_bytes FROM log").one();
  }

  setKeptDays(days: number): void {
    this.#sql.exec("UPDATE log SET kept_days = ?", days);
  }

  markClosed(): void {
    this.#sql.exec("UPDATE log SET closed = 1");
  }

  /** How many of them were not kept already. */
  insert(predictions: readonly KeptPrediction[]): number {
    const added = predictions.filter((one) => this.#insertRow(one));
    for (const { prediction_id, inputs, outputs } of added)
      this.#kv.put(keyOf(prediction_id), { inputs, outputs } satisfies Tensors);
    this.#count(added, 1);
    return added.length;
  }

  find(id: string): KeptPrediction | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM prediction WHERE id = ?", id).toArray()[0];
    const tensors = row && this.#kv.get<Tensors>(keyOf(id));
    return row && tensors && { ...listed(row), ...tensors };
  }

  list({ version, experiment_id, before, limit }: PredictionQuery): ListedPrediction[] {
    const wanted = [
      { condition: "version = ?", value: version },
      { condition: "experiment_id = ?", value: experiment_id },
      { condition: "id < ?", value: before },
    ].filter(({ value }) => value !== undefined);
    const where = ["TRUE", ...wanted.map(({ condition }) => condition)].join(" AND ");
    const values = wanted.map(({ value }) => value ?? null);
    return this.#sql
      .exec<Row>(
        `SELECT * FROM prediction WHERE ${where} ORDER BY id DESC LIMIT ?`,
        ...values,
        limit,
      )
      .toArray()
      .map(listed);
  }

  statistics(): PredictionStatistics {
    const { kept, kept_bytes } = this.log();
    const { oldest_at, newest_at } = this.#sql
      .exec<Pick<PredictionStatistics, "oldest_at" | "newest_at">>(
        "SELECT (SELECT MIN(at) FROM prediction) oldest_at, (SELECT MAX(at) FROM prediction) newest_at",
      )
      .one();
    return { kept, kept_bytes, oldest_at, newest_at };
  }

  oldestAt(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT MIN(at) AS at FROM prediction").one().at;
  }

  /** How many of them there were. */
  remove(ids: readonly string[]): number {
    const removed = ids.flatMap((id) =>
      this.#sql
        .exec<{ id: string; bytes: number }>(
          "DELETE FROM prediction WHERE id = ? RETURNING id, bytes",
          id,
        )
        .toArray(),
    );
    for (const { id } of removed) this.#kv.delete(keyOf(id));
    this.#count(removed, -1);
    return removed.length;
  }

  /** Removes what is from before `at`, and with null everything. */
  removeBefore(at: number | null): number {
    let removed = 0;
    for (;;) {
      const now = this.remove(
        this.#ids(`WHERE at < ? ORDER BY at LIMIT ${AT_ONCE}`, at ?? Number.MAX_SAFE_INTEGER),
      );
      removed += now;
      if (now < AT_ONCE) return removed;
    }
  }

  /** Removes the oldest until no more than so many predictions and bytes are kept. */
  keepLatest(most: number, mostBytes: number): void {
    for (;;) {
      const { kept, kept_bytes } = this.log();
      const over = kept - most;
      if (over <= 0 && (kept_bytes <= mostBytes || kept === 0)) return;
      this.remove(this.#ids("ORDER BY id LIMIT ?", Math.max(1, over)));
    }
  }

  #insertRow({ prediction_id, version, at, experiment_id, variant_id, bytes }: KeptPrediction) {
    const added = this.#sql
      .exec(
        `INSERT INTO prediction (id, version, at, experiment_id, variant_id, bytes)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
        prediction_id,
        version,
        at,
        experiment_id,
        variant_id,
        bytes,
      )
      .toArray();
    return added.length > 0;
  }

  #count(rows: readonly { bytes: number }[], sign: 1 | -1): void {
    const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
    this.#sql.exec(
      "UPDATE log SET kept = kept + ?, kept_bytes = kept_bytes + ?",
      sign * rows.length,
      sign * bytes,
    );
  }

  #ids(which: string, value: number): string[] {
    return this.#sql
      .exec<{ id: string }>(`SELECT id FROM prediction ${which}`, value)
      .toArray()
      .map(({ id }) => id);
  }
}

const keyOf = (id: string): string => `prediction/${id}`;
const listed = ({ id, ...row }: Row): ListedPrediction => ({ prediction_id: id, ...row });
