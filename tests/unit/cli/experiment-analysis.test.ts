import { expect, it } from "vitest";
import type { AnalysisReport } from "../../../clients/sdk/index.ts";
import { standIn } from "../sdk/stand-in.ts";
import { EXPERIMENT } from "./experiment-fixture.ts";
import { runCli } from "./run-cli.ts";

const nothing = { reason: null, interval: null, p_value: null, estimate: null };
const REPORT: AnalysisReport = {
  experiment_id: "exp_1",
  status: "running",
  metric: "accuracy",
  confidence_level: 0.95,
  minimum_sample_size: 1_000,
  compared_variant_id: "var_1",
  results: [
    {
      variant_id: "var_2",
      metric: "accuracy",
      method: "two_proportion_z",
      is_significant: true,
      p_value: 0.01,
      confidence_interval: [0.01, 0.09],
      effect_size: 0.2,
      control_value: 0.9,
      variant_value: 0.95,
      sample_size_adequate: false,
      recommended_action: "continue",
      winner: null,
      reason: null,
      adjusted_p_value: { holm: 0.01, benjamini_hochberg: 0.01 },
      sequential: {
        method: "asymptotic",
        estimate: 0.05,
        interval: [-0.02, 0.12],
        p_value: 0.2,
        e_value_log: 1,
        adjusted_p_value: 0.2,
        valid_from: 100,
        recommended_action: "continue",
        winner: null,
        reason: null,
      },
      stratified: { ...nothing, standard_error: null, strata: 1 },
      pooled_differs: true,
      power: { relative_effect: 0.05, achieved: 0.5, required_sample_size: 900, reason: null },
      cuped: { ...nothing, variance_reduction: null, theta: null, reason: "no covariate" },
    },
  ],
  guardrails: [],
  sample_ratio: { p_value: 1e-9, mismatch: true, counted: "users", epochs: [] },
  epochs: [],
  evidence: { log_e_value: 1.5, log_threshold: 3, false_rollback_rate: 0.05, verdicts: [] },
};
const platform = () =>
  standIn(({ path }) => ({ json: path.endsWith("/analysis") ? REPORT : EXPERIMENT }));

it("shows what holds at any time, what holds for one look, and what speaks against both", async () => {
  const { url } = await platform();
  const { stdout } = await runCli(["experiments", "analysis", "exp_1"], { url });
  expect(stdout).toContain("accuracy, confidence 0.95, from 1000 requests on, against wdbc@1");
  expect(stdout).toMatch(/wdbc@2 +0\.05 +-0\.02 to 0\.12 +0\.2 +continue/);
  expect(stdout).toMatch(/wdbc@2 +0\.95 +0\.9 +two_proportion_z +0\.01 +0\.01 to 0\.09 +too small/);
  expect(stdout).toContain("MISMATCH: do not trust the rest (p 1e-9)");
  expect(stdout).toContain("50 % of what a rollback takes");
  expect(stdout).toContain("what all add up to and what each says differ");
});

it("asks for the test that is named, and nothing else", async () => {
  const { url, received } = await platform();
  const asked = ["--metric", "latency_p95_ms", "--test", "mann_whitney", "--interval", "score"];
  const more = ["--compare-with", "baseline", "--confidence", "0.99", "--json"];
  const ran = await runCli(["experiments", "analysis", "exp_1", ...asked, ...more], { url });
  expect(JSON.parse(ran.stdout)).toEqual(REPORT);
  expect(received.map(({ query }) => query)).toEqual([
    {
      metric: "latency_p95_ms",
      test: "mann_whitney",
      interval: "score",
      compare_with: "baseline",
      confidence_level: "0.99",
    },
  ]);
});
