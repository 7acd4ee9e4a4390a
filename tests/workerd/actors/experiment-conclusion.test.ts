import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NOW, outcomesOf, startContest, statusOf, TOLERANT } from "../support/experiment-actor.ts";
import { granted, refused } from "../support/granted.ts";
import { addVersion, listed } from "../support/model-actor.ts";
import { during, owedBy } from "../support/outage.ts";

const WINNER = { winner: "var_1" };

beforeEach(() => {
  vi.setSystemTime(NOW);
});
afterEach(() => {
  vi.useRealTimers();
});

type Contest = Awaited<ReturnType<typeof startContest>>;
const champion = async ({ model }: Contest) => granted(model.describeAlias("champion"));

describe("a conclusion with a winner", () => {
  it("moves the alias to the winner, by the experiment", async () => {
    const contest = await startContest();
    await contest.point(1);
    expect(await granted(contest.change("conclude", WINNER))).toMatchObject({
      state: { status: "concluded", winning_variant_id: "var_1", ended_at: NOW },
      promotion: { model: "m", alias: "champion", version: 2, previous_version: 1 },
    });
    const { version, history } = await champion(contest);
    expect(version).toBe(2);
    expect(history[0]).toMatchObject({ by: contest.id, previous_version: 1, version: 2 });
  });

  it("makes an alias that did not exist", async () => {
    const contest = await startContest();
    const { promotion } = await granted(contest.change("conclude", WINNER));
    expect(promotion).toMatchObject({ version: 2, previous_version: null });
  });

  it("leaves an alias that points at the winner already", async () => {
    const contest = await startContest();
    await contest.point(2);
    const { promotion } = await granted(contest.change("conclude", WINNER));
    expect(promotion).toMatchObject({ version: 2, previous_version: 2 });
    expect((await champion(contest)).history).toHaveLength(1);
  });

  it("sends all traffic to the winner", async () => {
    const { experiment, change, evict } = await startContest();
    await granted(change("conclude", WINNER));
    await evict();
    const decisions = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        granted(experiment.decide({ request_id: `r${index}` })),
      ),
    );
    expect(new Set(decisions.map(({ variant }) => variant))).toEqual(new Set([1]));
    expect(decisions[0]).toMatchObject({ reason: "concluded", epoch: 2 });
  });

  it("may be won by the control", async () => {
    const contest = await startContest();
    await contest.point(2);
    await granted(contest.change("conclude", { winner: "var_0" }));
    expect(await champion(contest)).toMatchObject({ version: 1 });
  });

  it("leaves its events, and the directory follows", async () => {
    const contest = await startContest();
    await granted(contest.change("conclude", WINNER));
    const events = await contest.history(2);
    expect(events).toMatchObject([
      { type: "concluded", by: "key_changer", epoch: 2, data: { winning_variant_id: "var_1" } },
      { type: "promoted", by: "key_changer", epoch: 2, data: { version: 2, alias: "champion" } },
    ]);
    expect(await statusOf(contest.id)).toBe("concluded");
    expect(await listed(contest.model_id)).toMatchObject({ aliases: ["champion=2"] });
  });

  it("lets go of the versions it had claimed", async () => {
    const { model, change } = await startContest();
    expect(await refused(model.deleteVersion(1, "usr_1"))).toMatchObject({
      code: "version_in_use",
    });
    await granted(change("conclude", WINNER));
    await granted(model.deleteVersion(1, "usr_1"));
  });

  it("leaves nothing owed, even when the directory had missed the change before", async () => {
    const { id, experiment, change } = await startContest();
    await during("D1", () => granted(change("pause")));
    await granted(change("conclude", WINNER));
    expect([await owedBy(experiment), await statusOf(id)]).toEqual([[], "concluded"]);
  });
});

describe("a conclusion is refused", () => {
  it("when the winner is none of its variants", async () => {
    const { change, state } = await startContest();
    expect(await refused(change("conclude", { winner: "var_9" }))).toEqual({
      code: "winner_unknown",
      winning_variant_id: "var_9",
      known: ["var_0", "var_1"],
    });
    expect(await state()).toMatchObject({ status: "running" });
  });

  it("when it has ended", async () => {
    const { change } = await startContest();
    await granted(change("rollback"));
    expect(await refused(change("conclude", WINNER))).toMatchObject({
      code: "experiment_transition_refused",
      status: "rolled_back",
    });
  });

  it("when somebody moved the alias to a version outside of it, and it goes on running", async () => {
    const contest = await startContest();
    await addVersion(contest.model_id, "somebody's hotfix");
    await contest.point(3);
    expect(await refused(contest.change("conclude", WINNER))).toEqual({
      code: "alias_moved",
      alias: "champion",
      found: 3,
    });
    expect(await champion(contest)).toMatchObject({ version: 3 });
    expect(await contest.state()).toMatchObject({ status: "running", epoch: 1 });
    expect(await contest.events()).toEqual(["created", "started"]);
    expect(await refused(contest.model.deleteVersion(1, "usr_1"))).toMatchObject({
      code: "version_in_use",
    });
  });

  it("and may be asked for again when the alias is back", async () => {
    const contest = await startContest();
    await addVersion(contest.model_id, "somebody's hotfix");
    await contest.point(3);
    await refused(contest.change("conclude", WINNER));
    await contest.point(1);
    expect(await granted(contest.change("conclude", WINNER))).toMatchObject({
      state: { status: "concluded" },
    });
  });
});

