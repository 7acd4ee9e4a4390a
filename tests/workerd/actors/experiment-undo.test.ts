import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LayerShare } from "../../../domain/experiments/experiment.ts";
import { NOW, startContest, startExperiment, statusOf } from "../support/experiment-actor.ts";
import { granted, refused } from "../support/granted.ts";
import { createLayer } from "../support/layer-actor.ts";
import { addVersion } from "../support/model-actor.ts";
import { serialId } from "../support/serial-id.ts";
import { during } from "../support/outage.ts";

const BY = "key_human";
const WINNER = { winner: "var_1" };

beforeEach(() => void vi.setSystemTime(NOW));
afterEach(() => void vi.useRealTimers());

/** A contest that was concluded, with the alias at version 1 before, and a way to take that back. */
async function concluded(changes: object = {}) {
  const contest = await startContest(changes);
  await contest.point(1);
  const before = await contest.state();
  const { undo_token = "" } = await granted(contest.change("conclude", WINNER));
  return {
    ...contest,
    before,
    undo_token,
    undo: (token = undo_token) => contest.experiment.undo(token, BY),
    champion: async () => (await granted(contest.model.describeAlias("champion"))).version,
  };
}

describe("the undoing of a conclusion", () => {
  it("brings back alias, status and table, in a later epoch", async () => {
    const { undo, before, state, champion, id, history } = await concluded();
    expect(await champion()).toBe(2);
    const { state: after, promotion } = await granted(undo());
    expect(after).toEqual({ ...before, epoch: 3 });
    expect(await state()).toEqual(after);
    expect([await champion(), promotion, await statusOf(id)]).toEqual([1, null, "running"]);
    expect(await history(4)).toMatchObject([
      { type: "conclusion_undone", by: BY, epoch: 3 },
      { type: "demoted", by: BY, epoch: 3, data: { version: 2, previous_version: 1 } },
    ]);
  });

  it("takes an alias away that there was not before", async () => {
    const contest = await startContest();
    const { undo_token = "" } = await granted(contest.change("conclude", WINNER));
    await granted(contest.experiment.undo(undo_token, BY));
    expect(await refused(contest.model.describeAlias("champion"))).toMatchObject({
      code: "alias_not_found",
    });
  });

  it("leads back to a pause, and works without a winner", async () => {
    const { experiment, change, state } = await startContest();
    await granted(change("pause"));
    const { undo_token = "" } = await granted(change("conclude"));
    await granted(experiment.undo(undo_token, BY));
    expect(await state()).toMatchObject({ status: "paused", ended_at: null, epoch: 4 });
    await granted(change("resume"));
  });

  it("claims the versions again, so that none can be deleted", async () => {
    const { undo, model } = await concluded();
    await granted(undo());
    for (const version of [1, 2])
      expect(await refused(model.deleteVersion(version, "usr_1"))).toMatchObject({
        code: "version_in_use",
      });
  });

  it("is answered the same when it is asked for again, also after an eviction", async () => {
    const { undo, evict, events } = await concluded();
    const first = await granted(undo());
    await evict();
    const again = await granted(undo());
    expect(again).toMatchObject({ state: first.state, promotion: null });
    expect((await events()).filter((type) => type === "conclusion_undone")).toHaveLength(1);
  });

  it("of several at once is done once", async () => {
    const { undo, events, state } = await concluded();
    const replies = await Promise.all([undo(), undo(), undo()]);
    expect(replies.some(({ ok }) => ok)).toBe(true);
    for (const reply of replies)
      if (!reply.ok) expect(reply.error.code).toBe("experiment_concluding");
    expect((await events()).filter((type) => type === "conclusion_undone")).toHaveLength(1);
    expect(await state()).toMatchObject({ status: "running", epoch: 3 });
  });

  it("may be followed by another conclusion, which has a token of its own", async () => {
    const { undo, undo_token, change, champion } = await concluded();
    await granted(undo());
    const second = await granted(change("conclude", WINNER));
    expect(second.undo_token).not.toBe(undo_token);
    expect(await refused(undo())).toMatchObject({ code: "undo_refused" });
    expect(await champion()).toBe(2);
    await granted(undo(second.undo_token));
    expect(await champion()).toBe(1);
  });
});

