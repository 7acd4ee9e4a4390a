import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ExplainError } from "../../../contract/explain.ts";
import { granted, refused } from "../support/granted.ts";
import { answering, createJob, playExplainer } from "../support/job-actor.ts";
import { alarmOf, during, owedBy } from "../support/outage.ts";

const NOW = Date.UTC(2031, 0, 1, 12);
const WEEK_MS = 7 * 86_400_000;

// No alarm comes by itself: all of them are years away.
beforeEach(() => void vi.setSystemTime(NOW));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type Job = Awaited<ReturnType<typeof createJob>>;
const begin = ({ job, definition, pieces }: Job) => job.begin(definition, pieces);
const failing = (error: ExplainError) => async () => ({ ok: false as const, error });

/** Delivers alarms until the job has ended; how many that took. */
async function finish({ job }: Job, most = 20): Promise<number> {
  for (let alarms = 0; alarms < most; alarms += 1) {
    const { ended_at } = await granted(job.describe());
    if (ended_at !== null) return alarms;
    await runDurableObjectAlarm(job);
  }
  throw new Error(`the job has not ended after ${most} alarms`);
}

describe("a job", () => {
  it("explains its rows piece by piece, and the directory follows", async () => {
    const explain = playExplainer();
    const made = await createJob(5);
    expect(await begin(made)).toMatchObject({ status: "queued", rows: 5, rows_done: 0 });
    expect(await alarmOf(made.job)).toBe(NOW);

    await runDurableObjectAlarm(made.job);
    const after = await granted(made.job.describe());
    expect(after).toMatchObject({ status: "running", rows_done: 2, ended_at: null });
    expect(after.explanation_ids).toEqual(made.ids.slice(0, 2));
    expect(await made.listed()).toMatchObject({ status: "running", ended_at: null });
    expect(await made.kept()).toEqual(made.ids.slice(0, 2));

    expect(await finish(made)).toBe(2);
    expect(await granted(made.job.describe())).toMatchObject({
      status: "succeeded",
      rows_done: 5,
      explanation_ids: made.ids,
      error: null,
      ended_at: NOW,
    });
    expect(await made.listed()).toMatchObject({ status: "succeeded", ended_at: NOW });
    expect(await made.kept()).toEqual(made.ids);
    expect(explain).toHaveBeenCalledTimes(3);
    expect(await owedBy(made.job)).toEqual([]);
  });

  it("goes on after an eviction between two pieces", async () => {
    playExplainer();
    const made = await createJob(4);
    await begin(made);
    await runDurableObjectAlarm(made.job);
    await evictDurableObject(made.job);
    expect(await finish(made)).toBe(1);
    expect(await made.kept()).toEqual(made.ids);
  });

  it("that is begun twice is the one that was begun first", async () => {
    const explain = playExplainer();
    const made = await createJob(2);
    await begin(made);
    await finish(made);
    expect(await begin(made)).toMatchObject({ status: "succeeded", rows_done: 2 });
    await runDurableObjectAlarm(made.job);
    expect(explain).toHaveBeenCalledTimes(1);
  });

  it("keeps the explanations of a piece once, whose end was not noted", async () => {
    playExplainer();
    const made = await createJob(3);
    await begin(made);
    // As if the actor had died after it kept the piece: how it stood before comes back.
    const before = await runInDurableObject(made.job, (_, { storage }) => ({
      standing: storage.kv.get("standing"),
      piece: storage.kv.get("piece/0"),
    }));
    await runDurableObjectAlarm(made.job);
    await runInDurableObject(made.job, (_, { storage }) => {
      storage.kv.put("standing", before.standing);
      storage.kv.put("piece/0", before.piece);
    });
    await finish(made);
    expect(await made.kept()).toEqual(made.ids);
    expect((await granted(made.job.describe())).explanation_ids).toEqual(made.ids);
    const { results } = await env.DB.prepare(
      "SELECT cache_key FROM explanation WHERE owner_id = ? ORDER BY id",
    )
      .bind(made.definition.owner_id)
      .all();
    expect(results).toEqual(
      made.pieces.flatMap(({ rows }) => rows.map(({ cache_key }) => ({ cache_key }))),
    );
  });

  it("that no one began is none", async () => {
    const { job } = await createJob(1);
    expect(await refused(job.describe())).toEqual({ code: "job_not_found" });
    expect(await refused(job.cancel())).toEqual({ code: "job_not_found" });
  });

  it("of a version that was deleted meanwhile keeps nothing of it", async () => {
    playExplainer();
    const made = await createJob(4);
    await begin(made);
    await runDurableObjectAlarm(made.job);
    await granted(env.MODEL.getByName(made.definition.model_id).deleteVersion(1, "usr_1"));
    expect(await made.kept()).toEqual([]);
    await finish(made);
    expect(await made.kept()).toEqual([]);
  });
});

