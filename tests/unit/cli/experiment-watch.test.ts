import { describe, expect, it } from "vitest";
import type { LiveFrame } from "../../../clients/sdk/index.ts";
import { problem, standIn } from "../sdk/stand-in.ts";
import { EXPERIMENT } from "./experiment-fixture.ts";
import { capture, runCli } from "./run-cli.ts";

const frame = (
  status: LiveFrame["status"],
  requests: number,
  changes: Partial<LiveFrame> = {},
): LiveFrame => ({
  type: "experiment",
  at: "2026-11-21T09:30:00.000Z",
  experiment_id: "exp_1",
  name: "new forest",
  status,
  epoch: 1,
  variants: EXPERIMENT.variants.map((variant) => ({
    ...variant,
    request_count: requests,
    success_count: requests * 0.75,
    error_count: requests * 0.25,
    user_count: 0,
    success_rate: requests === 0 ? null : 0.75,
    error_rate: requests === 0 ? null : 0.25,
    latency_mean_ms: 5,
    latency_p50_ms: 1.5,
    latency_p95_ms: 20,
    latency_p99_ms: 123.4,
    conversion_rate: null,
    custom_metrics: {},
  })),
  ramp: null,
  guardrails: [
    {
      variant_id: "var_2",
      guardrail: "error_rate",
      method: "event_share",
      value: 0.25,
      control_value: 0.02,
      limit: 0.022,
      log_e_value: 1.5,
      degraded: true,
      requests,
    },
  ],
  log_e_value: 1.5,
  log_threshold: 3,
  sample_ratio: { p_value: 1, mismatch: false, counted: "requests", epochs: [] },
  last_event: { type: "started", at: "2026-11-21T09:29:00.000Z", data: {} },
  ...changes,
});

/** A platform that sends these states, one after the other. */
const platform = (...frames: LiveFrame[]) => {
  const { status } = frames.at(-1) ?? { status: "running" as const };
  return standIn(
    ({ path }) =>
      path.endsWith("/live")
        ? problem(426, "upgrade_required")
        : { json: { ...EXPERIMENT, status, reason: "too many errors" } },
    ({ send }) => {
      for (const [index, one] of frames.entries())
        setTimeout(() => send(JSON.stringify(one)), 30 * index);
    },
  );
};
const watch = ["experiments", "watch", "exp_1"];
const rolledBack = frame("rolled_back", 2_000, {
  epoch: 2,
  guardrails: [],
  last_event: { type: "rolled_back", at: "2026-11-21T09:31:00.000Z", data: { reason: "errors" } },
});