describe("the token", () => {
  it("is the same whoever repeats the conclusion, and after an eviction", async () => {
    const { undo_token, change, evict } = await concluded();
    expect(undo_token).toMatch(/^undo_[0-9a-f]{40}$/);
    await evict();
    expect(await granted(change("conclude", WINNER))).toMatchObject({ undo_token });
  });

  it("of anything else undoes nothing", async () => {
    const { undo, undo_token, state } = await concluded();
    const other = await concluded();
    const wrong = ["", "undo_", `${undo_token}0`, undo_token.toUpperCase(), other.undo_token];
    for (const token of wrong)
      expect(await refused(undo(token)), token).toMatchObject({ code: "undo_refused" });
    expect(await state()).toMatchObject({ status: "concluded" });
  });

  it("is not to be had by any other change", async () => {
    const { change } = await startExperiment();
    for (const transition of ["pause", "resume", "rollback"] as const)
      expect(await granted(change(transition))).not.toHaveProperty("undo_token");
  });
});

describe("the undoing is refused, and all stays as it was concluded,", () => {
  it("when somebody moved the alias on", async () => {
    const { undo, point, model_id, champion, state, model } = await concluded();
    await addVersion(model_id, "somebody's hotfix");
    await point(3);
    expect(await refused(undo())).toEqual({ code: "alias_moved", alias: "champion", found: 3 });
    expect(await champion()).toBe(3);
    expect(await state()).toMatchObject({ status: "concluded" });
    // What it had claimed for that is let go of: only the winner still serves.
    await granted(model.deleteVersion(1, "usr_1"));
    expect(await refused(model.deleteVersion(2, "usr_1"))).toMatchObject({
      code: "version_in_use",
    });
  });

  it("when a version has been deleted since", async () => {
    const { undo, model, champion, state } = await concluded();
    await granted(model.deleteVersion(1, "usr_1"));
    expect(await refused(undo())).toEqual({
      code: "undo_refused",
      detail: "m@1 has been deleted since",
    });
    expect(await champion()).toBe(2);
    expect(await state()).toMatchObject({ status: "concluded" });
  });

  it("when its part of a layer may be somebody else's by now", async () => {
    const { claim, describe: layer } = await createLayer();
    const id = serialId("exp");
    const share = (await granted(claim(id, 5))) as LayerShare;
    const { experiment, change } = await startContest({ id, layer: share });
    const { undo_token = "" } = await granted(change("conclude"));
    vi.setSystemTime(NOW + 60_000);
    await granted(claim("exp_other", 8));
    expect(await refused(experiment.undo(undo_token, BY))).toEqual({
      code: "undo_refused",
      detail: "its part of layer 'checkout' may have been given away since",
    });
    expect(await layer()).toMatchObject({ shares: { exp_other: 8 } });
  });

  it("but not while nobody can have its part of the layer", async () => {
    const { claim, describe: layer } = await createLayer();
    const id = serialId("exp");
    const share = (await granted(claim(id, 5))) as LayerShare;
    const { experiment, change } = await startContest({ id, layer: share });
    const { undo_token = "" } = await granted(change("conclude"));
    await granted(experiment.undo(undo_token, BY));
    vi.setSystemTime(NOW + 60_000);
    expect(await refused(claim("exp_other", 8))).toMatchObject({ code: "layer_full" });
    expect(await layer()).toMatchObject({ shares: { [id]: 5 } });
  });
});

describe("while the model's actor cannot be reached", () => {
  it("the undoing is owed, and the alarm makes it, also after an eviction", async () => {
    const { undo, experiment, evict, state, champion } = await concluded();
    const error = await during("models", () => refused(undo()));
    expect(error).toEqual({ code: "experiment_concluding" });
    expect(await state()).toMatchObject({ status: "concluded" });
    await evict();
    await runDurableObjectAlarm(experiment);
    expect(await state()).toMatchObject({ status: "running", epoch: 3 });
    expect(await champion()).toBe(1);
  });
});

it("what it decides after the undoing is what it decided before", async () => {
  const { experiment, undo } = await concluded();
  const users = Array.from({ length: 40 }, (_, at) => `user-${at}`);
  const variants = () =>
    Promise.all(
      users.map(
        async (user_id) => (await granted(experiment.decide({ request_id: "r", user_id }))).variant,
      ),
    );
  expect(new Set(await variants())).toEqual(new Set([1]));
  await granted(undo());
  expect(new Set(await variants())).toEqual(new Set([0, 1]));
});
