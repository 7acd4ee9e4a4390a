import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { NOW, outcomesOf, startExperiment } from "../support/experiment-actor.ts";
import { granted } from "../support/granted.ts";

const BY = "key_human";
const budgetOf = (max_requests: number | null, max_errors: number | null = null) => ({
  max_requests,
  max_errors,
});
/** Everybody is sent to the canary, so that every request is paid for. */
const startBudgeted = (max_requests: number | null, changes: object = {}) =>
  startExperiment({ weights: [0, WHOLE], budget: budgetOf(max_requests), ...changes });
type Started = Awaited<ReturnType<typeof startBudgeted>>;

let requests = 0;
const decide = ({ experiment }: Started) =>
  granted(experiment.decide({ request_id: `request-${requests++}` }));
const decideMany = (started: Started, count: number) =>
  Promise.all(Array.from({ length: count }, () => decide(started)));
const canaries = (decisions: readonly { variant: number }[]) =>
  decisions.filter(({ variant }) => variant === 1).length;

beforeEach(() => void vi.setSystemTime(NOW));
afterEach(() => void vi.useRealTimers());

describe("a strict experiment", () => {
  it("sends exactly as many requests to its canary as the budget has, and is paused then", async () => {
    const started = await startBudgeted(5);
    expect(canaries(await decideMany(started, 5))).toBe(5);
    expect(await started.state()).toMatchObject({ status: "running" });
    expect(await decide(started)).toMatchObject({ variant: 0, reason: "budget_spent" });
    expect(await started.state()).toMatchObject({ status: "paused", epoch: 2 });
    expect((await started.history(2)).at(-1)).toMatchObject({
      type: "paused",
      by: "budget",
      data: {
        canary_requests: 5,
        max_requests: 5,
        reason: "the canaries have had the 5 requests of the budget",
      },
    });
  });

  it("sends no more, whoever asks at the same time and whenever it is evicted", async () => {
    const started = await startBudgeted(30);
    const waves = [];
    for (let wave = 0; wave < 4; wave++) {
      waves.push(...(await decideMany(started, 12)));
      await started.evict();
    }
    expect(canaries(waves)).toBe(30);
  });

  it("pays for no request of the control", async () => {
    const started = await startBudgeted(5, { weights: [WHOLE, 0] });
    await decideMany(started, 20);
    expect(await started.state()).toMatchObject({ status: "running" });
  });

  it("goes on after its budget was raised and it was resumed, and not before", async () => {
    const started = await startBudgeted(3);
    await decideMany(started, 4);
    await granted(started.change("resume"));
    expect(await started.state()).toMatchObject({ status: "paused" });
    await granted(started.experiment.changeBudget(budgetOf(5), BY));
    expect(await started.state()).toMatchObject({ status: "paused", budget: budgetOf(5) });
    await granted(started.change("resume"));
    expect(canaries(await decideMany(started, 6))).toBe(2);
    expect(await started.state()).toMatchObject({ status: "paused" });
  });

  it("is without a limit again when the budget is taken away", async () => {
    const started = await startBudgeted(2);
    await granted(started.experiment.changeBudget(budgetOf(null), BY));
    expect(canaries(await decideMany(started, 10))).toBe(10);
  });

  it("is paused at once when its budget is set below what it has spent", async () => {
    const started = await startBudgeted(10);
    await decideMany(started, 6);
    const changed = await granted(started.experiment.changeBudget(budgetOf(5), BY));
    expect(changed.state).toMatchObject({ status: "paused" });
    expect((await started.events()).slice(-2)).toEqual(["budget_changed", "paused"]);
  });

  it("that enrols pays for who is enrolled too", async () => {
    const bandit = {
      metric: "conversion_rate",
      objective: "maximize",
      algorithm: "thompson",
      minimum_share: 0,
    } as const;
    const started = await startBudgeted(3, { bandit, allocation_strategy: "mab" });
    const unit = { request_id: "r", user_id: "one" };
    const decided = [];
    for (let at = 0; at < 4; at++) decided.push(await granted(started.experiment.decide(unit)));
    expect(canaries(decided)).toBe(3);
  });
});