describe("a summary", () => {
  const globalJob = () => createJob(5, { kind: "explain_global" });

  it("is made of all rows at the end, and is the one explanation", async () => {
    playExplainer();
    const made = await globalJob();
    await begin(made);
    await finish(made);
    const { explanation_id = "" } = made.definition.summary ?? {};
    expect(await granted(made.job.describe())).toMatchObject({
      status: "succeeded",
      explanation_ids: [explanation_id],
    });
    expect(await made.kept()).toEqual([explanation_id]);
  });

  it("is made after all where the actor died between the last piece and the end", async () => {
    playExplainer();
    const made = await globalJob();
    await begin(made);
    await runDurableObjectAlarm(made.job);
    await runDurableObjectAlarm(made.job);
    await during("D1", () => runDurableObjectAlarm(made.job));
    await evictDurableObject(made.job);
    const { status, rows_done } = await granted(made.job.describe());
    expect({ status, rows_done }).toEqual({ status: "running", rows_done: 5 });
    expect(await finish(made)).toBe(1);
    expect(await made.kept()).toEqual([made.definition.summary?.explanation_id]);
  });

  it("of rows that cannot be summed up says why", async () => {
    const explain = playExplainer();
    const made = await globalJob();
    await begin(made);
    await runDurableObjectAlarm(made.job);
    explain.mockImplementation(async (call) => {
      const answer = await answering(call);
      if (!answer.ok) return answer;
      for (const { explained } of answer.value)
        for (const one of explained.feature_contributions) one.feature_name = "another";
      return answer;
    });
    await finish(made);
    expect(await granted(made.job.describe())).toMatchObject({
      status: "failed",
      error: { code: "explain", problem: { code: "option_invalid" } },
      explanation_ids: [],
    });
    expect(await made.kept()).toEqual([]);
  });
});

