import { describe, expect, it } from "vitest";
import type { BanditPolicy } from "../../../domain/experiments/bandit.ts";
import { weightsOf } from "../../../domain/experiments/ledger.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { outcomesOf, startExperiment } from "../support/experiment-actor.ts";
import { granted } from "../support/granted.ts";

const bandit: BanditPolicy = {
  metric: "conversion_rate",
  objective: "maximize",
  algorithm: "thompson",
  minimum_share: WHOLE / 20,
};
const users = Array.from({ length: 80 }, (_, index) => `user-${index}`);

const startBandit = (changes: object = {}) =>
  startExperiment({ allocation_strategy: "mab", bandit, ...changes });
type Started = Awaited<ReturnType<typeof startBandit>>;

const variantsBy = ({ experiment }: Started) =>
  Promise.all(
    users.map(
      async (user_id) => (await granted(experiment.decide({ request_id: "r", user_id }))).variant,
    ),
  );
const sharesOf = async ({ state, definition }: Started) =>
  weightsOf((await state()).ledger, definition.variants.length).map((units) => units / WHOLE);
/** `count` outcomes of a variant, of which the first `converted` have converted. */
const conversions = (variant: number, count: number, converted: number) =>
  outcomesOf(count, { variant_id: `var_${variant}` }).map((outcome, at) => ({
    ...outcome,
    metrics: { conversion: at < converted ? 1 : 0 },
  }));

describe("a bandit", () => {
  it("gives its units to the arm that is better, as outcomes come in", async () => {
    const started = await startBandit();
    expect(await sharesOf(started)).toEqual([0.5, 0.5]);
    await started.record([...conversions(0, 50, 5), ...conversions(1, 50, 30)]);
    const [control = 0, canary = 0] = await sharesOf(started);
    expect(control).toBeCloseTo(0.05, 3);
    expect(canary).toBeCloseTo(0.95, 3);
    expect((await started.history(2)).at(-1)).toMatchObject({
      type: "reweighed",
      by: "bandit",
      epoch: 2,
      data: {
        cause: "bandit",
        arms: [
          { kind: "rate", trials: 50 },
          { kind: "rate", trials: 50 },
        ],
      },
    });
  });

  it("gives it less again when its luck turns, but never less than the minimum", async () => {
    const started = await startBandit();
    await started.record([...conversions(0, 50, 5), ...conversions(1, 50, 30)]);
    await started.record(conversions(1, 1_000, 0));
    const [control = 0, canary = 0] = await sharesOf(started);
    expect(control).toBeGreaterThan(0.9);
    expect(canary).toBeGreaterThanOrEqual(0.05);
  });

  it("minimises what it is told to", async () => {
    const started = await startBandit({ bandit: { ...bandit, objective: "minimize" } });
    await started.record([...conversions(0, 50, 5), ...conversions(1, 50, 30)]);
    expect((await sharesOf(started))[0]).toBeCloseTo(0.95, 3);
  });

  it("does not change its weights for what hardly changes them", async () => {
    const started = await startBandit();
    await started.record([...conversions(0, 500, 250), ...conversions(1, 500, 250)]);
    const { epoch } = await started.state();
    await started.record([...conversions(0, 1, 1), ...conversions(1, 1, 1)]);
    expect(await started.state()).toMatchObject({ epoch });
  });

  it("learns the same from outcomes of one batch, of many, and across evictions", async () => {
    const outcomes = [...conversions(0, 30, 5), ...conversions(1, 30, 15)];
    const [once, often] = [await startBandit(), await startBandit()];
    await once.record(outcomes);
    for (let at = 0; at < outcomes.length; at += 20) {
      await often.record(outcomes.slice(at, at + 20));
      await often.evict();
    }
    const [left, right] = [await sharesOf(once), await sharesOf(often)];
    for (const [at, share] of left.entries())
      expect(Math.abs(share - (right[at] ?? 0))).toBeLessThan(0.02);
  });

  it("rolls back all the same when a guardrail is broken", async () => {
    const { definition } = await startBandit();
    const rollback = { ...definition.rollback, error_rate_threshold: 0.2, min_requests: 5 };
    const started = await startBandit({ rollback });
    await started.record(outcomesOf(5, { success: false }));
    expect(await started.state()).toMatchObject({ status: "rolled_back" });
  });
});

