import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OutcomeReport } from "../../../contract/experiment-lease.ts";
import {
  NOW,
  outcomeOf,
  outcomesOf,
  startExperiment,
  TOLERANT,
} from "../support/experiment-actor.ts";
import { granted } from "../support/granted.ts";
import { holdMerges } from "../support/hold-merges.ts";
import { alarmOf } from "../support/outage.ts";

const SHARDS = 8;
const LEASED = { consistency: "leased" } as const;
type Started = Awaited<ReturnType<typeof startExperiment>>;

const rate = env.OUTCOME_SPREAD_RATE;
beforeEach(() => void vi.setSystemTime(NOW));
afterEach(() => {
  vi.useRealTimers();
  Object.assign(env, { OUTCOME_SPREAD_RATE: rate });
});

/** An experiment that has had more outcomes than one actor takes, several seconds in a row. */
async function spread(changes: object = {}) {
  const started = await startExperiment({ ...LEASED, ...changes });
  Object.assign(env, { OUTCOME_SPREAD_RATE: "2" });
  let before: OutcomeReport[] = [];
  for (let second = 0; second < 8; second++) {
    vi.setSystemTime(NOW + second * 1_000);
    const [left, right] = [
      outcomesOf(2, { epoch: 1, covariate: 3, metrics: { conversion: 1 } }),
      outcomesOf(2, { variant_id: "var_0", epoch: 1 }),
    ];
    before = [...before, ...left, ...right];
    await started.record([...left, ...right]);
  }
  const shards = Array.from({ length: SHARDS }, (_, shard) =>
    env.OUTCOME_SHARD.getByName(`${started.id}/${shard}`),
  );
  return {
    ...started,
    before,
    shards,
    /** Until the experiment's actor knows what the shards have counted. */
    settle: async () => {
      await Promise.all(shards.map((shard) => runDurableObjectAlarm(shard)));
    },
  };
}

/** As who does not know the epoch of its decision reports it. */
const withoutEpoch = (outcome: OutcomeReport): OutcomeReport => {
  const { epoch: _, ...rest } = outcome;
  return rest;
};

const counted = async (started: Started) => {
  const arms = await started.report();
  return arms.map(({ counts, units, latency, metrics, covariate, bins }) => ({
    counts,
    units,
    latency,
    metrics,
    covariate,
    bins: bins.filter(([, count]) => count !== 0).toSorted(([a], [b]) => a - b),
  }));
};
/** What one actor counts of the same outcomes. */
async function countedByOne(...batches: (readonly OutcomeReport[])[]) {
  const one = await startExperiment();
  for (const batch of batches) await one.record([...batch]);
  return counted(one);
}

describe("an experiment that gets more outcomes than one actor takes", () => {
  it("is spread over more actors, once, from a new epoch on", async () => {
    const { state, history, lease } = await spread();
    expect(await state()).toMatchObject({
      status: "running",
      epoch: 2,
      shards: { count: SHARDS, since_epoch: 2 },
    });
    expect(await history(2)).toMatchObject([{ type: "spread", by: "ingest", data: { shards: 8 } }]);
    expect(await lease()).toMatchObject({ shards: { count: SHARDS, since_epoch: 2 } });
  });

  it("stays with one actor for a burst, and where it is strict", async () => {
    const burst = await startExperiment(LEASED);
    Object.assign(env, { OUTCOME_SPREAD_RATE: "2" });
    for (const second of [0, 1, 2, 10, 11, 12]) {
      vi.setSystemTime(NOW + second * 1_000);
      await burst.record(outcomesOf(10));
    }
    const strict = await startExperiment();
    for (let second = 0; second < 10; second++) {
      vi.setSystemTime(NOW + second * 1_000);
      await strict.record(outcomesOf(10));
    }
    for (const { state } of [burst, strict]) expect((await state()).shards).toBeNull();
  });
});

