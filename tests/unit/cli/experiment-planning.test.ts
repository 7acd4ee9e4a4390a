import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../../clients/cli/duration.ts";
import type { SimulationReport } from "../../../clients/sdk/index.ts";
import { type Received, standIn } from "../sdk/stand-in.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const quantiles = (p50: number | null) => ({ p10: p50 && p50 / 2, p50, p90: null });
const report = (rolled_back: number): SimulationReport => ({
  rolled_back,
  completed: 1 - rolled_back,
  undecided: 0,
  to_rollback: {
    seconds: quantiles(816),
    requests: quantiles(16_318),
    canary_requests: quantiles(543),
  },
  canary: { requests: 752, events: 30, harmed_requests: 15.05 },
  replications: 200,
  seed: "linnet",
});
type Plan = { control_rate: number; variant_rate: number; steps?: object[] };
const planOf = ({ body }: Received) => JSON.parse(body) as Plan;
const platform = () =>
  standIn((request) => {
    const { control_rate, variant_rate } = planOf(request);
    return { json: report(control_rate === variant_rate ? 0.01 : 0.75) };
  });
const rates = ["--control-rate", "0.02", "--variant-rate", "0.04", "--rps", "20"];
const simulate = ["experiments", "simulate", ...rates];

describe("experiments simulate", () => {
  it("says how long it takes, what it costs and how often it errs", async () => {
    const { url, received } = await platform();
    const ran = await runCli(simulate, { url });
    expect(received.map(planOf)).toEqual([
      { control_rate: 0.02, variant_rate: 0.04, requests_per_second: 20 },
      { control_rate: 0.02, variant_rate: 0.02, requests_per_second: 20 },
    ]);
    expect(ran.stdout).toMatch(/rolled back +█{18}░{6} +75\.00 %/);
    expect(ran.stdout).toMatch(/time +6 min 48 s +13 min 36 s +–\n/);
    expect(ran.stdout).toContain("in half of all experiments within 13 min 36 s");
    expect(ran.stdout).toContain("15.05 go wrong that would not have");
    expect(ran.stdout).toContain("like the control is rolled back in 1.00 %; at most 5.00 %");
  });

  it("plays a harmless plan once", async () => {
    const { url, received } = await platform();
    const same = ["--control-rate", "0.02", "--variant-rate", "0.02", "--rps", "20", "--json"];
    const ran = await runCli(["experiments", "simulate", ...same], { url });
    expect(received).toHaveLength(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ asked: { rolled_back: 0.01 }, harmless: null });
  });

  it.each([
    [
      "a ramp, with the defaults of an experiment",
      { ramp: { steps: [{ weight: "0.05", minimum_outcomes: 9 }, { weight: "0.5" }] } },
      [
        { weight: "0.05", hold_seconds: 600, minimum_outcomes: 9 },
        { weight: "0.5", hold_seconds: 600, minimum_outcomes: 0 },
      ],
    ],
    [
      "the share of all canaries",
      {
        minimum_sample_size: 50,
        variants: [
          { traffic_weight: "0.7", is_control: true },
          { traffic_weight: "0.1", is_baseline: true },
          { traffic_weight: "0.1" },
          { traffic_weight: "0.1" },
        ],
      },
      [{ weight: "0.2", minimum_outcomes: 50 }],
    ],
  ])("takes %s from an experiment's file", async (_, spec, steps) => {
    const { url, received } = await platform();
    const cwd = await temporaryFolder();
    const rollback = { false_rollback_rate: 0.01, error_degradation_threshold: 0.2 };
    await writeFile(join(cwd, "spec.json"), JSON.stringify({ ...spec, rollback }));
    await runCli([...simulate, "--file", "spec.json", "--margin", "0.5"], { url, cwd });
    expect(received.map(planOf)[0]).toMatchObject({
      steps,
      false_rollback_rate: 0.01,
      degradation_threshold: 0.5,
    });
  });

  it("takes steps from flags, with nobody to approve them", async () => {
    const { url, received } = await platform();
    await runCli([...simulate, "--step", "0.1:1h:50:approval", "--step", "0.5"], { url });
    expect(received.map(planOf)[0]?.steps).toEqual([
      { weight: "0.1", hold_seconds: 3_600, minimum_outcomes: 50 },
      { weight: "0.5" },
    ]);
  });

  it("needs the rates", async () => {
    const { url, received } = await platform();
    expect((await runCli(["experiments", "simulate", "--rps", "1"], { url })).code).toBe(2);
    expect(received).toEqual([]);
  });
});

it("says how many observations are needed, and how long they take", async () => {
  const { url, received } = await standIn(() => ({ json: { required_sample_size: 31_234 } }));
  const size = ["experiments", "sample-size", "--baseline", "0.05", "--effect", "0.1"];
  const ran = await runCli([...size, "--rps", "20", "--weight", "0.1"], { url });
  expect(JSON.parse(received[0]?.body ?? "")).toEqual({
    baseline_rate: 0.05,
    minimum_detectable_effect: 0.1,
  });
  expect(ran.stdout).toBe(
    "31,234 observations of each variant: 4 h 20 min at 2 requests/s for the smaller one\n",
  );
  expect((await runCli(size, { url })).stdout).toBe("31,234 observations of each variant\n");
});

it.each([
  ["90", 90, "1 min 30 s"],
  ["30s", 30, "30 s"],
  ["10m", 600, "10 min"],
  ["6h", 21_600, "6 h"],
  ["7d", 604_800, "7 d"],
])("reads the time %s", (text, seconds, shown) => {
  expect(parseDuration(text)).toBe(seconds);
  expect(formatDuration(seconds)).toBe(shown);
});

it.each(["", "soon", "-1", "1.5h", "1w"])("refuses '%s' for a time", (text) => {
  expect(parseDuration(text)).toBeNull();
});
