import { noRequests } from "../../domain/experiments/request-counts.ts";
import type { Cell } from "../../domain/experiments/totals.ts";
import type { ExperimentStore } from "./experiment-store.ts";

/** What the shards of the outcomes have counted, as they told it last. */
export class ShardSums {
  readonly #sql: SqlStorage;
  readonly #store: ExperimentStore;
  #cells: Map<string, Cell> | undefined;

  constructor(sql: SqlStorage, store: ExperimentStore) {
    this.#sql = sql;
    this.#store = store;
  }

  /**
   * Part of a transaction: sums replace those before, unless they are older. Answers with the
   * variants, by index, of which there are new outcomes.
   */
  put(shard: number, revision: number, cells: readonly Cell[]): Set<number> {
    const heard = new Set<number>();
    if (revision < this.#store.meter(`shard_${shard}`)) return heard;
    this.#store.setMeter(`shard_${shard}`, revision);
    const held = this.#load();
    for (const cell of cells) {
      const key = `${shard}/${cell.epoch}/${cell.variant}`;
      const { requests, reported } = held.get(key)?.counts ?? noRequests;
      if (requests !== cell.counts.requests || reported !== cell.counts.reported)
        heard.add(cell.variant);
      this.#sql.exec(
        "INSERT OR REPLACE INTO shard_cell (shard, epoch, variant, body) VALUES (?, ?, ?, ?)",
        shard,
        cell.epoch,
        cell.variant,
        JSON.stringify(cell),
      );
      held.set(key, cell);
    }
    return heard;
  }

  cells(): Cell[] {
    return [...this.#load().values()];
  }

  forget(): void {
    this.#cells = undefined;
  }

  #load(): Map<string, Cell> {
    if (this.#cells) return this.#cells;
    this.#cells = new Map();
    const rows = this.#sql.exec<{ shard: number; epoch: number; variant: number; body: string }>(
      "SELECT * FROM shard_cell",
    );
    for (const { shard, epoch, variant, body } of rows)
      this.#cells.set(`${shard}/${epoch}/${variant}`, JSON.parse(body) as Cell);
    return this.#cells;
  }
}