describe("of two conclusions at once", () => {
  it("with different winners one is made, and the alias agrees with it", async () => {
    const contest = await startContest();
    await contest.point(1);
    const replies = await Promise.all(
      ["var_0", "var_1"].map((winner) => contest.change("conclude", { winner })),
    );
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    const { winning_variant_id } = await contest.state();
    expect(replies[winning_variant_id === "var_0" ? 0 : 1]?.ok).toBe(true);
    expect((await champion(contest)).version).toBe(winning_variant_id === "var_0" ? 1 : 2);
    expect(await contest.events()).toEqual(["created", "started", "concluded", "promoted"]);
  });

  it("and somebody who moves the alias the reply, the state and the history agree", async () => {
    const contest = await startContest();
    await addVersion(contest.model_id, "somebody's hotfix");
    await contest.point(1);
    const [reply] = await Promise.all([contest.change("conclude", WINNER), contest.point(3)]);
    const { version, history } = await champion(contest);
    expect(version).toBe(3);
    expect(history.some(({ by }) => by === contest.id)).toBe(reply.ok);
    expect((await contest.state()).status).toBe(reply.ok ? "concluded" : "running");
  });
});

describe("while the model's actor cannot be reached", () => {
  /** A contest that has been asked to conclude, and could not. */
  async function concluding() {
    const contest = await startContest({
      rollback: { ...TOLERANT, error_rate_threshold: 0.1, min_requests: 1 },
    });
    await contest.point(1);
    const error = await during("models", () => refused(contest.change("conclude", WINNER)));
    return { ...contest, error };
  }

  it("the conclusion is owed, and the alarm makes it", async () => {
    const { error, experiment, evict, state } = await concluding();
    expect(error).toEqual({ code: "experiment_concluding" });
    expect(await state()).toMatchObject({ status: "running" });
    await evict();
    await runDurableObjectAlarm(experiment);
    expect(await state()).toMatchObject({ status: "concluded", winning_variant_id: "var_1" });
    expect(await owedBy(experiment)).toEqual([]);
  });

  it("every other change waits for it", async () => {
    const { change } = await concluding();
    await during("models", async () => {
      const others = ["pause", "rollback", "conclude"] as const;
      const refusals = await Promise.all(others.map((other) => refused(change(other))));
      expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["experiment_concluding"]));
    });
  });

  it("a guardrail does not overrule what somebody has decided", async () => {
    const { record } = await concluding();
    const failures = outcomesOf(50, { success: false });
    expect(await record(failures)).toMatchObject({
      accepted: 50,
      status: "running",
    });
  });

  it("the alarm gives the conclusion up when the alias has left the experiment", async () => {
    const contest = await concluding();
    await addVersion(contest.model_id, "somebody's hotfix");
    await contest.point(3);
    await runDurableObjectAlarm(contest.experiment);
    expect(await contest.state()).toMatchObject({ status: "running" });
    expect(await champion(contest)).toMatchObject({ version: 3 });
    await granted(contest.change("pause"));
  });
});

describe("a crash between the alias and the status", () => {
  it("is finished by the alarm as if it had not been: where the alias came from is not lost", async () => {
    const contest = await startContest();
    await contest.point(1);
    await during("models", () => refused(contest.change("conclude", WINNER)));
    const move = { alias: "champion", version: 2, expected: [null, 1, 2], by: contest.id };
    await granted(contest.model.moveAlias(move));
    await evictDurableObject(contest.experiment);
    await runDurableObjectAlarm(contest.experiment);
    const { state, promotion } = await granted(contest.experiment.describe());
    expect(state.status).toBe("concluded");
    expect(promotion).toMatchObject({ version: 2, previous_version: 1 });
    expect((await champion(contest)).history).toHaveLength(2);
  });

  it("or delivered twice changes nothing more", async () => {
    const contest = await startContest();
    await granted(contest.change("conclude", WINNER));
    const before = await granted(contest.experiment.describe());
    await runInDurableObject(contest.experiment, async (actor, { storage }) => {
      const owed = ["promotion", "claims", "directory"];
      for (const key of owed)
        storage.sql.exec("INSERT INTO effect VALUES (?, 1, 0, ?)", key, Date.now());
      await actor.alarm();
    });
    expect(await granted(contest.experiment.describe())).toEqual(before);
    expect(await contest.events()).toEqual(["created", "started", "concluded", "promoted"]);
  });
});
