import type { LayerIdentity } from "../../contract/layer-lease.ts";
import type { Interval, LayerHolder, LayerShares } from "../../domain/experiments/layer.ts";

/** A layer without its holders. */
export type StoredLayer = LayerIdentity & {
  description: string;
  holdout: readonly Interval[];
  updated_at: number;
};

type LayerRow = {
  id: string;
  name: string;
  description: string;
  holdout: string;
  created_at: number;
  updated_at: number;
};
type HolderRow = { experiment_id: string; intervals: string; free_at: number | null };

const intervalsOf = (text: string) => JSON.parse(text) as Interval[];

/** One layer and its holders as rows; every method is synchronous. */
export class LayerStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined before creation and after removal. */
  find(): StoredLayer | undefined {
    const row = this.#sql.exec<LayerRow>("SELECT * FROM layer").toArray()[0];
    if (!row) return undefined;
    const { id, holdout, ...stored } = row;
    return { ...stored, layer_id: id, holdout: intervalsOf(holdout) };
  }

  put({ layer_id, name, description, holdout, created_at, updated_at }: StoredLayer): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO layer (id, name, description, holdout, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      layer_id,
      name,
      description,
      JSON.stringify(holdout),
      created_at,
      updated_at,
    );
  }

  /** In the order of their ids, and so of their experiments' creation. */
  holders(): LayerHolder[] {
    return this.#sql
      .exec<HolderRow>("SELECT * FROM holder ORDER BY experiment_id")
      .toArray()
      .map((row) => ({ ...row, intervals: intervalsOf(row.intervals) }));
  }

  shares(): LayerShares {
    return { holdout: this.find()?.holdout ?? [], holders: this.holders() };
  }

  putHolder({ experiment_id, intervals, free_at }: LayerHolder): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO holder (experiment_id, intervals, free_at) VALUES (?, ?, ?)",
      experiment_id,
      JSON.stringify(intervals),
      free_at,
    );
  }

  /**
   * Forgets the holders whose part is free, before it is given to another: a clock that went back
   * would bring them back.
   */
  dropFree(now: number): void {
    this.#sql.exec("DELETE FROM holder WHERE free_at <= ?", now);
  }

  /** No layer is or will be here. */
  remove(id: string, at: number): void {
    this.#sql.exec("INSERT INTO removed (id, at) VALUES (?, ?) ON CONFLICT DO NOTHING", id, at);
    for (const table of ["layer", "holder"]) this.#sql.exec(`DELETE FROM ${table}`);
  }

  /** The id of a layer that was removed. */
  removed(): string | undefined {
    return this.#sql.exec<{ id: string }>("SELECT id FROM removed").toArray()[0]?.id;
  }
}