describe("the sums of all shards", () => {
  it("are exactly those of one actor, also after an eviction of every one", async () => {
    const started = await spread();
    const after = outcomesOf(120, { epoch: 2, metrics: { conversion: 1 } }).map((outcome, at) => ({
      ...outcome,
      variant_id: `var_${at % 2}`,
      latency_ms: at * 1.125,
      success: at % 3 !== 0,
      covariate: at,
    }));
    expect(await started.record(after)).toMatchObject({ accepted: 120, duplicates: 0 });
    await started.settle();
    const expected = await countedByOne(started.before, after);
    expect(await counted(started)).toEqual(expected);
    await started.evict();
    await Promise.all(started.shards.map((shard) => evictDurableObject(shard)));
    await started.settle();
    expect(await counted(started)).toEqual(expected);
  });

  it("count nothing twice that is sent again, to any actor, at the same time or later", async () => {
    const started = await spread();
    const after = outcomesOf(40, { epoch: 2 });
    const replies = await Promise.all([1, 2, 3].map(() => started.record(after)));
    expect(replies.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(40);
    expect(await started.record(after)).toMatchObject({ accepted: 0, duplicates: 40 });
    await started.settle();
    await started.settle();
    expect(await counted(started)).toEqual(await countedByOne(started.before, after));
  });

  it("count nothing twice that was counted before the spread, with its epoch or without", async () => {
    const started = await spread();
    expect(await started.record(started.before)).toMatchObject({ accepted: 0, duplicates: 32 });
    const unknown = started.before.map(withoutEpoch);
    expect(await started.record(unknown)).toMatchObject({ accepted: 0, duplicates: 32 });
    await started.settle();
    expect(await counted(started)).toEqual(await countedByOne(started.before));
  });

  it("take corrections of what was counted before the spread, in its epoch", async () => {
    const started = await spread();
    const corrected = started.before.map((outcome, at) => ({
      ...outcome,
      revision: 1,
      covariate: at / 8,
      metrics: { conversion: at % 2 },
      success: at % 2 === 0,
      latency_ms: 500 + at,
    }));
    expect(await started.record(corrected)).toMatchObject({ accepted: 32 });
    await started.settle();
    const expected = await countedByOne(started.before, corrected);
    expect(await counted(started)).toEqual(expected);
    await started.evict();
    await Promise.all(started.shards.map((shard) => evictDurableObject(shard)));
    // A shard that has lost what it knew of the actor's knowledge tells it all again.
    await started.record(outcomesOf(0));
    const again = corrected.map((outcome) => ({ ...outcome, revision: 2, success: true }));
    await started.record(again);
    await started.settle();
    expect(await counted(started)).toEqual(await countedByOne(started.before, again));
    const epochs = new Set((await started.cells()).map(({ epoch }) => epoch));
    expect(epochs).toEqual(new Set([1]));
  });

  it("have a report of what was served epochs ago, that does not know its epoch", async () => {
    const started = await spread();
    const served = outcomesOf(16, { epoch: 2 });
    await started.record(served, "served");
    await started.settle();
    await granted(started.change("pause"));
    await granted(started.change("resume"));
    const reported = served.map((outcome) => ({ ...withoutEpoch(outcome), success: false }));
    expect(await started.record(reported)).toMatchObject({ accepted: 16 });
    await started.settle();
    const cells = (await started.cells()).filter(({ epoch }) => epoch >= 2);
    expect(cells).toMatchObject([{ epoch: 2, counts: { requests: 16, reported_errors: 16 } }]);
  });

  it("are whole although calls are cut off, when what was not answered is sent again", async () => {
    const started = await spread();
    const after = outcomesOf(60, { epoch: 2 });
    const send = async (): Promise<unknown> => {
      try {
        return await env.EXPERIMENT.getByName(started.id).record(after, "reported");
      } catch {
        return send();
      }
    };
    const sending = [send(), send()];
    await abortAllDurableObjects();
    await Promise.all([...sending, send()]);
    await started.settle();
    expect(await counted(started)).toEqual(await countedByOne(started.before, after));
  });
});

describe("a shard", () => {
  it("tells its sums by the alarm when nothing more comes", async () => {
    const started = await spread();
    await started.record(outcomesOf(40, { epoch: 2 }));
    await started.record(outcomesOf(40, { epoch: 2 }));
    const alarms = await Promise.all(started.shards.map((shard) => alarmOf(shard)));
    for (const alarm of alarms) expect(alarm).toBeLessThanOrEqual(Date.now() + 100);
    expect(alarms).not.toContain(null);
    await started.settle();
    expect((await started.report())[1]).toMatchObject({ requests: 16 + 80 });
  });

  it("whose alarm rings while it is telling tells what came meanwhile, too", async () => {
    const { id, record, shards, report } = await spread();
    await record(outcomesOf(40, { epoch: 2 }));
    vi.setSystemTime(Date.now() + 1_000);
    const { begun, release } = holdMerges(id);
    const first = record(outcomesOf(80, { epoch: 2 }));
    await begun();
    const second = record(outcomesOf(80, { epoch: 2 }));
    const ringing = shards.map((shard) => runDurableObjectAlarm(shard));
    await scheduler.wait(20);
    release();
    await Promise.all([first, second, ...ringing]);
    expect((await report())[1]).toMatchObject({ requests: 16 + 200 });
  });

  it("that repeats old sums, or tells them late, changes nothing", async () => {
    const { experiment, report, record, settle, cells } = await spread();
    await record(outcomesOf(80, { epoch: 2 }));
    await settle();
    const before = await report();
    const old = (await cells()).map((cell) => ({
      ...cell,
      counts: { ...cell.counts, requests: 1 },
    }));
    await experiment.merge(0, 0, old);
    expect(await report()).toEqual(before);
  });

  it("does not make a canary heard of by outcomes of the control", async () => {
    const no_data = { after_seconds: 60, action: "pause" } as const;
    const started = await spread({ rollback: { ...TOLERANT, no_data } });
    await started.record(outcomesOf(40, { epoch: 2 }));
    await started.settle();
    vi.setSystemTime(Date.now() + 59_000);
    await started.record(outcomesOf(40, { epoch: 2, variant_id: "var_0" }));
    await started.settle();
    vi.setSystemTime(Date.now() + 2_000);
    await runDurableObjectAlarm(started.experiment);
    expect(await started.state()).toMatchObject({ status: "paused" });
  });

  it("forgets what it counted when the experiment is deleted", async () => {
    const started = await spread();
    await started.record(outcomesOf(80, { epoch: 2 }));
    await started.settle();
    await granted(started.change("rollback"));
    await granted(started.experiment.remove());
    const left = await Promise.all(
      started.shards.map((shard) =>
        runInDurableObject(shard, (_, { storage }) => ({
          outcomes: storage.sql.exec("SELECT 1 FROM outcome").toArray().length,
          cells: storage.sql.exec("SELECT 1 FROM cell").toArray().length,
        })),
      ),
    );
    expect(left).toEqual(started.shards.map(() => ({ outcomes: 0, cells: 0 })));
  });
});

describe("a guardrail", () => {
  const rollback = { ...TOLERANT, error_rate_threshold: 0.5, min_requests: 30 };

  it("rolls back by what the shards have counted, and later replies say so", async () => {
    const started = await spread({ rollback });
    const failing = () => outcomesOf(40, { epoch: 2, success: false });
    await started.record(failing());
    await started.settle();
    expect(await started.state()).toMatchObject({ status: "rolled_back" });
    expect(await started.record(failing())).toMatchObject({ status: "rolled_back" });
  });

  it("acts with a report that the shards' sums were only waiting for", async () => {
    const started = await spread({ rollback });
    vi.setSystemTime(Date.now() + 1_000);
    const { status } = await started.record(outcomesOf(80, { epoch: 2, success: false }));
    expect(status).toBe("rolled_back");
  });
});

it("an exposure is counted once, before the spread and after it", async () => {
  const { experiment, report } = await spread();
  const exposures: [number, number, number][] = [
    [7, 1, 2],
    [8, 0, 2],
  ];
  await granted(experiment.record([], "served", exposures));
  await granted(experiment.record([outcomeOf("x", { epoch: 2 })], "served", exposures));
  expect((await report()).map(({ units }) => units)).toEqual([1, 1]);
});
