import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  outcomesOf,
  startContest,
  startExperiment,
  statusOf,
  TOLERANT,
} from "../support/experiment-actor.ts";
import { granted } from "../support/granted.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { during } from "../support/outage.ts";

/** An experiment that rolls back at more than 10 % errors or half as much latency again, from 10 requests on. */
const POLICY = {
  rollback: {
    ...TOLERANT,
    error_rate_threshold: 0.1,
    latency_degradation_threshold: 0.5,
    min_requests: 10,
  },
};
type Started = Awaited<ReturnType<typeof startExperiment>>;

const report = async ({ record }: Started, count: number, changes: object = {}) =>
  (await record(outcomesOf(count, changes))).status;
const failing = { success: false };
const control = { variant_id: "var_0" };

describe("the reply to the outcome that breaks a guardrail", () => {
  it("says rolled_back, and no reply before it does", async () => {
    const started = await startExperiment(POLICY);
    expect(await report(started, 8)).toBe("running");
    expect(await report(started, 1, failing)).toBe("running");
    expect(await report(started, 1, failing)).toBe("rolled_back");
  });

  it("comes after the rollback: the next decision is control, in a later epoch", async () => {
    const started = await startExperiment(POLICY);
    await report(started, 10, failing);
    const decisions = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        granted(started.experiment.decide({ request_id: `r${index}` })),
      ),
    );
    expect(decisions).toEqual(
      decisions.map(() => ({ variant: 0, epoch: 2, reason: "rolled_back" })),
    );
  });

  it("says so although neither D1 nor the model's actor can be reached", async () => {
    const started = await startContest(POLICY);
    const status = await during("D1", () => during("models", () => report(started, 10, failing)));
    expect(status).toBe("rolled_back");
  });
});