describe("leases of a leased experiment", () => {
  const leased = { consistency: "leased" };

  it("grant a tenth of what is left, at least one, and all grants together the budget", async () => {
    const { lease } = await startBudgeted(40, leased);
    const grants = [];
    for (;;) {
      const { canary_grant } = await lease();
      if (!canary_grant || canary_grant.granted === 0) break;
      grants.push(canary_grant.granted);
    }
    expect(grants[0]).toBe(4);
    expect(grants.at(-1)).toBe(1);
    expect(grants.reduce((sum, granted) => sum + granted, 0)).toBe(40);
  });

  it("at the same time grant no more than there is", async () => {
    const { lease } = await startBudgeted(20, leased);
    const granted = await Promise.all(Array.from({ length: 50 }, () => lease()));
    const sum = granted.reduce((all, { canary_grant }) => all + (canary_grant?.granted ?? 0), 0);
    expect(sum).toBe(20);
  });

  it("grant as much as is waited for, if there is as much", async () => {
    const { experiment } = await startBudgeted(20, leased);
    const grant = async (wanted: number) =>
      (await granted(experiment.lease([], wanted))).canary_grant?.granted;
    expect([await grant(7), await grant(1), await grant(50), await grant(1)]).toEqual([
      7, 2, 11, 0,
    ]);
  });

  it("take back what was not used, once, and no more than they gave", async () => {
    const { lease, evict } = await startBudgeted(10, leased);
    const { canary_grant } = await lease();
    expect(canary_grant?.granted).toBe(1);
    const unused = [{ lease_id: canary_grant?.lease_id ?? "", unused: 9 }];
    const next = await lease(unused);
    expect(next.canary_grant?.granted).toBe(1);
    await evict();
    await lease(unused);
    await lease([{ lease_id: "never granted", unused: 5 }]);
    let granted = 3;
    for (;;) {
      const { canary_grant: another } = await lease();
      if (!another?.granted) break;
      granted += another.granted;
    }
    // One of the four came back and was given again.
    expect(granted).toBe(10);
  });

  it("pause it when all is spent, but not before the last grant has ended", async () => {
    const { lease, state } = await startBudgeted(1, leased);
    await lease();
    expect((await lease()).canary_grant?.granted).toBe(0);
    expect(await state()).toMatchObject({ status: "running" });
    vi.setSystemTime(NOW + 1_001);
    const last = await lease();
    expect(last).toMatchObject({ table: { status: "paused" }, canary_grant: { granted: 0 } });
  });

  it("grant nothing to who only reports, and nothing where there is no budget", async () => {
    const { experiment, lease } = await startBudgeted(10, leased);
    expect(await granted(experiment.lease([], 0))).toMatchObject({ canary_grant: null });
    expect((await lease()).canary_grant?.granted).toBe(1);
    const free = await startBudgeted(null, leased);
    expect((await free.lease()).canary_grant).toBeNull();
  });

  it("grant nothing while it is paused", async () => {
    const { lease, change } = await startBudgeted(10, leased);
    await granted(change("pause"));
    expect(await lease()).toMatchObject({ canary_grant: { granted: 0 } });
  });
});

describe("a budget of errors", () => {
  const budget = budgetOf(null, 3);

  it("rolls back with the error that uses it up, wherever errors come from", async () => {
    const { record, history } = await startExperiment({ budget });
    await record(outcomesOf(50));
    await record(outcomesOf(1, { success: false, latency_ms: null }), "served");
    expect(await record(outcomesOf(1, { success: false }))).toMatchObject({ status: "running" });
    expect(await record(outcomesOf(1, { success: false }))).toMatchObject({
      status: "rolled_back",
    });
    expect((await history(2)).at(-1)).toMatchObject({
      by: "budget",
      data: { errors: 3, max_errors: 3 },
    });
  });

  it("is not touched by the control's errors, nor by the same error again", async () => {
    const { record } = await startExperiment({ budget });
    await record(outcomesOf(50, { variant_id: "var_0", success: false }));
    const two = outcomesOf(2, { success: false });
    await record(two);
    expect(await record(two)).toMatchObject({ duplicates: 2, status: "running" });
  });

  it("gets back what a correction takes back", async () => {
    const { record } = await startExperiment({ budget });
    const [first, second] = outcomesOf(2, { success: false });
    if (!first || !second) throw new Error("there are two");
    await record([first, second]);
    await record([{ ...first, success: true, revision: 1 }]);
    expect(await record(outcomesOf(1, { success: false }))).toMatchObject({ status: "running" });
    expect(await record(outcomesOf(1, { success: false }))).toMatchObject({
      status: "rolled_back",
    });
  });
});
