import { describe, expect, it } from "vitest";
import { mean } from "../../../domain/statistics/moments.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { outcomeOf, outcomesOf, startExperiment } from "../support/experiment-actor.ts";
import { granted } from "../support/granted.ts";

type Started = Awaited<ReturnType<typeof startExperiment>>;
const canary = async ({ report }: Started) => (await report())[1];
/** Requests of the canary by epoch. */
const byEpoch = async ({ cells }: Started) =>
  Object.fromEntries(
    (await cells())
      .filter(({ variant, counts }) => variant === 1 && counts.requests !== 0)
      .map(({ epoch, counts }) => [epoch, counts.requests]),
  );
const conversion = (value: number) => ({ metrics: { conversion: value } });

describe("a correction", () => {
  it("takes the place of the report before, in every sum", async () => {
    const started = await startExperiment();
    await started.record([outcomeOf("r", { success: false, latency_ms: 900, ...conversion(1) })]);
    await started.record([outcomeOf("r", { revision: 1, latency_ms: 20, ...conversion(0) })]);
    const arm = await canary(started);
    expect(arm).toMatchObject({ requests: 1, errors: 0, successes: 1 });
    expect(arm && [mean(arm.latency), arm.latency.count]).toEqual([20, 1]);
    expect(arm?.metrics["conversion"] && mean(arm.metrics["conversion"])).toBe(0);
    expect(arm?.bins.filter(([, count]) => count !== 0)).toHaveLength(1);
  });

  it("leaves nothing of what it corrects: the sums are those of the last report alone", async () => {
    const [corrected, plain] = [await startExperiment(), await startExperiment()];
    const last = outcomesOf(20, { latency_ms: 33.25, ...conversion(1), covariate: 4 });
    await corrected.record(last.map((each) => ({ ...each, latency_ms: 0.125, covariate: 1e9 })));
    await corrected.evict();
    await corrected.record(last.map((each) => ({ ...each, revision: 7 })));
    await corrected.evict();
    await plain.record(last);
    const counted = async (started: Started) => {
      const { bins, ...arm } = (await canary(started)) ?? { bins: [] };
      return { ...arm, bins: bins.filter(([, count]) => count !== 0) };
    };
    expect(await counted(corrected)).toEqual(await counted(plain));
  });

  it("that comes before what it corrects stands", async () => {
    const started = await startExperiment();
    await started.record([outcomeOf("r", { revision: 2, success: false })]);
    const late = [0, 1, 2].map((revision) => outcomeOf("r", { revision }));
    expect(await started.record(late)).toMatchObject({ accepted: 0, duplicates: 3 });
    expect(await canary(started)).toMatchObject({ errors: 1 });
  });

  it("counts in the epoch of the first report, however late it comes", async () => {
    const started = await startExperiment();
    await started.record([outcomeOf("r", { epoch: 1 })]);
    await granted(started.change("pause"));
    await granted(started.change("resume"));
    await started.record([outcomeOf("r", { revision: 1, epoch: 3, success: false })]);
    expect(await byEpoch(started)).toEqual({ 1: 1 });
    expect(await canary(started)).toMatchObject({ requests: 1, errors: 1 });
  });

  it("of many corrections at the same time the highest revision stands", async () => {
    const started = await startExperiment();
    await Promise.all(
      [3, 1, 4, 1, 5, 2].map((revision) =>
        started.record([outcomeOf("r", { revision, latency_ms: revision })]),
      ),
    );
    const arm = await canary(started);
    expect(arm && [arm.requests, mean(arm.latency)]).toEqual([1, 5]);
  });
});

describe("an outcome", () => {
  it("counts in the epoch of its decision, however late it comes", async () => {
    const started = await startExperiment();
    await granted(started.change("pause"));
    await granted(started.change("resume"));
    await started.record([outcomeOf("a", { epoch: 1 }), outcomeOf("b", { epoch: 3 })]);
    await started.record([outcomeOf("c")]);
    await started.evict();
    expect(await byEpoch(started)).toEqual({ 1: 1, 3: 2 });
  });

  it("of an epoch that has not been counts in the present one", async () => {
    const started = await startExperiment();
    await started.record([outcomeOf("a", { epoch: 99 })]);
    expect(await byEpoch(started)).toEqual({ 1: 1 });
  });

  it("keeps the epoch in which it was served, whatever its report says", async () => {
    const started = await startExperiment();
    await started.record([outcomeOf("a", { epoch: 1 })], "served");
    await granted(started.change("pause"));
    await started.record([outcomeOf("a")]);
    expect(await byEpoch(started)).toEqual({ 1: 1 });
  });

  it("pairs its covariate with the primary metric, within its epoch", async () => {
    const started = await startExperiment({ primary_metric: "score" });
    const score = (value: number) => ({ metrics: { score: value }, covariate: value / 2 });
    await started.record([outcomeOf("a", score(4)), outcomeOf("b", score(8)), outcomeOf("c")]);
    await started.evict();
    const [cell] = (await started.cells()).filter(({ variant }) => variant === 1);
    expect(cell?.covariate).toMatchObject({ count: 2, sumX: [6, 0], sumY: [12, 0] });
  });
});

describe("traffic that does not agree with the weights", () => {
  const history = async ({ history: events }: Started) =>
    (await events(2)).filter(({ type }) => type === "sample_ratio_mismatch");

  it("is told once an epoch, and changes nothing by itself", async () => {
    const started = await startExperiment();
    await started.record(outcomesOf(300));
    await started.record(outcomesOf(300));
    await started.evict();
    await started.record(outcomesOf(300));
    expect(await history(started)).toMatchObject([
      { by: "sample_ratio", epoch: 1, data: { mismatch: true, counted: "requests" } },
    ]);
    expect(await started.state()).toMatchObject({ status: "running", epoch: 1 });
    await granted(started.change("pause"));
    await granted(started.change("resume"));
    await started.record(outcomesOf(1));
    expect((await history(started)).map(({ epoch }) => epoch)).toEqual([1, 3]);
  });

  it("is not told of traffic that does, also after the weights have changed", async () => {
    const started = await startExperiment();
    const record = async (epoch: number, ...counts: number[]) => {
      const outcomes = counts.map((count, variant) =>
        outcomesOf(count, { variant_id: `var_${variant}`, epoch }),
      );
      await started.record(outcomes.flat());
    };
    await record(1, 400, 400);
    const by = { by: "key_human", dry_run: false };
    await granted(started.experiment.reweigh([(9 * WHOLE) / 10, WHOLE / 10], by));
    await record(2, 900, 100);
    // Late outcomes of the epoch before do not look like traffic of this one.
    await record(1, 200, 200);
    expect(await history(started)).toEqual([]);
  });

  it("is seen in users where there are any, whatever the heavy ones request", async () => {
    const started = await startExperiment();
    for (let at = 0; at < 60; at++)
      await granted(started.experiment.decide({ request_id: "r", user_id: `user-${at}` }));
    await started.record(outcomesOf(900));
    expect(await history(started)).toEqual([]);
  });
});
