import { DurableObject } from "cloudflare:workers";
import type {
  LayerChange,
  LayerIdentity,
  LayerRecord,
  LayerRefusal,
} from "../../contract/layer-lease.ts";
import { openDirectory } from "../../database/directory.ts";
import { putLayer, removeLayer } from "../../database/layers.ts";
import type { LayerShare } from "../../domain/experiments/experiment.ts";
import {
  allot,
  freeAt,
  holdersAt,
  type Interval,
  release,
  setHoldout,
  sizeOf,
} from "../../domain/experiments/layer.ts";
import { formatWeight } from "../../domain/experiments/weight.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { Effects } from "../shared/effects.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { LayerStore, type StoredLayer } from "./layer-store.ts";
import { SCHEMA } from "./schema.ts";

/**
 * One layer: the only writer of which experiment has which of its units, and which are held out.
 * Rules are in domain/experiments/layer.ts. Its row in the directory follows as the effect
 * `directory`; whoever creates a layer has put the row, which keeps the name.
 */
export class LayerActor extends DurableObject<Env> {
  readonly #store: LayerStore;
  readonly #effects: Effects;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new LayerStore(ctx.storage.sql);
    this.#effects = new Effects(ctx.storage, () => this.#list());
  }

  /** Creates the layer, or changes what it is asked to; a layer that was removed stays so. */
  async put(
    identity: LayerIdentity,
    change: LayerChange,
  ): Promise<Result<{ created: boolean; layer: LayerRecord }, LayerRefusal>> {
    if (this.#store.removed()) return fail({ code: "layer_not_found" });
    const now = Date.now();
    const found = this.#store.find();
    const before: StoredLayer = found ?? {
      ...identity,
      description: "",
      holdout: [],
      updated_at: identity.created_at,
    };
    const size = change.holdout ?? sizeOf(before.holdout);
    const holdout = setHoldout(this.#store.shares(), size, now);
    if (!holdout.ok) return holdout;
    const description = change.description ?? before.description;
    const changed = description !== before.description || size !== sizeOf(before.holdout);
    const updated_at = found && changed ? now : before.updated_at;
    const after = { ...before, description, holdout: holdout.value, updated_at };
    const reply = { created: !found, layer: this.#describe(after, now) };
    if (!found || changed) {
      this.ctx.storage.transactionSync(() => {
        this.#store.dropFree(now);
        this.#store.put(after);
        this.#effects.add("directory", now);
      });
      await this.#settle();
    }
    return ok(reply);
  }

  describe(): Result<LayerRecord, LayerRefusal> {
    const layer = this.#store.find();
    return layer ? ok(this.#describe(layer, Date.now())) : fail({ code: "layer_not_found" });
  }

  /**
   * Gives the experiment a part of `share` units of 10^-12 that no other has. Who asks again gets
   * the same part, also after its release as long as that is not free.
   */
  claim(experimentId: string, share: number): Result<LayerShare, LayerRefusal> {
    const layer = this.#store.find();
    if (!layer) return fail({ code: "layer_not_found" });
    const now = Date.now();
    const part = allot(this.#store.shares(), experimentId, share, now);
    if (!part.ok) return part;
    this.ctx.storage.transactionSync(() => {
      this.#store.dropFree(now);
      this.#store.putHolder(part.value);
    });
    return ok(shareOf(layer, part.value.intervals));
  }

  /** The units that no experiment of the layer gets, as of now. */
  heldOut(): Result<LayerShare, LayerRefusal> {
    const layer = this.#store.find();
    return layer ? ok(shareOf(layer, layer.holdout)) : fail({ code: "layer_not_found" });
  }

  /**
   * The experiment lets go of its part, which nobody else gets before `free_at`, in milliseconds:
   * when the last lease of a table with the part in it is over. Repeating it changes nothing.
   */
  release(experimentId: string, free_at: number): void {
    const part = release(this.#store.shares(), experimentId, free_at);
    if (part) this.#store.putHolder(part);
  }

  /** A layer whose creation was never finished has no rows here, and is removed all the same. */
  async remove(layerId: string): Promise<Result<null, LayerRefusal>> {
    const held = this.#store.holders().filter(({ free_at }) => free_at === null);
    const experiments = held.map(({ experiment_id }) => experiment_id);
    if (experiments.length > 0) return fail({ code: "layer_in_use", experiments });
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      this.#store.remove(layerId, now);
      this.#effects.add("directory", now);
    });
    await this.#settle();
    return ok(null);
  }

  /** Delivered at least once: what is owed is looked up anew. */
  override async alarm(): Promise<void> {
    await this.#settle();
  }

  #describe(layer: StoredLayer, now: number): LayerRecord {
    const shares = { holdout: layer.holdout, holders: this.#store.holders() };
    return {
      ...layer,
      holdout: sizeOf(layer.holdout),
      free: sizeOf(freeAt(shares, now)),
      holders: holdersAt(shares, now).map(({ intervals, ...holder }) => ({
        ...holder,
        share: sizeOf(intervals),
      })),
    };
  }

  /** Brings the row in the directory to where the layer stands. */
  async #list(): Promise<void> {
    const directory = openDirectory(this.env.DB);
    const removed = this.#store.removed();
    if (removed) return removeLayer(directory, removed);
    const layer = this.#store.find();
    if (!layer) return;
    const { layer_id, description, updated_at } = layer;
    const holdout = formatWeight(sizeOf(layer.holdout));
    await putLayer(directory, layer_id, { description, holdout, updated_at });
  }

  async #settle(): Promise<void> {
    await this.#scheduleAlarm();
    await this.#effects.flush(Date.now());
    await this.#scheduleAlarm();
  }

  async #scheduleAlarm(): Promise<void> {
    const due = this.#effects.nextDue();
    if (due === null) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(due);
  }
}

/** The salt of a layer's unit space is its id. */
const shareOf = ({ layer_id, name }: StoredLayer, intervals: readonly Interval[]): LayerShare => ({
  layer_id,
  name,
  salt: layer_id,
  intervals,
});