describe("who is enrolled keeps its variant", () => {
  it("whatever the weights become, also after an eviction", async () => {
    const started = await startBandit();
    const before = await variantsBy(started);
    expect(new Set(before)).toEqual(new Set([0, 1]));
    await started.record([...conversions(0, 50, 0), ...conversions(1, 50, 50)]);
    expect(await variantsBy(started)).toEqual(before);
    await started.evict();
    expect(await variantsBy(started)).toEqual(before);
  });

  it("and who is new goes where the weights say", async () => {
    const started = await startBandit();
    await variantsBy(started);
    await started.record([...conversions(0, 50, 0), ...conversions(1, 50, 50)]);
    const decided = await Promise.all(
      Array.from({ length: 80 }, (_, at) =>
        granted(started.experiment.decide({ request_id: "r", user_id: `new-${at}` })),
      ),
    );
    expect(decided.filter(({ variant }) => variant === 1).length).toBeGreaterThan(65);
  });

  it("once, by whoever asks first: all who ask at the same time are told the same", async () => {
    const started = await startBandit();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        granted(started.experiment.decide({ request_id: "r", user_id: "one" })),
      ),
    );
    expect(new Set(replies.map(({ variant }) => variant)).size).toBe(1);
    const units = (await started.report()).map((arm) => arm.units);
    expect(units.reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it("and is counted as a unit of the epoch in which it was enrolled", async () => {
    const started = await startBandit();
    const before = await variantsBy(started);
    await started.record([...conversions(0, 50, 0), ...conversions(1, 50, 50)]);
    await variantsBy(started);
    const counted = (await started.cells()).filter(({ units }) => units > 0);
    expect(new Set(counted.map(({ epoch }) => epoch))).toEqual(new Set([1]));
    for (const { variant, units } of counted)
      expect(units).toBe(before.filter((each) => each === variant).length);
  });

  it("is not a request on its own: it is drawn anew, and enrols nobody", async () => {
    const started = await startBandit();
    const decide = (request_id: string) =>
      granted(started.experiment.decide({ request_id, user_id: "one", sticky: false }));
    const decided = await Promise.all(users.map(decide));
    expect(new Set(decided.map(({ variant }) => variant))).toEqual(new Set([0, 1]));
    expect((await started.report()).map(({ units }) => units)).toEqual([0, 0]);
  });

  it("as an explanation says, which enrols nobody itself", async () => {
    const started = await startBandit();
    const unit = { request_id: "r", user_id: "user-1" };
    expect(await granted(started.experiment.explain(unit))).toMatchObject({ enrolled: null });
    const { variant } = await granted(started.experiment.decide(unit));
    await started.record([...conversions(0, 50, 0), ...conversions(1, 50, 50)]);
    expect(await granted(started.experiment.explain(unit))).toMatchObject({
      enrolled: variant,
      decision: { variant, reason: "assigned" },
    });
  });
});

it("an isolate that tells of an exposure twice, or after the actor enrolled the unit, adds nothing", async () => {
  const started = await startBandit({ consistency: "leased" });
  const { experiment, id, report } = started;
  const unit = { request_id: "r", user_id: "u" };
  const { variant, epoch } = await granted(experiment.decide(unit));
  const exposure = [unitPosition(id, "u"), variant, epoch] as [number, number, number];
  await granted(experiment.record([], "served", [exposure, exposure]));
  await granted(experiment.record([], "served", [exposure]));
  expect((await report()).reduce((sum, { units }) => sum + units, 0)).toBe(1);
});
