import { describe, expect, it } from "vitest";
import { weightsOf } from "../../../domain/experiments/ledger.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { createExperiment, startExperiment } from "../support/experiment-actor.ts";
import { granted, refused } from "../support/granted.ts";
import { during } from "../support/outage.ts";

const HALVES = [WHOLE / 2, WHOLE / 2];
const QUARTER = [(3 * WHOLE) / 4, WHOLE / 4];
const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);
const BY = { by: "key_changer", dry_run: false };

type Started = Awaited<ReturnType<typeof startExperiment>>;
const variantsBy = ({ experiment }: Started) =>
  Promise.all(
    users.map(
      async (user_id) => (await granted(experiment.decide({ request_id: "r", user_id }))).variant,
    ),
  );

describe("a change of weights", () => {
  it("moves the fewest units, all from the arm that shrinks, in a new epoch", async () => {
    const started = await startExperiment();
    const before = await variantsBy(started);
    const { plan, changed } = await granted(started.experiment.reweigh(QUARTER, BY));
    expect(plan.moved).toBe(WHOLE / 4);
    expect(changed?.state).toMatchObject({ epoch: 2, status: "running" });
    expect(weightsOf((await started.state()).ledger, 2)).toEqual(QUARTER);
    const after = await variantsBy(started);
    const moved = after.filter((variant, at) => variant !== before[at]);
    expect(new Set(moved)).toEqual(new Set([0]));
    expect(moved.length / users.length).toBeGreaterThan(0.15);
    expect(moved.length / users.length).toBeLessThan(0.35);
  });

  it("that is taken back returns the same units, also after evictions", async () => {
    const started = await startExperiment({ weights: [WHOLE / 2, WHOLE / 4, WHOLE / 4] });
    const seen = [await variantsBy(started)];
    const path = [
      [WHOLE / 4, WHOLE / 2, WHOLE / 4],
      [WHOLE / 4, WHOLE / 4, WHOLE / 2],
      [0, WHOLE / 2, WHOLE / 2],
    ];
    for (const weights of path) {
      await granted(started.experiment.reweigh(weights, BY));
      await started.evict();
      seen.push(await variantsBy(started));
    }
    const back = [[WHOLE / 2, WHOLE / 4, WHOLE / 4], ...path].toReversed().slice(1);
    for (const [index, weights] of back.entries()) {
      await granted(started.experiment.reweigh(weights, BY));
      await started.evict();
      expect(await variantsBy(started)).toEqual(seen.at(-2 - index));
    }
  });

  it("leaves an event with the weights and how much was moved", async () => {
    const { experiment, history } = await startExperiment();
    await granted(experiment.reweigh(QUARTER, BY));
    expect(await history(2)).toMatchObject([
      {
        type: "reweighed",
        by: "key_changer",
        epoch: 2,
        data: { weights: ["0.75", "0.25"], moved_fraction: "0.25", cause: "asked" },
      },
    ]);
  });

  it("of a draft begins no epoch; of a paused experiment it does; of an ended one it is refused", async () => {
    const { experiment, change, state } = await createExperiment();
    await granted(experiment.reweigh(QUARTER, BY));
    expect(await state()).toMatchObject({ epoch: 0, status: "draft", earlier: [] });
    await granted(change("start"));
    expect(weightsOf((await state()).ledger, 2)).toEqual(QUARTER);
    await granted(change("pause"));
    await granted(experiment.reweigh(HALVES, BY));
    expect(await state()).toMatchObject({ epoch: 3, status: "paused" });
    await granted(change("rollback"));
    expect(await refused(experiment.reweigh(QUARTER, BY))).toMatchObject({
      code: "experiment_transition_refused",
      transition: "reweigh",
      status: "rolled_back",
    });
  });
});

describe("a dry run", () => {
  it("says exactly what the change would do, and does nothing", async () => {
    const started = await startExperiment();
    const before = await started.state();
    const dry = await granted(started.experiment.reweigh(QUARTER, { ...BY, dry_run: true }));
    expect(dry.changed).toBeNull();
    expect(await started.state()).toEqual(before);
    expect(await started.events()).toEqual(["created", "started"]);
    const { plan } = await granted(started.experiment.reweigh(QUARTER, BY));
    expect(plan).toEqual(dry.plan);
    expect((await started.state()).ledger).toEqual(dry.plan.ledger);
  });

  it("is refused for what the change itself would be refused for", async () => {
    const { experiment, change } = await startExperiment();
    await granted(change("conclude"));
    expect(await refused(experiment.reweigh(QUARTER, { ...BY, dry_run: true }))).toMatchObject({
      code: "experiment_transition_refused",
    });
  });
});

describe("a change is refused", () => {
  it("when it would move more than was allowed, by a single unit", async () => {
    const { experiment, state } = await startExperiment();
    const most = WHOLE / 4 - 1;
    expect(await refused(experiment.reweigh(QUARTER, { ...BY, most }))).toEqual({
      code: "movement_too_large",
      moved: WHOLE / 4,
      most,
    });
    expect(await state()).toMatchObject({ epoch: 1 });
    await granted(experiment.reweigh(QUARTER, { ...BY, most: WHOLE / 4 }));
    expect(await state()).toMatchObject({ epoch: 2 });
  });

  it("when the experiment is in another epoch than was thought", async () => {
    const { experiment, change } = await startExperiment();
    await granted(change("pause"));
    const stale = { ...BY, expected_epoch: 1 };
    const error = { code: "epoch_moved", expected: 1, found: 2 };
    expect(await refused(experiment.reweigh(QUARTER, stale))).toEqual(error);
    expect(await refused(experiment.reweigh(QUARTER, { ...stale, dry_run: true }))).toEqual(error);
    await granted(experiment.reweigh(QUARTER, { ...BY, expected_epoch: 2 }));
  });
});

describe("of many who change the weights at once", () => {
  it("exactly one has seen the epoch in which it was done", async () => {
    const { experiment, state } = await startExperiment();
    const replies = await Promise.all(
      Array.from({ length: 10 }, () =>
        experiment.reweigh(QUARTER, { ...BY, expected_epoch: 1, most: WHOLE }),
      ),
    );
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await state()).toMatchObject({ epoch: 2 });
  });

  it("each moves what is left to be moved: doing it again moves nothing", async () => {
    const { experiment } = await startExperiment();
    const plans = await Promise.all(
      Array.from({ length: 5 }, async () => (await granted(experiment.reweigh(QUARTER, BY))).plan),
    );
    expect(plans.map(({ moved }) => moved).toSorted((a, b) => b - a)).toEqual([
      WHOLE / 4,
      0,
      0,
      0,
      0,
    ]);
  });
});

it("while D1 is down the weights change, and leases say so", async () => {
  const { experiment, lease } = await startExperiment({ consistency: "leased" });
  await during("D1", () => granted(experiment.reweigh(QUARTER, BY)));
  const { table } = await lease();
  expect(table.epoch).toBe(2);
  expect(weightsOf(table.ledger, 2)).toEqual(QUARTER);
});
