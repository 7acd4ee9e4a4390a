import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SCHEMA } from "../../../durable-objects/layer/schema.ts";
import { granted, refused } from "../support/granted.ts";
import { createLayer, listedLayer, reservedLayer, TENTH } from "../support/layer-actor.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { alarmOf, during, owedBy } from "../support/outage.ts";

/** So far ahead that no alarm comes by itself while a test runs. */
const NOW = Date.UTC(2031, 0, 1, 12);
const LEASE_MS = 1_000;

beforeEach(() => {
  vi.setSystemTime(NOW);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const NOT_FOUND = { code: "layer_not_found" };

describe("a layer", () => {
  it("is created once, and changes only in what it is asked to", async () => {
    const { layer, identity, layer_id } = await reservedLayer();
    const change = { description: "the checkout pages", holdout: TENTH };
    const made = await granted(layer.put(identity, change));
    expect(made).toEqual({
      created: true,
      layer: { ...identity, ...change, free: 9 * TENTH, holders: [], updated_at: 1_000 },
    });
    expect(await granted(layer.describe())).toEqual(made.layer);

    const other = await granted(layer.put(identity, { holdout: 2 * TENTH }));
    const changed = { holdout: 2 * TENTH, free: 8 * TENTH, updated_at: NOW };
    expect(other).toEqual({ created: false, layer: { ...made.layer, ...changed } });
    const { description } = change;
    expect(await listedLayer(layer_id)).toMatchObject({ description, holdout: "0.2" });
  });

  it("is where it was after an eviction", async () => {
    const { layer, claim, describe } = await createLayer(1);
    const part = await granted(claim("exp_a", 3));
    const before = await describe();
    await evictDurableObject(layer);
    expect(await describe()).toEqual(before);
    expect(await granted(claim("exp_a", 3))).toEqual(part);
  });

  it("says what it never was", async () => {
    const layer = env.LAYER.getByName("lyr_never");
    expect(await refused(layer.describe())).toEqual(NOT_FOUND);
    expect(await refused(layer.heldOut())).toEqual(NOT_FOUND);
    expect(await refused(layer.claim("exp_a", TENTH))).toEqual(NOT_FOUND);
    await layer.release("exp_a", NOW);
  });

  it("has the schema that it declares, also after an eviction", async () => {
    const { layer } = await createLayer(1);
    const steps = () =>
      runInDurableObject(layer, (_, { storage }) =>
        storage.sql.exec("SELECT id FROM schema_step ORDER BY position").toArray(),
      );
    const declared = SCHEMA.map(({ id }) => ({ id }));
    expect(await steps()).toEqual(declared);
    await evictDurableObject(layer);
    expect(await steps()).toEqual(declared);
  });
});

describe("a claim", () => {
  it("is a part of the layer's units, which are placed by the layer's id", async () => {
    const { layer_id, claim, describe } = await createLayer(1);
    expect(await granted(claim("exp_a", 3))).toEqual({
      layer_id,
      name: "checkout",
      salt: layer_id,
      intervals: [[7 * TENTH, 10 * TENTH]],
    });
    expect(await describe()).toMatchObject({ holdout: 1, free: 6, shares: { exp_a: 3 } });
  });

  it("delivered twice is one part", async () => {
    const { claim, describe } = await createLayer();
    const first = await granted(claim("exp_a", 3));
    expect(await granted(claim("exp_a", 3))).toEqual(first);
    expect(await describe()).toMatchObject({ free: 7, shares: { exp_a: 3 } });
  });

  it("is refused where less is free, and says how much there is", async () => {
    const { claim, describe } = await createLayer(2);
    await granted(claim("exp_a", 7));
    const full = { code: "layer_full", free: TENTH, quarantined: 0 };
    expect(await refused(claim("exp_b", 2))).toEqual(full);
    expect(await describe()).toMatchObject({ free: 1, shares: { exp_a: 7 } });
  });

  it("of two who want the last part at once is granted to one", async () => {
    const { claim } = await createLayer(2);
    const replies = await Promise.all([claim("exp_a", 8), claim("exp_b", 8)]);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it("of many at once is nobody else's, and all that is free is given", async () => {
    const { claim, describe } = await createLayer(1);
    const racers = Array.from({ length: 12 }, (_, index) => `exp_${index}`);
    const replies = await Promise.all(racers.map((id) => claim(id, 1)));
    const parts = replies.flatMap((reply) => (reply.ok ? reply.value.intervals : []));
    expect(new Set(parts.map(([from]) => from)).size).toBe(9);
    expect(await describe()).toMatchObject({ free: 0 });
  });

  it("or a growing holdout gets what is left when both ask at once", async () => {
    const { claim, hold, describe } = await createLayer(4);
    const replies = await Promise.all([claim("exp_a", 4), hold(8)]);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await describe()).toMatchObject({ free: 2 });
  });
});

describe("a released part", () => {
  async function releasedLayer() {
    const created = await createLayer();
    const part = await granted(created.claim("exp_a", 6));
    await created.layer.release("exp_a", NOW + LEASE_MS);
    return { ...created, part };
  }

  it("is given to another only when the leases of the old table are over", async () => {
    const { claim, part } = await releasedLayer();
    const full = { code: "layer_full", free: 4 * TENTH, quarantined: 6 * TENTH };
    vi.setSystemTime(NOW + LEASE_MS - 1);
    expect(await refused(claim("exp_b", 6))).toEqual(full);
    vi.setSystemTime(NOW + LEASE_MS);
    expect(await granted(claim("exp_b", 6))).toEqual(part);
  });

  it("is shown until it is free", async () => {
    const { layer } = await releasedLayer();
    const holder = { experiment_id: "exp_a", share: 6 * TENTH, free_at: NOW + LEASE_MS };
    const held = { holders: [holder], free: 4 * TENTH };
    expect(await granted(layer.describe())).toMatchObject(held);
    vi.setSystemTime(NOW + LEASE_MS);
    expect(await granted(layer.describe())).toMatchObject({ holders: [], free: 10 * TENTH });
  });

  it("waits its time through an eviction", async () => {
    const { layer, claim } = await releasedLayer();
    await evictDurableObject(layer);
    expect(await refused(claim("exp_b", 6))).toMatchObject({ code: "layer_full" });
  });

  it("is as free after a second delivery as after the first, whoever has it by then", async () => {
    const { layer, claim, describe } = await releasedLayer();
    await layer.release("exp_a", NOW + LEASE_MS);
    vi.setSystemTime(NOW + LEASE_MS);
    await granted(claim("exp_b", 6));
    await layer.release("exp_a", NOW + LEASE_MS);
    await layer.release("exp_a", NOW + 5 * LEASE_MS);
    expect(await describe()).toMatchObject({ free: 4, shares: { exp_b: 6 } });
  });

  it("that another was given is not back when the clock is", async () => {
    const { claim, describe } = await releasedLayer();
    vi.setSystemTime(NOW + LEASE_MS);
    await granted(claim("exp_b", 6));
    vi.setSystemTime(NOW);
    expect(await refused(claim("exp_a", 6))).toMatchObject({ code: "layer_full" });
    expect(await describe()).toMatchObject({ free: 4, shares: { exp_b: 6 } });
  });

  it("is the experiment's again when it asks in time", async () => {
    const { claim, describe, part } = await releasedLayer();
    expect(await granted(claim("exp_a", 6))).toEqual(part);
    vi.setSystemTime(NOW + LEASE_MS);
    expect(await describe()).toMatchObject({ free: 4, shares: { exp_a: 6 } });
  });
});

describe("a holdout", () => {
  it("keeps its units while it grows, and takes none of an experiment", async () => {
    const { layer, hold, claim, describe } = await createLayer(1);
    const { intervals } = await granted(layer.heldOut());
    expect(intervals).toEqual([[0, TENTH]]);
    const part = await granted(claim("exp_a", 5));
    await granted(hold(4));
    expect((await granted(layer.heldOut())).intervals).toEqual([[0, 4 * TENTH]]);
    expect(await granted(claim("exp_a", 5))).toEqual(part);
    expect(await refused(hold(6))).toMatchObject({ code: "layer_full", free: TENTH });
    expect(await describe()).toMatchObject({ holdout: 4, free: 1 });
  });

  it("gives up only its last units", async () => {
    const { layer, hold, claim } = await createLayer(4);
    await granted(hold(1));
    expect((await granted(layer.heldOut())).intervals).toEqual([[0, TENTH]]);
    await granted(claim("exp_a", 9));
  });

  it("set twice is set once, and leaves no trace the second time", async () => {
    const { layer, hold } = await createLayer(1);
    const { layer: first } = await granted(hold(2));
    vi.setSystemTime(NOW + 60_000);
    expect(await granted(hold(2))).toEqual({ created: false, layer: first });
    expect(await owedBy(layer)).toEqual([]);
  });
});

describe("a removal", () => {
  it("is refused while an experiment holds a part, and says which", async () => {
    const { layer, layer_id, claim } = await createLayer(1);
    await granted(claim("exp_b", 1));
    await granted(claim("exp_a", 1));
    const inUse = { code: "layer_in_use", experiments: ["exp_a", "exp_b"] };
    expect(await refused(layer.remove(layer_id))).toEqual(inUse);
    expect(await listedLayer(layer_id)).not.toBeNull();
  });

  it("takes the layer and its row, and no layer comes after it", async () => {
    const { layer, layer_id, identity, claim } = await createLayer(1);
    await granted(claim("exp_a", 1));
    await layer.release("exp_a", NOW + LEASE_MS);
    await granted(layer.remove(layer_id));
    expect(await listedLayer(layer_id)).toBeNull();
    await evictDurableObject(layer);
    expect(await refused(layer.describe())).toEqual(NOT_FOUND);
    expect(await refused(claim("exp_a", 1))).toEqual(NOT_FOUND);
    expect(await refused(layer.put(identity, {}))).toEqual(NOT_FOUND);
  });

  it("delivered twice is a removal", async () => {
    const { layer, layer_id } = await createLayer(1);
    await granted(layer.remove(layer_id));
    await granted(layer.remove(layer_id));
    expect(await listedLayer(layer_id)).toBeNull();
  });

  it("of a layer whose creation was never finished takes its row", async () => {
    const { layer, layer_id } = await reservedLayer();
    await granted(layer.remove(layer_id));
    expect(await listedLayer(layer_id)).toBeNull();
  });

  it("and a claim asked at once are one or the other", async () => {
    const { layer, layer_id, claim } = await createLayer();
    const replies = await Promise.all([claim("exp_a", 1), layer.remove(layer_id)]);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
  });
});

describe("while D1 is down", () => {
  it("the actor knows, the directory does not, and the alarm tells it", async () => {
    const { layer, layer_id, hold } = await createLayer(1);
    await during("D1", () => granted(hold(3)));
    expect(await granted(layer.describe())).toMatchObject({ holdout: 3 * TENTH });
    expect(await owedBy(layer)).toEqual(["directory"]);
    expect(await listedLayer(layer_id)).toMatchObject({ holdout: "0.1" });

    await runDurableObjectAlarm(layer);
    expect(await listedLayer(layer_id)).toMatchObject({ holdout: "0.3", updated_at: NOW });
    expect(await owedBy(layer)).toEqual([]);
    expect(await alarmOf(layer)).toBeNull();
  });

  it("what was overtaken is not told: a change before a removal", async () => {
    const { layer, layer_id, hold } = await createLayer(1);
    await during("D1", async () => {
      await granted(hold(3));
      await granted(layer.remove(layer_id));
    });
    await runDurableObjectAlarm(layer);
    expect(await listedLayer(layer_id)).toBeNull();
  });

  it("it is asked ever less often", async () => {
    const { layer, hold } = await createLayer(1);
    const waits: number[] = [];
    await during("D1", async () => {
      await granted(hold(3));
      await oneByOne(Array.from({ length: 4 }), async () => {
        const due = (await alarmOf(layer)) ?? 0;
        waits.push(due - Date.now());
        vi.setSystemTime(due);
        await runDurableObjectAlarm(layer);
      });
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });
});
