import { beforeAll, describe, expect, it } from "vitest";
import type { SampleSizeReport, SimulationReport } from "../../../contract/experiment-plan.ts";
import { keyOf, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeAll(async () => {
  key = await keyOf("experiments:read");
});

describe("POST /experiments/simulate", () => {
  const path = "POST /v1/experiments/simulate";
  const plan = {
    control_rate: 0.02,
    variant_rate: 0.02,
    requests_per_second: 100,
    replications: 40,
    horizon_requests: 5_000,
    steps: [{ weight: "0.5", minimum_outcomes: 2_000 }],
  };
  const simulate = (changes: object = {}) =>
    succeeds<SimulationReport>(200, path, { key, json: { ...plan, ...changes } });

  it("tells harm from none: how often it rolls back, after how many requests", async () => {
    const harmless = await simulate();
    const harmful = await simulate({ variant_rate: 0.2 });
    expect(harmless.rolled_back).toBeLessThanOrEqual(0.1);
    expect(harmful.rolled_back).toBeGreaterThan(0.95);
    expect(harmful.to_rollback.canary_requests.p50).toBeLessThan(500);
    expect(harmful.canary.harmed_requests).toBeGreaterThan(0);
    for (const { rolled_back, completed, undecided } of [harmless, harmful])
      expect(rolled_back + completed + undecided).toBeCloseTo(1, 9);
  });

  it("answers the same to the same plan and seed, and otherwise to another", async () => {
    const first = await simulate({ variant_rate: 0.05, seed: "a" });
    expect(await simulate({ variant_rate: 0.05, seed: "a" })).toEqual(first);
    expect(await simulate({ variant_rate: 0.05, seed: "b" })).not.toEqual(first);
  });

  it("plays a ramp step by step", async () => {
    const steps = [
      { weight: "0.01", minimum_outcomes: 20 },
      { weight: "0.5", minimum_outcomes: 100 },
    ];
    const ramped = await simulate({ steps, replications: 10 });
    expect(ramped.completed + ramped.rolled_back).toBeGreaterThan(0.5);
  });

  it("waits for an outcome of each step, as a ramp does, also where none is asked for", async () => {
    const steps = [{ weight: "0.1" }, { weight: "0.5" }];
    const { canary, completed } = await simulate({ steps });
    expect(completed).toBe(1);
    expect(canary.requests).toBeGreaterThanOrEqual(2);
  });

  const wrong: [string, object][] = [
    ["a rate above 1", { control_rate: 1.1 }],
    ["no traffic", { requests_per_second: 0 }],
    ["a weight that is none", { steps: [{ weight: "half" }] }],
    ["a weight above 1", { steps: [{ weight: "1.5" }] }],
    ["no step", { steps: [] }],
    ["more than a Worker has time for", { replications: 1_000, horizon_requests: 10_000_000 }],
    ["a field that is none", { surprise: 1 }],
  ];
  it.each(wrong)("is refused with %s", async (_, changes) => {
    const { body } = await refused("invalid_request", path, { key, json: { ...plan, ...changes } });
    expect(body.errors?.[0]?.pointer).toMatch(/^#/);
  });
});

describe("POST /experiments/sample-size", () => {
  const path = "POST /v1/experiments/sample-size";
  const size = async (json: object) =>
    (await succeeds<SampleSizeReport>(200, path, { key, json })).required_sample_size;

  it("is what the textbook says of a conversion of 10 % and a lift of 20 %", async () => {
    const asked = { baseline_rate: 0.1, minimum_detectable_effect: 0.2 };
    // 3,841 by the pooled formula, with z of 1.95996 and 0.84162.
    expect(Math.abs((await size(asked)) - 3_841)).toBeLessThanOrEqual(2);
    expect(await size({ ...asked, power: 0.9 })).toBeGreaterThan(await size(asked));
    expect(await size({ ...asked, confidence_level: 0.9 })).toBeLessThan(await size(asked));
    expect(await size({ ...asked, minimum_detectable_effect: 0.1 })).toBeGreaterThan(
      3 * (await size(asked)),
    );
  });

  const wrong: [string, object][] = [
    ["a rate of 0", { baseline_rate: 0, minimum_detectable_effect: 0.1 }],
    ["an effect that leads above 1", { baseline_rate: 0.9, minimum_detectable_effect: 0.5 }],
    ["no effect", { baseline_rate: 0.1, minimum_detectable_effect: 0 }],
    ["no rate", { minimum_detectable_effect: 0.1 }],
    ["a power below a half", { baseline_rate: 0.1, minimum_detectable_effect: 0.1, power: 0.2 }],
  ];
  it.each(wrong)("is refused with %s", async (_, json) => {
    const { body } = await refused("invalid_request", path, { key, json });
    expect(body.errors?.[0]?.pointer).toMatch(/^#\//);
  });
});
