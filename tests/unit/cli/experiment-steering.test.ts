import { describe, expect, it } from "vitest";
import { problem, standIn } from "../sdk/stand-in.ts";
import { CHANGED, EXPERIMENT } from "./experiment-fixture.ts";
import { runCli } from "./run-cli.ts";

const bodyOf = (request: { body: string } | undefined): unknown => JSON.parse(request?.body ?? "");

describe("experiments weights", () => {
  const reweighed = {
    dry_run: false,
    moved_fraction: "0.1",
    epoch: 2,
    effective_at: "2026-11-21T09:30:01.000Z",
    variants: EXPERIMENT.variants.map((variant) => ({
      ...variant,
      traffic_weight: variant.is_control ? "0.8" : "0.2",
    })),
  };
  const platform = (result: object = reweighed) =>
    standIn(({ path }) => ({ json: path.endsWith("/weights") ? result : EXPERIMENT }));
  const weights = (...args: string[]) => ["experiments", "weights", "exp_1", ...args];

  it("names variants as people do, and gives the control the rest", async () => {
    const { url, received } = await platform();
    const ran = await runCli(weights("wdbc@2=0.2", "--max-moved", "0.10"), { url });
    expect(ran.code).toBe(0);
    expect(bodyOf(received[1])).toEqual({
      weights: { var_1: "0.8", var_2: "0.2" },
      dry_run: false,
      max_moved_fraction: "0.1",
    });
    expect(ran.stdout).toContain("Moved 10 % of the users (epoch 2)");
    expect(ran.stdout).toMatch(/wdbc@1 +0\.9 +0\.8 +control\nwdbc@2 +0\.1 +0\.2/);
    expect(ran.stderr).toContain("In force everywhere at 2026-11-21 09:30:01 UTC");
  });

  it("says what a change would move, and changes nothing", async () => {
    const { url, received } = await platform({ ...reweighed, dry_run: true, effective_at: null });
    const given = ["wdbc@1=0.8", "var_2=0.2", "--dry-run", "--expected-epoch", "1"];
    const ran = await runCli(weights(...given), { url });
    expect(bodyOf(received[1])).toMatchObject({ dry_run: true, expected_epoch: 1 });
    expect(ran.stdout).toContain("Would move 10 % of the users; nothing was changed");
    expect(ran.stderr).toBe("");
  });

  it.each([
    ["no weight", ["wdbc@2"], "expected name=weight"],
    ["more than 1", ["wdbc@2=1.1"], "not a weight"],
    ["a variant twice", ["wdbc@2=0.1", "var_2=0.1"], "given twice"],
  ])("refuses %s", async (_, given, message) => {
    const { url, received } = await platform();
    const ran = await runCli(weights(...given), { url });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(message);
    expect(received.some(({ method }) => method === "POST")).toBe(false);
  });

  it("hints at smaller steps when too many would move", async () => {
    const { url } = await standIn(({ method }) =>
      method === "GET" ? { json: EXPERIMENT } : problem(409, "movement_too_large"),
    );
    const ran = await runCli(weights("wdbc@2=0.9", "--max-moved", "0.05"), { url });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("--max-moved");
  });
});

it.each([
  [["ramp", "exp_1", "approve"], "POST ramp", { action: "approve" }],
  [
    ["ramp", "exp_1", "hold", "--reason", "weekend"],
    "POST ramp",
    { action: "hold", reason: "weekend" },
  ],
  [["proposal", "exp_1", "dismiss"], "POST proposal", { decision: "dismiss" }],
  [["undo", "exp_1", "undo_1"], "POST undo", { undo_token: "undo_1" }],
])("%j", async (args, sent, body) => {
  const { url, received } = await standIn(() => ({ json: CHANGED }));
  const ran = await runCli(["experiments", ...args], { url });
  expect(ran.code).toBe(0);
  const [method, operation] = sent.split(" ");
  expect(received.map((one) => `${one.method} ${one.path}`)).toEqual([
    `${method} /v1/experiments/exp_1/${operation}`,
  ]);
  expect(bodyOf(received[0])).toEqual(body);
});

it.each([
  ["ramp", "exp_1", "jump"],
  ["proposal", "exp_1", "maybe"],
  ["budget", "exp_1"],
])("refuses %s %s %s", async (...args) => {
  const { url, received } = await standIn(() => ({ json: CHANGED }));
  expect((await runCli(["experiments", ...args.filter(Boolean)], { url })).code).toBe(2);
  expect(received).toEqual([]);
});

describe("experiments budget", () => {
  const budget = { max_requests: 500, max_errors: 20 };
  it.each([
    [["--max-requests", "1000"], { max_requests: 1_000, max_errors: 20 }],
    [["--max-errors", "none"], { max_requests: 500, max_errors: null }],
  ])("keeps the limit that %j leaves out", async (args, body) => {
    const { url, received } = await standIn(() => ({ json: { ...CHANGED, budget } }));
    const ran = await runCli(["experiments", "budget", "exp_1", ...args], { url });
    expect(received[1]?.method).toBe("PUT");
    expect(bodyOf(received[1])).toEqual(body);
    expect(ran.stdout).toContain("500 requests and 20 errors of all canaries");
  });
});

it("shows a ramp with its step, what it waits for and when", async () => {
  const ramp = {
    steps: [
      { weight: "0.05", hold_seconds: 600, minimum_outcomes: 200, approval: false },
      { weight: "0.5", hold_seconds: 5_400, minimum_outcomes: 0, approval: true },
    ],
    on_degradation: "rollback",
    step: 1,
    entered_at: "2026-11-21T09:30:00.000Z",
    held: null,
    waiting_for: ["time"],
    next_at: "2026-11-21T11:00:00.000Z",
    next_reason: "step 2 of 2 waits for 5400 s more",
  };
  const { url } = await standIn(() => ({ json: { ...EXPERIMENT, ramp } }));
  const { stdout } = await runCli(["experiments", "get", "exp_1"], { url });
  expect(stdout).toMatch(/▶ +2 +0\.5 +1 h 30 min +0 +asked for\n/);
  expect(stdout).toMatch(/waits +step 2 of 2 waits for 5400 s more\n/);
  expect(stdout).toMatch(/next +2026-11-21 11:00:00 UTC, by time alone/);
});
