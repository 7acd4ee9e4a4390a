import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decide, type Unit } from "../../../domain/experiments/decide.ts";
import { layOut, ownerAt } from "../../../domain/experiments/ledger.ts";
import {
  advance,
  type StateEvent,
  type Transition,
} from "../../../domain/experiments/lifecycle.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import {
  createExperiment,
  eventsOf,
  NOW,
  startExperiment,
  statusOf,
} from "../support/experiment-actor.ts";
import { granted, refused } from "../support/granted.ts";
import { serialId } from "../support/serial-id.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { alarmOf, during, owedBy } from "../support/outage.ts";

const THIRDS = [WHOLE / 2, WHOLE / 4, WHOLE / 4];
const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);

type Experiment = Awaited<ReturnType<typeof createExperiment>>["experiment"];
const variantsBy = (experiment: Experiment) =>
  Promise.all(
    users.map(async (user_id) => {
      const { variant } = await granted(experiment.decide({ request_id: "r", user_id }));
      return variant;
    }),
  );

beforeEach(() => {
  vi.setSystemTime(NOW);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("an experiment that was never created", () => {
  it("is not found by any call", async () => {
    const experiment = env.EXPERIMENT.getByName("exp_never");
    const calls = [
      experiment.describe(),
      experiment.change("start", { by: "key_a" }),
      experiment.decide({ request_id: "r" }),
      experiment.lease(),
      experiment.record([], "served"),
      experiment.report(),
    ];
    const refusals = await Promise.all(calls.map((call) => refused(call)));
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["experiment_not_found"]));
  });
});

describe("a draft", () => {
  it("is listed as a draft, with the event of its creation", async () => {
    const { id, state, history } = await createExperiment();
    expect(await state()).toMatchObject({ status: "draft", epoch: 0, started_at: null });
    expect(await statusOf(id)).toBe("draft");
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(await history()).toEqual([
      { sequence: 1, type: "created", at: 1_000, by: "key_creator", epoch: 0, data: {}, hash },
    ]);
  });

  it("decides nothing and counts nothing", async () => {
    const { experiment } = await createExperiment();
    const notStarted = { code: "experiment_not_started" };
    expect(await refused(experiment.decide({ request_id: "r" }))).toEqual(notStarted);
    expect(await refused(experiment.record([], "reported"))).toEqual(notStarted);
  });
});

describe("a change", () => {
  it("begins an epoch, is told to the directory and leaves an event", async () => {
    const { id, change, history } = await createExperiment();
    expect(await granted(change("start"))).toMatchObject({
      state: { status: "running", epoch: 1, started_at: NOW, updated_at: NOW },
    });
    expect(await statusOf(id)).toBe("running");
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(await history(1)).toEqual([
      { sequence: 2, type: "started", at: NOW, by: "key_changer", epoch: 1, data: {}, hash },
    ]);
  });

  it("that is refused changes nothing and says what is allowed", async () => {
    const { change, state, events } = await startExperiment();
    const before = await state();
    expect(await refused(change("resume"))).toEqual({
      code: "experiment_transition_refused",
      transition: "resume",
      status: "running",
      allowed: ["pause", "rollback", "conclude"],
    });
    expect(await state()).toEqual(before);
    expect(await events()).toEqual(["created", "started"]);
  });

  it("is in effect at once when strict, and when the last lease is over when leased", async () => {
    const strict = await createExperiment({ consistency: "strict" });
    expect(await granted(strict.change("start"))).toMatchObject({ effective_at: NOW });
    const leased = await createExperiment({ consistency: "leased" });
    expect(await granted(leased.change("start"))).toMatchObject({ effective_at: NOW + 1_000 });
    expect(await granted(leased.experiment.lease())).toMatchObject({ lease_ms: 1_000 });
  });

  it("by hand to rolled back keeps its reason and sends everybody to control", async () => {
    const { experiment, change, state } = await startExperiment();
    await granted(change("rollback", { reason: "customers complain" }));
    expect(await state()).toMatchObject({ status: "rolled_back", reason: "customers complain" });
    expect(new Set(await variantsBy(experiment))).toEqual(new Set([0]));
  });

  it("to concluded without a winner sends everybody to control", async () => {
    const { experiment, change } = await startExperiment();
    await granted(change("conclude"));
    expect(new Set(await variantsBy(experiment))).toEqual(new Set([0]));
  });
});

describe("the same unit gets the same variant", () => {
  it("from the ledger that its weights lay out", async () => {
    const { experiment, id } = await startExperiment({ weights: THIRDS });
    const ledger = layOut(THIRDS);
    expect(await variantsBy(experiment)).toEqual(
      users.map((user) => ownerAt(ledger, unitPosition(id, user))),
    );
  });

  it("from the actor, from a lease of it, and from both after an eviction", async () => {
    const { experiment, evict, lease } = await startExperiment({ weights: THIRDS });
    const text = fc.string({ minLength: 1, unit: "grapheme" });
    const optional = { user_id: text, sticky: fc.boolean() };
    const units: fc.Arbitrary<Unit> = fc
      .tuple(text, fc.record(optional, { requiredKeys: [] }))
      .map(([request_id, rest]) => ({ request_id, ...rest }));
    await fc.assert(
      fc.asyncProperty(units, async (unit) => {
        const first = await experiment.decide(unit);
        const { table } = await lease();
        expect(decide(table, unit)).toEqual(first);
        await evict();
        expect(await experiment.decide(unit)).toEqual(first);
      }),
      { numRuns: 60 },
    );
  });

  it("before a pause, in which everybody gets control, and after it", async () => {
    const { experiment, change } = await startExperiment({ weights: THIRDS });
    const before = await variantsBy(experiment);
    expect(new Set(before).size).toBe(3);
    await granted(change("pause"));
    expect(new Set(await variantsBy(experiment))).toEqual(new Set([0]));
    expect(await granted(experiment.decide({ request_id: "r" }))).toMatchObject({
      reason: "paused",
    });
    await granted(change("resume"));
    expect(await variantsBy(experiment)).toEqual(before);
  });
});