describe("experiments watch", () => {
  it.each([
    ["rolled_back", 5],
    ["concluded", 0],
  ] as const)("with --until-end leaves when it is %s, with exit code %d", async (status, code) => {
    const { url } = await platform(frame("running", 0), frame(status, 10));
    const ran = await runCli([...watch, "--until-end"], { url });
    expect(ran.code).toBe(code);
    expect(ran.stdout).toMatch(/reason +too many errors/);
  });

  it("prints a line for each change away from a terminal", async () => {
    const repeated = frame("running", 1_000, { at: "2026-11-21T09:30:01.000Z" });
    const { url } = await platform(
      frame("running", 0),
      frame("running", 1_000),
      repeated,
      rolledBack,
    );
    const ran = await runCli([...watch, "--until-end"], { url });
    const lines = ran.stdout.split("\n").filter((line) => line.startsWith("2026-"));
    expect(lines.map((line) => line.split(" | ")[0])).toEqual([
      "2026-11-21 09:30:00 running epoch 1",
      "2026-11-21 09:30:00 running epoch 1",
      "2026-11-21 09:30:00 rolled_back epoch 2",
    ]);
    expect(lines[1]).toContain(
      "wdbc@2 0.1 1000 requests 25.00 % errors p95 20.00 ms | evidence 50 %",
    );
  });

  it("prints each state as a line of JSON", async () => {
    const { url } = await platform(frame("running", 0), rolledBack);
    const ran = await runCli([...watch, "--json", "--until-end"], { url });
    const states = ran.stdout.trimEnd().split("\n");
    expect(states.map((line) => JSON.parse(line) as LiveFrame)).toEqual([
      frame("running", 0),
      rolledBack,
    ]);
    expect(ran.stderr).toBe("");
  });

  it("redraws the terminal with weights, numbers, evidence and events", async () => {
    const { url } = await platform(frame("running", 1_000), rolledBack);
    const terminal = capture({ isTTY: true, columns: 160 });
    const env = { LINNET_URL: url, LINNET_API_KEY: "sk_test", NO_COLOR: "1" };
    await runCli([...watch, "--until-end"], { env, stdout: terminal.stream });
    const [first = "", last = ""] = terminal.text().replaceAll("\u001b[K", "").split("\u001b[J");
    expect(first).toMatch(/wdbc@1 +control +█{18}░{2} +0\.9 +1,000 +0 +250 +25\.00 % +75\.00 %/);
    expect(first).toMatch(
      /error_rate \(event_share\) +wdbc@2 +0\.25 +0\.02 +0\.022 +█{10}░{10} +50 % +worse/,
    );
    expect(first).toContain("50 % of what a rollback takes (log e 1.5 of 3)");
    expect(first).toMatch(/sample ratio +agrees/);
    expect(last).toMatch(/traffic +everybody gets the control/);
    expect(last).toContain("09:31:00  rolled_back  errors\n2026-11-21 09:29:00  started\n");
  });

  it("shows where a ramp is, and a traffic that contradicts the weights", async () => {
    const ramp = {
      action: "wait",
      next_at: Date.UTC(2026, 10, 21, 10),
      reason: "step 1 of 3 waits for 600 s more",
      waiting_for: ["time"],
      to_step: null,
    } satisfies LiveFrame["ramp"];
    const sample_ratio = { p_value: 1e-9, mismatch: true, counted: "users", epochs: [] } as const;
    const told = frame("running", 10, { ramp, sample_ratio: { ...sample_ratio, epochs: [] } });
    const { url } = await platform(told, rolledBack);
    const terminal = capture({ isTTY: true, columns: 160 });
    const env = { LINNET_URL: url, LINNET_API_KEY: "sk_test", NO_COLOR: "1" };
    await runCli([...watch, "--until-end"], { env, stdout: terminal.stream });
    expect(terminal.text()).toContain("step 1 of 3 waits for 600 s more");
    expect(terminal.text()).toContain("2026-11-21 10:00:00 UTC, by time alone");
    expect(terminal.text()).toContain(
      "MISMATCH: the traffic contradicts the weights (p 1e-9, by users)",
    );
  });

  it("gives the cursor back when interrupted", async () => {
    const { url } = await platform(frame("running", 0), frame("running", 1));
    const terminal = capture({ isTTY: true, columns: 100 });
    const signal = AbortSignal.timeout(400);
    const ran = await runCli(watch, { url, signal, stdout: terminal.stream });
    expect(ran.code).toBe(130);
    expect(terminal.text().split("\u001b[J").length).toBeGreaterThan(2);
    expect(terminal.text().endsWith("\u001b[?25h")).toBe(true);
  });

  it("says that the connection was lost, and goes on", async () => {
    const { url } = await standIn(
      ({ path }) =>
        path.endsWith("/live") ? problem(426, "upgrade_required") : { json: EXPERIMENT },
      ({ index, send, drop }) => {
        send(JSON.stringify(index === 0 ? frame("running", 0) : rolledBack));
        if (index === 0) setTimeout(drop, 20);
      },
    );
    const ran = await runCli([...watch, "--until-end"], { url });
    expect(ran.code).toBe(5);
    expect(ran.stderr).toMatch(/was lost; trying again in 0\.\d+ s/);
  });

  it("passes on why it may not watch", async () => {
    const { url } = await standIn(
      () => problem(404, "experiment_not_found"),
      ({ drop }) => drop(),
    );
    const ran = await runCli(watch, { url });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("`linnet experiments list`");
  });
});