describe("a piece that fails", () => {
  it("for want of room is tried again, later and later, and then succeeds", async () => {
    const explain = playExplainer(failing({ code: "busy" }));
    const made = await createJob(1);
    await begin(made);
    const waits: number[] = [];
    for (let failure = 0; failure < 5; failure += 1) {
      await runDurableObjectAlarm(made.job);
      waits.push(((await alarmOf(made.job)) ?? 0) - NOW);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    expect(await granted(made.job.describe())).toMatchObject({ status: "running", rows_done: 0 });
    explain.mockImplementation(answering);
    await finish(made);
    expect(await granted(made.job.describe())).toMatchObject({ status: "succeeded", error: null });
  });

  it("again and again ends the job with its last error", async () => {
    const explain = playExplainer(failing({ code: "busy" }));
    const made = await createJob(1);
    await begin(made);
    expect(await finish(made)).toBe(6);
    expect(await granted(made.job.describe())).toMatchObject({
      status: "failed",
      error: { code: "busy" },
    });
    expect(explain).toHaveBeenCalledTimes(6);
    expect(await made.listed()).toMatchObject({ status: "failed" });
  });

  it("since its Worker broke down is tried again", async () => {
    const explain = playExplainer(async () => {
      throw new Error("Worker exceeded memory limit");
    });
    const log = vi.spyOn(console, "error").mockReturnValue();
    const made = await createJob(1);
    await begin(made);
    await runDurableObjectAlarm(made.job);
    expect(log.mock.calls.flat().join()).toContain("exceeded memory limit");
    explain.mockImplementation(answering);
    await finish(made);
    expect(await granted(made.job.describe())).toMatchObject({ status: "succeeded" });
  });

  it("with what will be refused again ends the job; what was done stays", async () => {
    const explain = playExplainer();
    const made = await createJob(4);
    await begin(made);
    await runDurableObjectAlarm(made.job);
    const problem = { code: "value_invalid" as const, message: "NaN", field: "inputs" };
    explain.mockImplementation(failing({ code: "explain", problem }));
    expect(await finish(made)).toBe(1);
    expect(await granted(made.job.describe())).toMatchObject({
      status: "failed",
      error: { code: "explain", problem },
      rows_done: 2,
      explanation_ids: made.ids.slice(0, 2),
    });
    expect(await made.kept()).toEqual(made.ids.slice(0, 2));
  });

  it("to be kept, as the directory is away, is tried again", async () => {
    playExplainer();
    const made = await createJob(2);
    await begin(made);
    await during("D1", () => runDurableObjectAlarm(made.job));
    expect(await granted(made.job.describe())).toMatchObject({ status: "running", rows_done: 0 });
    expect(await owedBy(made.job)).toEqual(["directory"]);
    await finish(made);
    expect(await granted(made.job.describe())).toMatchObject({ status: "succeeded" });
    expect(await made.kept()).toEqual(made.ids);
  });
});

describe("cancelling", () => {
  it("ends the job; what was done stays", async () => {
    const explain = playExplainer();
    const made = await createJob(4);
    await begin(made);
    await runDurableObjectAlarm(made.job);
    expect(await granted(made.job.cancel())).toMatchObject({
      status: "cancelled",
      rows_done: 2,
      explanation_ids: made.ids.slice(0, 2),
    });
    expect(await made.listed()).toMatchObject({ status: "cancelled", ended_at: NOW });
    await runDurableObjectAlarm(made.job);
    expect(explain).toHaveBeenCalledTimes(1);
    expect(await refused(made.job.cancel())).toEqual({ code: "job_ended", status: "cancelled" });
  });

  it("while a piece is under way keeps nothing of that piece", async () => {
    const state = { held: true, begun: false };
    // A look now and then, because a promise may not be awaited across actors.
    playExplainer(async (call) => {
      state.begun = true;
      await expect.poll(() => state.held, { interval: 1 }).toBe(false);
      return answering(call);
    });
    const made = await createJob(2);
    await begin(made);
    const alarm = runDurableObjectAlarm(made.job);
    await expect.poll(() => state.begun, { interval: 1 }).toBe(true);
    await granted(made.job.cancel());
    state.held = false;
    await alarm;
    expect(await granted(made.job.describe())).toMatchObject({
      status: "cancelled",
      rows_done: 0,
      explanation_ids: [],
    });
    expect(await made.kept()).toEqual([]);
  });

  it("comes to what the directory says even where that is away", async () => {
    playExplainer();
    const made = await createJob(2);
    await begin(made);
    await during("D1", () => granted(made.job.cancel()));
    expect(await made.listed()).toMatchObject({ status: "queued" });
    expect(await owedBy(made.job)).toEqual(["directory"]);
    await runDurableObjectAlarm(made.job);
    expect(await made.listed()).toMatchObject({ status: "cancelled" });
  });
});

describe("a week after its end", () => {
  it("a job is forgotten, here and in the directory; its explanations are not", async () => {
    playExplainer();
    const made = await createJob(2, { ttl_ms: 30 * 86_400_000 });
    await begin(made);
    await finish(made);
    expect(await alarmOf(made.job)).toBe(NOW + WEEK_MS);

    vi.setSystemTime(NOW + WEEK_MS - 1);
    await runDurableObjectAlarm(made.job);
    expect(await granted(made.job.describe())).toMatchObject({ status: "succeeded" });
    expect(await alarmOf(made.job)).toBe(NOW + WEEK_MS);

    vi.setSystemTime(NOW + WEEK_MS);
    await runDurableObjectAlarm(made.job);
    expect(await refused(made.job.describe())).toEqual({ code: "job_not_found" });
    expect(await made.listed()).toBeUndefined();
    expect(await alarmOf(made.job)).toBeNull();
    expect(await made.kept()).toEqual(made.ids);
    await evictDurableObject(made.job);
    expect(await refused(made.job.describe())).toEqual({ code: "job_not_found" });
  });

  it("it is forgotten later where the directory is away", async () => {
    playExplainer();
    const made = await createJob(1);
    await begin(made);
    await finish(made);
    vi.setSystemTime(NOW + WEEK_MS);
    await during("D1", () => runDurableObjectAlarm(made.job));
    expect(await granted(made.job.describe())).toMatchObject({ status: "succeeded" });
    expect(await alarmOf(made.job)).toBeGreaterThan(NOW + WEEK_MS);
    await runDurableObjectAlarm(made.job);
    expect(await refused(made.job.describe())).toEqual({ code: "job_not_found" });
  });
});
