import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NOW, outcomesOf, startExperiment, TOLERANT } from "../support/experiment-actor.ts";
import { granted, refused } from "../support/granted.ts";
import { alarmOf } from "../support/outage.ts";

const BY = "key_human";
const MINUTE = 60_000;
const APPROVAL = {
  rollback: {
    ...TOLERANT,
    mode: "approval",
    error_rate_threshold: 0.1,
    min_requests: 5,
    cool_down_seconds: 60,
  },
} as const;

beforeEach(() => void vi.setSystemTime(NOW));
afterEach(() => void vi.useRealTimers());

/** An experiment whose guardrail is broken, and that waits for somebody to say so. */
async function proposed() {
  const started = await startExperiment(APPROVAL);
  const reply = await started.record(outcomesOf(5, { success: false }));
  const { experiment } = started;
  return {
    ...started,
    reply,
    answer: (decision: "approve" | "dismiss") => experiment.answerProposal(decision, BY),
    wait: async (ms: number) => {
      vi.setSystemTime(Date.now() + ms);
      await runDurableObjectAlarm(experiment);
    },
  };
}

describe("with approval, a broken guardrail", () => {
  it("proposes a rollback, once, and goes on running", async () => {
    const { reply, record, state, history } = await proposed();
    expect(reply).toMatchObject({ status: "running" });
    await record(outcomesOf(20, { success: false }));
    expect(await state()).toMatchObject({
      status: "running",
      epoch: 1,
      proposal: { reason: "m@2: error rate 100.0 % is over 10.0 % after 5 requests", at: NOW },
    });
    expect(await history(2)).toMatchObject([{ type: "rollback_proposed", by: "guardrail" }]);
  });

  it("is rolled back by who approves, for the reason that was proposed", async () => {
    const { answer, state, history, evict } = await proposed();
    await evict();
    const { reason } = (await state()).proposal ?? {};
    await granted(answer("approve"));
    expect(await state()).toMatchObject({ status: "rolled_back", reason, proposal: null });
    expect((await history(3)).at(-1)).toMatchObject({ type: "rolled_back", by: BY });
  });

  it("is left alone for the cool-down by who dismisses, and proposed again after it", async () => {
    const { answer, state, record, wait, experiment, events } = await proposed();
    await granted(answer("dismiss"));
    expect(await state()).toMatchObject({ proposal: null, quiet_until: NOW + MINUTE });
    await record(outcomesOf(5, { success: false }));
    expect((await state()).proposal).toBeNull();
    expect(await alarmOf(experiment)).toBe(NOW + MINUTE);
    await wait(MINUTE - 1);
    expect((await state()).proposal).toBeNull();
    await wait(1);
    expect((await state()).proposal).toMatchObject({ at: NOW + MINUTE });
    expect((await events()).slice(2)).toEqual([
      "rollback_proposed",
      "rollback_dismissed",
      "rollback_proposed",
    ]);
  });

  it("can be answered once: the next finds no proposal", async () => {
    const { answer } = await proposed();
    const replies = await Promise.all([answer("dismiss"), answer("approve"), answer("dismiss")]);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await refused(answer("approve"))).toEqual({ code: "proposal_missing" });
  });

  it("can still be rolled back, or paused, by a person who does not care for it", async () => {
    const { change, state } = await proposed();
    await granted(change("pause"));
    expect((await state()).proposal).not.toBeNull();
    await granted(change("rollback", { reason: "complaints" }));
    expect(await state()).toMatchObject({ reason: "complaints", proposal: null });
  });

  it("does not stand in the way of the budget", async () => {
    const started = await startExperiment({
      ...APPROVAL,
      budget: { max_requests: null, max_errors: 8 },
    });
    await started.record(outcomesOf(5, { success: false }));
    expect(await started.record(outcomesOf(3, { success: false }))).toMatchObject({
      status: "rolled_back",
    });
  });
});

it("nothing can be answered where nothing was proposed", async () => {
  const { experiment } = await startExperiment();
  expect(await refused(experiment.answerProposal("approve", BY))).toEqual({
    code: "proposal_missing",
  });
});

describe("a canary of which nothing is heard", () => {
  const silentFor = async (action: "hold" | "pause" | "rollback") => {
    const no_data = { after_seconds: 60, action };
    const started = await startExperiment({ rollback: { ...TOLERANT, no_data } });
    return {
      ...started,
      wait: async (ms: number) => {
        vi.setSystemTime(Date.now() + ms);
        await runDurableObjectAlarm(started.experiment);
      },
    };
  };

  it.each([
    ["pause", "paused"],
    ["rollback", "rolled_back"],
  ] as const)("makes it %s by the alarm, after exactly the time", async (action, status) => {
    const { wait, state, experiment, history } = await silentFor(action);
    expect(await alarmOf(experiment)).toBe(NOW + MINUTE);
    await wait(MINUTE - 1);
    expect(await state()).toMatchObject({ status: "running" });
    await wait(1);
    const reason = "no outcome of a canary for 60 s";
    expect(await state()).toMatchObject({ status, reason });
    expect((await history(2)).at(-1)).toMatchObject({
      by: "no_data",
      data: { reason, since: new Date(NOW).toISOString() },
    });
    expect(await alarmOf(experiment)).toBeNull();
  });

  it("is nothing to act on when the policy is to hold, and there is no ramp to hold", async () => {
    const { wait, state, events } = await silentFor("hold");
    await wait(MINUTE);
    expect(await state()).toMatchObject({ status: "running" });
    expect(await events()).toEqual(["created", "started"]);
  });

  it("is heard of with every outcome of a canary, also in a batch and after an eviction", async () => {
    const { wait, state, record, evict } = await silentFor("pause");
    await wait(MINUTE - 1_000);
    await record(outcomesOf(1));
    await evict();
    await wait(MINUTE - 1);
    expect(await state()).toMatchObject({ status: "running" });
    await wait(1);
    expect(await state()).toMatchObject({ status: "paused" });
  });

  it("is not heard of with outcomes of the control, or such as were counted before", async () => {
    const { wait, state, record } = await silentFor("pause");
    const first = outcomesOf(1);
    await record(first);
    await wait(MINUTE - 1_000);
    await record(outcomesOf(5, { variant_id: "var_0" }));
    await record(first);
    await wait(1_000);
    expect(await state()).toMatchObject({ status: "paused" });
  });

  it("is given its time again when it is resumed", async () => {
    const { wait, state, change } = await silentFor("pause");
    await wait(MINUTE);
    await granted(change("resume"));
    await wait(MINUTE - 1);
    expect(await state()).toMatchObject({ status: "running", reason: null });
    await wait(1);
    expect(await state()).toMatchObject({ status: "paused" });
  });
});
