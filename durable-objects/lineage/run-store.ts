import type { ListedRun, RunListQuery, RunRecord } from "../../contract/lineage-record.ts";

type Row = { sequence: number; request_hash: string; record: string };

/** Runs as rows; what they used and made are their edges in the graph. */
export class RunStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(run_id: string): { record: RunRecord; request_hash: string } | undefined {
    const row = this.#sql
      .exec<Row>("SELECT sequence, request_hash, record FROM run WHERE id = ?", run_id)
      .toArray()[0];
    return row && { record: JSON.parse(row.record) as RunRecord, request_hash: row.request_hash };
  }

  /** A run keeps its place in the list, and the hash of the request that made it. */
  put(record: RunRecord, request_hash = ""): void {
    this.#sql.exec(
      `INSERT INTO run (id, name, status, request_hash, record) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, status = excluded.status,
         record = excluded.record`,
      record.run_id,
      record.name,
      record.status,
      request_hash,
      JSON.stringify(record),
    );
  }

  remove(run_id: string): void {
    this.#sql.exec("DELETE FROM run WHERE id = ?", run_id);
  }

  /** Newest first. */
  list({ search, status, node_id, before, limit }: RunListQuery): ListedRun[] {
    const wanted = [
      { condition: "instr(lower(run.name), lower(?)) > 0", value: search },
      { condition: "run.status = ?", value: status },
      { condition: "run.sequence < ?", value: before },
      {
        condition: `EXISTS (
          SELECT 1 FROM node AS asked JOIN node AS own ON own.id = run.id JOIN edge
            ON (edge.source = asked.key AND edge.target = own.key)
            OR (edge.source = own.key AND edge.target = asked.key)
          WHERE asked.id = ?)`,
        value: node_id,
      },
    ].filter(({ value }) => value !== undefined);
    const where = ["TRUE", ...wanted.map(({ condition }) => condition)].join(" AND ");
    return this.#sql
      .exec<Row>(
        `SELECT sequence, request_hash, record FROM run WHERE ${where}
         ORDER BY sequence DESC LIMIT ?`,
        ...wanted.map(({ value }) => value ?? null),
        limit,
      )
      .toArray()
      .map(({ sequence, record }) => ({ ...(JSON.parse(record) as RunRecord), sequence }));
  }
}
