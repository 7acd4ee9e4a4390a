import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  DEFAULT_KEPT_DAYS,
  type KeptPrediction,
  MOST_CALL_BYTES,
  MOST_KEPT,
  MOST_KEPT_BYTES,
} from "../../../contract/prediction-log.ts";
import { granted, refused } from "../support/granted.ts";
import { createModel } from "../support/model-actor.ts";
import { alarmOf, owedBy } from "../support/outage.ts";
import { newLog, prediction } from "../support/prediction-log.ts";

const DAY_MS = 86_400_000;
type Log = ReturnType<typeof newLog>;
const idsOf = (predictions: readonly { prediction_id: string }[]) =>
  predictions.map(({ prediction_id }) => prediction_id);
const listed = async (log: Log, limit = 1_000) => idsOf(await log().list({ limit }));
/** Names of tensors that lie beside the rows, and should not without them. */
const tensorsOf = (log: Log) =>
  runInDurableObject(log(), (_, { storage }) =>
    [...storage.kv.list({ prefix: "prediction/" })].map(([name]) => name.slice(11)),
  );
/** What the log says that it holds, beside what it holds. */
async function expectCounted(log: Log) {
  const { kept, kept_bytes } = await log().statistics();
  const rows = await log().list({ limit: 100_000 });
  expect({ kept, kept_bytes }).toEqual({
    kept: rows.length,
    kept_bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  expect((await tensorsOf(log)).sort()).toEqual(idsOf(rows).sort());
}

afterEach(() => void vi.useRealTimers());

describe("a kept prediction", () => {
  it("is read as it was kept, after an eviction too", async () => {
    const log = newLog();
    const kept = prediction({
      version: 3,
      experiment_id: "exp_1",
      variant_id: "var_1",
      inputs: {
        ints: { type: "int64", dims: [1, 2], data: BigInt64Array.of(1n, -(2n ** 62n)) },
        texts: { type: "string", dims: [1, 1], data: ["é 😀"] },
        half: { type: "float16", dims: [1], data: Uint16Array.of(0x7e00) },
      },
    });
    expect(await granted(log().keep([kept]))).toEqual({ kept: 1 });
    await evictDurableObject(log());
    expect(await log().read([kept.prediction_id])).toEqual({ predictions: [kept], looked: 1 });
  });

  it("that is delivered again is kept once, as it was", async () => {
    const log = newLog();
    const [first, second] = [prediction(), prediction()];
    await granted(log().keep([first]));
    await evictDurableObject(log());
    const again = { ...first, version: 9, outputs: {} };
    expect(await granted(log().keep([again, second]))).toEqual({ kept: 1 });
    const { predictions } = await log().read(idsOf([second, first]));
    expect(predictions).toEqual([second, first]);
    await expectCounted(log);
  });

  it("of many callers at the same time is kept by each", async () => {
    const log = newLog();
    const batches = Array.from({ length: 10 }, () => [prediction(), prediction()]);
    await Promise.all([...batches, ...batches].map((batch) => granted(log().keep(batch))));
    expect(await listed(log)).toEqual(idsOf(batches.flat()).sort().toReversed());
    await expectCounted(log);
  });

  it("is in the answer with others until their bytes are too many for one", async () => {
    const log = newLog();
    const large = () => prediction({ bytes: MOST_CALL_BYTES / 2 - 1_000 });
    const all = [large(), large(), large()];
    await granted(log().keep(all));
    const ids = [prediction().prediction_id, ...idsOf(all)];
    const { predictions, looked } = await log().read(ids);
    expect([idsOf(predictions), looked]).toEqual([ids.slice(1, 3), 3]);
    expect(await log().read(ids.slice(looked))).toMatchObject({ looked: 1 });
  });
});

describe("a list", () => {
  it("is newest first, in pages, by version and by experiment", async () => {
    const log = newLog();
    const all = Array.from({ length: 7 }, (_, at) =>
      prediction({ version: 1 + (at % 2), experiment_id: at < 3 ? "exp_1" : null }),
    );
    await granted(log().keep(all));
    const newest = idsOf(all).toReversed();
    expect(await listed(log, 3)).toEqual(newest.slice(0, 3));
    expect(idsOf(await log().list({ limit: 9, before: newest[2] }))).toEqual(newest.slice(3));
    const [version, before] = [2, newest[1]];
    expect(idsOf(await log().list({ limit: 9, version, before }))).toEqual(
      [5, 3, 1].map((at) => all[at]?.prediction_id).filter((id) => (id ?? "") < (before ?? "")),
    );
    expect(idsOf(await log().list({ limit: 9, experiment_id: "exp_1" }))).toEqual(newest.slice(4));
  });
});

describe("what is kept", () => {
  it("goes when its days are over, by the alarm, and what is younger stays", async () => {
    const log = newLog();
    const now = Date.now();
    const old = (days: number) => prediction({ at: now - days * DAY_MS });
    const [first, second, third] = [old(3), old(2), old(1)];
    await granted(log().keep([second, first, third]));
    const due = first.at + DEFAULT_KEPT_DAYS * DAY_MS;
    expect(await alarmOf(log())).toBe(due);
    await evictDurableObject(log());
    vi.useFakeTimers({ toFake: ["Date"], now: due });
    expect(await runDurableObjectAlarm(log())).toBe(true);
    expect(await listed(log)).toEqual(idsOf([third, second]));
    expect(await alarmOf(log())).toBe(second.at + DEFAULT_KEPT_DAYS * DAY_MS);
    await expectCounted(log);
  });

  it("stays when the alarm rings early, which is then set again", async () => {
    const log = newLog();
    const kept = prediction();
    await granted(log().keep([kept]));
    expect(await runDurableObjectAlarm(log())).toBe(true);
    expect(await listed(log)).toEqual(idsOf([kept]));
    expect(await alarmOf(log())).toBe(kept.at + DEFAULT_KEPT_DAYS * DAY_MS);
  });

  it("goes at once when its days are made fewer", async () => {
    const log = newLog();
    const now = Date.now();
    const [old, young] = [prediction({ at: now - 8 * DAY_MS }), prediction({ at: now })];
    await granted(log().keep([old, young]));
    await log().retain(7);
    await log().retain(7);
    expect(await listed(log)).toEqual(idsOf([young]));
    expect(await alarmOf(log())).toBe(young.at + 7 * DAY_MS);
    await evictDurableObject(log());
    await log().retain(365);
    expect(await alarmOf(log())).toBe(young.at + 365 * DAY_MS);
  });

  it("is the newest only", { timeout: 60_000 }, async () => {
    const log = newLog();
    const batch = () =>
      Array.from({ length: 1_000 }, () => prediction({ inputs: {}, outputs: {} }));
    const kept: KeptPrediction[] = [];
    while (kept.length < MOST_KEPT) {
      const more = batch();
      await granted(log().keep(more));
      kept.push(...more);
    }
    const more = batch();
    await granted(log().keep(more));
    expect(await listed(log, 100_000)).toEqual(idsOf([...kept, ...more].slice(1_000)).toReversed());
    await expectCounted(log);
    expect(await log().removeBefore(null)).toBe(MOST_KEPT);
    await expectCounted(log);
    expect(await alarmOf(log())).toBeNull();
  });

  it("has no more bytes than a model may have", async () => {
    const log = newLog();
    const large = () => prediction({ bytes: MOST_KEPT_BYTES / 2 });
    const all = [large(), large(), large()];
    for (const one of all) await granted(log().keep([one]));
    expect(await listed(log)).toEqual(idsOf(all.slice(1)).toReversed());
    await expectCounted(log);
  });

  it("is removed by id, once, and by age", async () => {
    const log = newLog();
    const all = [10, 5, 1].map((days) => prediction({ at: Date.now() - days * DAY_MS }));
    await granted(log().keep(all));
    const [first, second, third] = idsOf(all);
    expect(await log().remove([String(third), String(third), "prd_none"])).toBe(1);
    expect(await log().remove([String(third)])).toBe(0);
    expect(await log().removeBefore(Date.now() - 7 * DAY_MS)).toBe(1);
    await evictDurableObject(log());
    expect(await listed(log)).toEqual([second]);
    expect((await log().read([String(first), String(second)])).predictions).toHaveLength(1);
    await expectCounted(log);
  });
});

describe("the log of a model", () => {
  const keepFor = async (model_id: string) => {
    const log = () => env.PREDICTIONS.getByName(model_id);
    const at = Date.now() - 20 * DAY_MS;
    const [old, young] = [prediction({ at }), prediction()];
    await granted(log().keep([old, young]));
    return { log, old, young };
  };

  it("is told how long predictions are kept", async () => {
    const { model_id, model } = await createModel();
    const { log, young } = await keepFor(model_id);
    const setting = { rate: 5, kept_days: 10, by: "key_1" };
    const set = await granted(model.setCapture(model_id, setting));
    expect(set).toMatchObject({ rate: 5, kept_days: 10, updated_by: "key_1" });
    expect(await listed(log)).toEqual(idsOf([young]));
    await evictDurableObject(model);
    expect(await model.captureSetting()).toEqual(set);
    await granted(model.setCapture(model_id, { rate: 0, kept_days: null, by: "key_1" }));
    expect(await model.captureSetting()).toMatchObject({ rate: 0, kept_days: 10 });
    expect(await owedBy(model)).toEqual([]);
  });

  it("is emptied with the model, and takes nothing that comes late", async () => {
    const { model_id, model } = await createModel();
    const { log } = await keepFor(model_id);
    await granted(model.deleteModel(model_id, "usr_1"));
    await granted(model.deleteModel(model_id, "usr_1"));
    expect(await listed(log)).toEqual([]);
    expect(await alarmOf(log())).toBeNull();
    await evictDurableObject(log());
    const late = log().keep([prediction()]);
    expect(await refused(late)).toEqual({ code: "model_not_found" });
    const setting = { rate: 5, kept_days: 10, by: "key_1" };
    expect(await refused(model.setCapture(model_id, setting))).toEqual({ code: "model_not_found" });
    await expectCounted(log);
  });
});