describe("along any history of changes", () => {
  const TRANSITIONS = ["start", "pause", "resume", "rollback", "conclude"] as const;
  const eventOf = (transition: Transition, at: number) =>
    ({
      start: { type: "started", at, data: {} },
      pause: { type: "paused", at, data: {} },
      resume: { type: "resumed", at, data: { outcomes: 0 } },
      rollback: { type: "rolled_back", at, data: {} },
      conclude: { type: "concluded", at, data: { winning_variant_id: null } },
    })[transition] as StateEvent;
  const histories = fc.array(fc.constantFrom(...TRANSITIONS), { maxLength: 10 });

  it("with an eviction after every call the state is what the rules say, and the directory follows", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const { id, definition, change, state, events, evict } = await createExperiment();
        let expected = await state();
        let accepted = 0;
        await oneByOne(history, async (transition, index) => {
          const now = NOW + index;
          vi.setSystemTime(now);
          const reply = await change(transition);
          await evict();
          const repeated = expected.status === "concluded" && transition === "conclude";
          if (repeated) return expect(reply.ok).toBe(true);
          const next = advance(definition, expected, eventOf(transition, now));
          expect(reply.ok).toBe(next.ok);
          if (!next.ok) return;
          expected = next.value;
          accepted += 1;
        });
        expect(await state()).toEqual(expected);
        expect(expected.epoch).toBe(accepted);
        expect(await events()).toHaveLength(1 + accepted);
        expect(await statusOf(id)).toBe(expected.status);
      }),
      { numRuns: 40 },
    );
  });

  it("of many who ask for the same change at once exactly one makes it", async () => {
    const { change, state, events } = await createExperiment();
    const replies = await Promise.all(Array.from({ length: 10 }, () => change("start")));
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await state()).toMatchObject({ status: "running", epoch: 1 });
    expect(await events()).toEqual(["created", "started"]);
  });

  it("of two who end it at once exactly one does", async () => {
    const { change, state, events } = await startExperiment();
    const replies = await Promise.all([change("rollback"), change("conclude")]);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await state()).toMatchObject({ epoch: 2 });
    expect(await events()).toHaveLength(3);
  });
});

describe("delivered twice", () => {
  it("a creation keeps the first definition and its one event", async () => {
    const { definition, experiment, events } = await startExperiment();
    const again = await granted(experiment.create({ ...definition, name: "another" }, "key_other"));
    expect(again).toMatchObject({ definition, state: { status: "running" } });
    expect(await events()).toEqual(["created", "started"]);
  });

  it("a creation that was given up stays given up, also after an eviction", async () => {
    const { definition } = await createExperiment();
    const open = () => env.EXPERIMENT.getByName(serialId("exp"));
    const other = open();
    expect(await other.abandon()).toBeNull();
    expect(await other.abandon()).toBeNull();
    const refused = { ok: false, error: { code: "experiment_abandoned" } };
    expect(await other.create(definition, "key_other")).toEqual(refused);
    expect(await other.describe()).toMatchObject({ ok: false });
  });

  it("what was created cannot be given up", async () => {
    const { id, experiment } = await createExperiment();
    expect(await experiment.abandon()).toMatchObject({ definition: { id } });
    expect(await granted(experiment.describe())).toMatchObject({ state: { status: "draft" } });
  });

  it("an alarm finds nothing left to do", async () => {
    const { id, experiment, change, state } = await createExperiment();
    await during("D1", () => granted(change("start")));
    await runDurableObjectAlarm(experiment);
    const before = await state();
    await runInDurableObject(experiment, (actor) => actor.alarm());
    expect(await state()).toEqual(before);
    expect(await statusOf(id)).toBe("running");
  });
});

describe("while D1 is down", () => {
  it("a change is made and owed to the directory, and the alarm tells it", async () => {
    const { id, experiment, change } = await createExperiment();
    await during("D1", async () => {
      expect(await granted(change("start"))).toMatchObject({ state: { status: "running" } });
    });
    expect([await statusOf(id), await owedBy(experiment)]).toEqual(["draft", ["directory"]]);
    expect(await alarmOf(experiment)).toBe(NOW + 1_000);
    await runDurableObjectAlarm(experiment);
    expect([await statusOf(id), await owedBy(experiment)]).toEqual(["running", []]);
    // Nothing is due before the canary has been silent for an hour.
    expect(await alarmOf(experiment)).toBe(NOW + 3_600_000);
  });

  it("what is owed survives an eviction", async () => {
    const { id, experiment, change } = await createExperiment();
    await during("D1", () => granted(change("start")));
    await evictDurableObject(experiment);
    await runDurableObjectAlarm(experiment);
    expect(await statusOf(id)).toBe("running");
  });

  it("only the last of several changes is told", async () => {
    const { id, experiment, change } = await createExperiment();
    await during("D1", async () => {
      await granted(change("start"));
      await granted(change("pause"));
      await granted(change("rollback"));
    });
    await runDurableObjectAlarm(experiment);
    expect(await statusOf(id)).toBe("rolled_back");
  });
});

it("its events are read in pages", async () => {
  const { id, change } = await startExperiment();
  await granted(change("pause"));
  const page = await eventsOf(id, 1, 1);
  expect(page.map(({ type }) => type)).toEqual(["started"]);
  expect(await eventsOf(id, 3)).toEqual([]);
});