describe("a rollback by a guardrail", () => {
  it("leaves exactly one event, by the guardrail, that says what was broken", async () => {
    const started = await startExperiment(POLICY);
    await report(started, 30, failing);
    await report(started, 30, failing);
    expect(await started.history(2)).toEqual([
      {
        sequence: 3,
        type: "rolled_back",
        at: expect.any(Number),
        by: "guardrail",
        epoch: 2,
        data: {
          reason: "m@2: error rate 100.0 % is over 10.0 % after 30 requests",
          variant_id: "var_1",
          guardrail: "error_rate",
          value: 1,
          limit: 0.1,
          control_value: null,
          requests: 30,
          rule: "threshold",
          sample_ratio_p_value: expect.any(Number),
          rule_version: 1,
          method: "beta_binomial",
          degraded: true,
          log_e_value: expect.any(Number),
          log_threshold: expect.closeTo(Math.log(20)),
        },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it("keeps the reason, also after an eviction", async () => {
    const started = await startExperiment(POLICY);
    await report(started, 10, failing);
    await started.evict();
    expect(await started.state()).toMatchObject({
      status: "rolled_back",
      epoch: 2,
      reason: "m@2: error rate 100.0 % is over 10.0 % after 10 requests",
      winning_variant_id: null,
    });
  });

  it("is told to the directory and lets go of the versions", async () => {
    const started = await startContest(POLICY);
    await report(started, 10, failing);
    expect(await statusOf(started.id)).toBe("rolled_back");
    await granted(started.model.deleteVersion(2, "usr_1"));
  });

  it("is made once by many who report failures at once", async () => {
    const started = await startExperiment(POLICY);
    await Promise.all(Array.from({ length: 20 }, () => report(started, 5, failing)));
    expect(await started.state()).toMatchObject({ status: "rolled_back", epoch: 2 });
    expect(await started.events()).toEqual(["created", "started", "rolled_back"]);
    expect((await started.report())[1]).toMatchObject({ requests: 100, errors: 100 });
  });

  it("counts the whole batch that caused it", async () => {
    const started = await startExperiment(POLICY);
    await report(started, 50, failing);
    expect((await started.report())[1]).toMatchObject({ requests: 50 });
  });

  it("follows from servings that failed as well as from reports", async () => {
    const { record } = await startExperiment(POLICY);
    const failures = outcomesOf(10, { ...failing, latency_ms: null });
    expect(await record(failures, "served")).toMatchObject({
      status: "rolled_back",
    });
  });
});

describe("nothing is rolled back", () => {
  it("for errors of the control", async () => {
    const started = await startExperiment(POLICY);
    expect(await report(started, 50, { ...control, ...failing })).toBe("running");
  });

  it("before the variant has min_requests", async () => {
    const started = await startExperiment(POLICY);
    expect(await report(started, 9, failing)).toBe("running");
  });

  it("while it is paused; the first outcome after the resumption does it", async () => {
    const started = await startExperiment(POLICY);
    await granted(started.change("pause"));
    expect(await report(started, 50, failing)).toBe("paused");
    await granted(started.change("resume"));
    expect(await report(started, 1, control)).toBe("rolled_back");
  });

  it("by outcomes that were counted before", async () => {
    const { record } = await startExperiment(POLICY);
    const failures = outcomesOf(9, failing);
    await record(failures);
    expect(await record(failures)).toMatchObject({
      duplicates: 9,
      status: "running",
    });
  });
});

describe("p95 latency", () => {
  const slow = { latency_ms: 100 };

  it("is judged when both sides have min_requests, whichever comes last", async () => {
    const variantLast = await startExperiment(POLICY);
    await report(variantLast, 10, control);
    expect(await report(variantLast, 9, slow)).toBe("running");
    expect(await report(variantLast, 1, slow)).toBe("rolled_back");

    const controlLast = await startExperiment(POLICY);
    await report(controlLast, 30, slow);
    expect(await report(controlLast, 9, control)).toBe("running");
    expect(await report(controlLast, 1, control)).toBe("rolled_back");
  });

  it("that degrades within the tolerance is no reason", async () => {
    const started = await startExperiment(POLICY);
    await report(started, 50, control);
    expect(await report(started, 50, { latency_ms: 14 })).toBe("running");
  });

  it("is judged against the counts of before an eviction", async () => {
    const started = await startExperiment(POLICY);
    await report(started, 10, control);
    await report(started, 9, slow);
    await started.evict();
    expect(await report(started, 1, slow)).toBe("rolled_back");
  });
});

it("after any stream of outcomes, one a call and an eviction after each, the status is what a plain count says", async () => {
  const outcome = fc.record({
    variant: fc.constantFrom(0, 1),
    success: fc.boolean(),
    latency_ms: fc.constantFrom(10, 50),
  });
  const rollback = {
    ...TOLERANT,
    error_rate_threshold: 0.6,
    latency_degradation_threshold: 1,
    min_requests: 4,
  };
  const p95 = (values: readonly number[]) =>
    values.toSorted((left, right) => left - right)[Math.ceil(values.length * 0.95) - 1] ?? 0;

  await fc.assert(
    fc.asyncProperty(fc.array(outcome, { maxLength: 25, size: "max" }), async (stream) => {
      const started = await startExperiment({ rollback });
      const seen: [typeof stream, typeof stream] = [[], []];
      let expected = "running";
      await oneByOne(stream, async (next) => {
        const { variant, success, latency_ms } = next;
        const status = await report(started, 1, {
          variant_id: `var_${variant}`,
          success,
          latency_ms,
        });
        await started.evict();
        seen[variant === 0 ? 0 : 1].push(next);
        const [against, canary] = seen;
        const errors = canary.filter((one) => !one.success).length;
        const latencies = seen.map((side) => p95(side.map((one) => one.latency_ms)));
        const failed = canary.length >= 4 && errors > canary.length * 0.6;
        const slowed =
          Math.min(canary.length, against.length) >= 4 &&
          (latencies[1] ?? 0) > (latencies[0] ?? 0) * 2;
        if (failed || slowed) expected = "rolled_back";
        expect(status).toBe(expected);
      });
      const rollbacks = (await started.events()).filter((type) => type === "rolled_back");
      expect(rollbacks).toHaveLength(expected === "rolled_back" ? 1 : 0);
    }),
    { numRuns: 25 },
  );
});
