import type { Claimant } from "../../contract/dataset-record.ts";
import type { Effects } from "../shared/effects.ts";
import { claimVersion, releaseVersion } from "../shared/version-claims.ts";
import type { GraphStore } from "./graph-store.ts";

/**
 * Claims of what the graph knows, a run or a version of a model, on versions of datasets. They are
 * made before the graph is told; letting go is owed as `claim:VERSION:CONSUMER`.
 */
export class Claims {
  readonly #env: Env;
  readonly #of: Claimant;
  readonly #store: GraphStore;
  readonly #effects: Effects;

  constructor(env: Env, graph: string, store: GraphStore, effects: Effects) {
    this.#env = env;
    this.#of = { graph };
    this.#store = store;
    this.#effects = effects;
  }

  /** Part of a transaction: the consumer does not use them any more. */
  letGo(consumer: string, node_ids: readonly string[], now: number): void {
    for (const id of node_ids)
      if (id.startsWith("dsv_")) this.#effects.add(keyOf(id, consumer), now);
  }

  /** Part of a transaction: the consumer uses them. Letting go that is under way is made up for. */
  keep(consumer: string, node_ids: readonly string[], now: number): void {
    for (const id of node_ids) {
      const key = keyOf(id, consumer);
      if (this.#effects.owes(key)) this.#effects.add(key, now);
    }
  }

  /** Brings a claim to what the graph says now. */
  async settle(version_id: string, consumer: string): Promise<void> {
    const isUsed =
      this.#store.known([consumer]).has(consumer) && this.#store.hasEdge(version_id, consumer);
    if (isUsed) await claimVersion(this.#env, version_id, consumer, this.#of);
    else await releaseVersion(this.#env, version_id, consumer, this.#of);
  }
}

const keyOf = (version_id: string, consumer: string): string => `claim:${version_id}:${consumer}`;
