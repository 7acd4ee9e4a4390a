import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chainedText } from "../../../contract/chained-text.ts";
import { EVENT_TYPES } from "../../../contract/experiment-report.ts";
import type { ExperimentEvent } from "../../../contract/experiment-lease.ts";
import { replay, type StateEvent } from "../../../domain/experiments/lifecycle.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import {
  NOW,
  outcomesOf,
  startContest,
  startExperiment,
  TOLERANT,
} from "../support/experiment-actor.ts";
import { granted } from "../support/granted.ts";
import { owedBy } from "../support/outage.ts";

const BY = { by: "key_human", dry_run: false };

beforeEach(() => void vi.setSystemTime(NOW));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Recomputes the chain from what everybody can read, as `linnet` and other clients do. */
async function chainOf(events: readonly ExperimentEvent[]): Promise<string[]> {
  const hashes: string[] = [];
  for (const { hash: _, at, ...event } of events) {
    const read = JSON.parse(JSON.stringify(event)) as typeof event;
    const told = { ...read, at: new Date(at).toISOString() };
    const bytes = new TextEncoder().encode(chainedText(hashes.at(-1) ?? null, told));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    hashes.push([...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  return hashes;
}

const NOTES = ["created", "promoted", "demoted", "sample_ratio_mismatch"];
const stateEvents = (events: readonly ExperimentEvent[]): StateEvent[] =>
  events.filter(({ type }) => !NOTES.includes(type)) as unknown as StateEvent[];

/** Experiments with every kind of event in their log. */
const lives = {
  "a ramp that is steered and rolled back": async () => {
    const step = { hold_ms: 0, minimum_outcomes: 5, approval: false };
    const ramp = {
      steps: [
        { ...step, weight: WHOLE / 10 },
        { ...step, weight: WHOLE / 2, approval: true },
        { ...step, weight: WHOLE },
      ],
      on_degradation: "hold" as const,
    };
    const rollback = { ...TOLERANT, error_rate_threshold: 0.5, min_requests: 10 };
    const weights = [(9 * WHOLE) / 10, WHOLE / 10];
    const started = await startExperiment({ ramp, rollback, weights });
    const { experiment, record } = started;
    await record(outcomesOf(5));
    await granted(experiment.steerRamp("hold", BY));
    await granted(experiment.steerRamp("release", BY));
    await granted(experiment.steerRamp("approve", BY));
    await granted(experiment.steerRamp("reverse", BY));
    await granted(experiment.changeBudget({ max_requests: 1_000, max_errors: null }, "key_a"));
    await record(outcomesOf(400, { success: false, latency_ms: 0.1 }));
    return started;
  },
  "a bandit whose rollback is dismissed": async () => {
    const bandit = {
      metric: "conversion_rate",
      objective: "maximize",
      algorithm: "top_two",
      minimum_share: 0,
    } as const;
    const rollback = {
      ...TOLERANT,
      rule: "both",
      mode: "approval",
      error_rate_threshold: 0.1,
      min_requests: 5,
    } as const;
    const started = await startExperiment({ bandit, rollback });
    const metrics = (conversion: number) => ({ metrics: { conversion } });
    await started.record(outcomesOf(40, { ...metrics(1), success: false }));
    await started.record(outcomesOf(40, { ...metrics(0), variant_id: "var_0" }));
    await granted(started.experiment.answerProposal("dismiss", "key_a"));
    await started.record(outcomesOf(500, metrics(0)));
    return started;
  },
  "weights, a pause, a conclusion and its undoing": async () => {
    const started = await startContest();
    const { experiment, change } = started;
    await granted(experiment.reweigh([WHOLE / 4, (3 * WHOLE) / 4], BY));
    await granted(change("pause", { reason: 'é😀 \u2028 "quoted"' }));
    await granted(experiment.reweigh([WHOLE / 2, WHOLE / 2], BY));
    await granted(change("resume"));
    const { undo_token = "" } = await granted(change("conclude", { winner: "var_1" }));
    await granted(experiment.undo(undo_token, "key_a"));
    await granted(change("rollback"));
    return started;
  },
};

describe.each(Object.entries(lives))("the log of %s", (_, live) => {
  it("is a chain of hashes that anybody can check, and that no change escapes", async () => {
    const { history, evict } = await live();
    await evict();
    const events = await history();
    expect(await chainOf(events)).toEqual(events.map(({ hash }) => hash));
    for (const [at, event] of events.entries()) {
      const forged = events.with(at, { ...event, data: { ...event.data, forged: true } });
      expect((await chainOf(forged)).at(-1)).not.toBe(events.at(-1)?.hash);
    }
  });

  it("gives the state again, bit by bit, when it is played from the definition", async () => {
    const { history, definition, state } = await live();
    const events = await history();
    const replayed = replay(definition, stateEvents(events));
    expect(replayed).toEqual({ ok: true, value: await state() });
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((__, at) => at + 1));
  });
});

it("these logs hold every kind of event but one, which the tests of shards look at", async () => {
  const logs = await Promise.all(Object.values(lives).map(async (live) => (await live()).events()));
  const kinds = new Set(logs.flat());
  expect(EVENT_TYPES.filter((type) => !kinds.has(type))).toEqual(["spread"]);
});

describe("what happens is sent to the queue", () => {
  type Message = { body: { kind: string; experiment_id: string; sequence: number; type: string } };
  const sent: Message["body"][] = [];
  const listen = () => {
    sent.length = 0;
    return vi.spyOn(env.EVENTS, "sendBatch").mockImplementation(async (messages) => {
      for (const { body } of messages as Iterable<Message>) sent.push(body);
      return {} as Awaited<ReturnType<typeof env.EVENTS.sendBatch>>;
    });
  };

  it("in order, once, with the owner and the experiment that it is about", async () => {
    listen();
    const { id, definition, change, history } = await startExperiment();
    await granted(change("pause"));
    await granted(change("resume"));
    const about = { kind: "experiment", experiment_id: id, owner_id: definition.owner_id };
    const written = (await history()).map(({ at, ...event }) => ({
      ...event,
      at: new Date(at).toISOString(),
    }));
    expect(sent).toEqual(written.map((event) => ({ ...about, ...event })));
  });

  it("also what rules do by themselves", async () => {
    listen();
    const rollback = { ...TOLERANT, error_rate_threshold: 0.5, min_requests: 2 };
    const { record } = await startExperiment({ rollback });
    await record(outcomesOf(2, { success: false }));
    expect(sent.at(-1)).toMatchObject({ type: "rolled_back", by: "guardrail" });
  });

  it("later, and all of it, when the queue could not be reached: by the alarm, after an eviction", async () => {
    const spy = listen();
    const { experiment, change } = await startExperiment();
    const before = sent.length;
    spy.mockRejectedValue(new Error("out of order"));
    vi.spyOn(console, "error").mockReturnValue();
    await granted(change("pause"));
    await granted(change("rollback"));
    expect([sent.length, await owedBy(experiment)]).toEqual([before, ["events"]]);
    await evictDurableObject(experiment);
    listen();
    await runDurableObjectAlarm(experiment);
    expect(sent.map(({ type, sequence }) => [sequence, type])).toEqual([
      [3, "paused"],
      [4, "rolled_back"],
    ]);
    expect(await owedBy(experiment)).toEqual([]);
  });

  it("once by many who make it happen at the same time", async () => {
    listen();
    const { change } = await startExperiment();
    await Promise.all([change("pause"), change("pause"), change("rollback")]);
    const sequences = sent.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
  });
});
