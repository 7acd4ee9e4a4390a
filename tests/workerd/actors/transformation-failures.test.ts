import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { objectsOf } from "../support/dataset-actor.ts";
import { valueOf } from "../support/granted.ts";
import { alarmOf } from "../support/outage.ts";
import { serialId } from "../support/serial-id.ts";
import { createTransformation, TABLE } from "../support/transformation-actor.ts";

const NOW = Date.UTC(2031, 0, 1, 12);
/** What the actor has when it does nothing. */
const OWN_TABLES = ["effect", "schema_step"];
const KEPT = `id,x,group\n${TABLE.split("\n").slice(41).join("\n")}`;

// No alarm comes by itself: all of them are years away.
beforeEach(() => void vi.setSystemTime(NOW));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** What the actor asks of datasets: to claim the source, where it lies, to begin, of their format, to commit. */
const STEPS = [1, 2, 3, 4, 5];

/** From its call of this number on the actor reaches no dataset, as if it were replaced there; what it logs. */
function playLoss(at: number, before: () => Promise<unknown> = async () => null) {
  const open = env.DATASET.getByName.bind(env.DATASET);
  let calls = 0;
  vi.spyOn(env.DATASET, "getByName").mockImplementation((name) => {
    calls += 1;
    if (calls < at) return open(name);
    void before();
    throw new Error("the Worker was replaced");
  });
  return vi.spyOn(console, "error").mockReturnValue();
}

describe("a transformation that is cut short", () => {
  it("keeps its sources from being deleted while it works, and no longer", async () => {
    const made = await createTransformation();
    const used = async () =>
      valueOf(await made.dataset.dataset.inspected({ version_number: 1 })).used_by;
    await made.begin();
    playLoss(2);
    await runDurableObjectAlarm(made.actor);
    expect(await used()).toEqual([made.definition.transformation_id]);
    vi.restoreAllMocks();
    vi.setSystemTime(NOW + 1_000);
    await made.finish();
    expect(await used()).toEqual([(await made.describe()).made[0]?.version_id]);
  });

  it.each(STEPS)("at step %i begins anew, later, and makes one version", async (step) => {
    const made = await createTransformation();
    await made.begin();
    const log = playLoss(step);
    await runDurableObjectAlarm(made.actor);
    expect(log.mock.calls.flat().join()).toContain("the Worker was replaced");
    expect(await made.describe()).toMatchObject({ status: "running", attempts: 1, made: [] });
    expect(await alarmOf(made.actor)).toBe(NOW + 1_000);
    expect(await made.tables()).toEqual(OWN_TABLES);
    vi.restoreAllMocks();
    await evictDurableObject(made.actor);
    vi.setSystemTime(NOW + 1_000);
    expect(await made.finish()).toBe(1);
    expect(await made.describe()).toMatchObject({
      status: "succeeded",
      attempts: 2,
      rows_read: 60,
    });
    expect(await made.dataset.read({ version_number: 2 })).toBe(KEPT);
    expect(valueOf(await made.dataset.dataset.describe()).versions).toBe(2);
  });

  it("after it has committed finds the version that it made", async () => {
    const made = await createTransformation();
    await made.begin();
    await made.finish();
    const { made: before } = await made.describe();
    // As if the actor had died before it noted the end: another one carries out the same definition.
    const again = await createTransformation(
      { ...made.definition, transformation_id: serialId("trn") },
      made.dataset,
    );
    await again.begin();
    await again.finish();
    expect(await again.describe()).toMatchObject({
      status: "succeeded",
      rows_written: 0,
      made: before,
    });
    expect(valueOf(await made.dataset.dataset.describe()).versions).toBe(2);
  });

  it("again and again fails in the end", async () => {
    const made = await createTransformation();
    await made.begin();
    playLoss(1);
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await runDurableObjectAlarm(made.actor);
      vi.setSystemTime(Date.now() + 200_000);
    }
    expect(await made.describe()).toMatchObject({
      status: "failed",
      attempts: 8,
      error: { code: "busy" },
    });
    expect(await made.tables()).toEqual(OWN_TABLES);
  });
});

describe("expressions whose texts would take more memory than there is", () => {
  it("end it at the first attempt, and leave no table", async () => {
    const times = (count: number) => `'${"x".repeat(count)}'`;
    // 60 rows of 600 kB each, in one batch.
    const long = `replace(replace('x', 'x', ${times(600)}), 'x', ${times(1_000)})`;
    const made = await createTransformation({
      transformation_type: "map",
      parameters: { set: [{ name: "long", expression: long }] },
    });
    await made.begin();
    await made.finish();
    expect(await made.describe()).toMatchObject({
      status: "failed",
      attempts: 1,
      error: { code: "data", problem: { code: "transformation_invalid", row: 13 } },
    });
    expect(await made.tables()).toEqual(OWN_TABLES);
  });
});

describe("cancelling", () => {
  it("before it begins makes nothing", async () => {
    const made = await createTransformation();
    await made.begin();
    expect(await made.actor.cancel()).toMatchObject({ value: { status: "cancelled" } });
    await runDurableObjectAlarm(made.actor);
    expect(await made.describe()).toMatchObject({ status: "cancelled", attempts: 0, made: [] });
    expect(await made.listed()).toMatchObject({ status: "cancelled", ended_at: NOW });
    expect(await made.actor.cancel()).toMatchObject({
      error: { code: "transformation_ended", status: "cancelled" },
    });
  });

  it("while it is under way keeps nothing, and tries nothing again", async () => {
    const made = await createTransformation();
    const { transformation_id } = made.definition;
    const before = await objectsOf(made.dataset.dataset_id);
    await made.begin();
    playLoss(5, () => env.TRANSFORMATION.getByName(transformation_id).cancel());
    await runDurableObjectAlarm(made.actor);
    vi.restoreAllMocks();
    vi.setSystemTime(NOW + 100_000);
    await runDurableObjectAlarm(made.actor);
    expect(await made.describe()).toMatchObject({ status: "cancelled", attempts: 1, made: [] });
    expect(valueOf(await made.dataset.dataset.describe()).versions).toBe(1);
    expect(await objectsOf(made.dataset.dataset_id)).toEqual(before);
    expect(await made.tables()).toEqual(OWN_TABLES);
    const { used_by } = valueOf(await made.dataset.dataset.inspected({}));
    expect(used_by).toEqual([]);
  });

  it("while rows are written stops at the next of them, and leaves no table", async () => {
    const made = await createTransformation();
    await made.begin();
    const open = env.DATASET.getByName.bind(env.DATASET);
    const log = vi.spyOn(console, "error");
    const { transformation_id } = made.definition;
    let calls = 0;
    vi.spyOn(env.DATASET, "getByName").mockImplementation((name) => {
      calls += 1;
      // Asks for the format, and then writes.
      if (calls === 4) void env.TRANSFORMATION.getByName(transformation_id).cancel();
      return open(name);
    });
    await runDurableObjectAlarm(made.actor);
    expect(log).not.toHaveBeenCalled();
    expect(await made.describe()).toMatchObject({ status: "cancelled", attempts: 1, made: [] });
    expect(await made.tables()).toEqual(OWN_TABLES);
    expect(valueOf(await made.dataset.dataset.describe()).versions).toBe(1);
  });
});
