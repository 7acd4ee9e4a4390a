import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { standIn } from "../sdk/stand-in.ts";
import { capture, runCli, temporaryFolder } from "./run-cli.ts";

const variant = (version: number, is_control: boolean) => ({
  variant_id: `var_${version}`,
  name: `wdbc@${version}`,
  model: "wdbc",
  version,
  traffic_weight: "0.5",
  is_control,
});
const EXPERIMENT = {
  id: "exp_1",
  name: "new forest",
  description: "",
  status: "draft",
  epoch: 0,
  variants: [variant(1, true), variant(2, false)],
  consistency: "leased",
  primary_metric: "accuracy",
  rollback: { error_rate_threshold: 0.05, latency_degradation_threshold: 0.2, min_requests: 100 },
  alias: "champion",
  start_time: null,
  end_time: null,
  winning_variant_id: null,
  reason: null,
  promotion: null,
  created_at: "2026-11-21T09:30:00.000Z",
  effective_at: "2026-11-21T09:30:01.000Z",
};
const metrics = (status: string, requests: number) => ({
  experiment_id: "exp_1",
  status,
  epoch: 1,
  variants: [1, 2].map((version) => ({
    ...variant(version, version === 1),
    request_count: requests,
    success_rate: requests === 0 ? null : 0.75,
    error_rate: requests === 0 ? null : 0.25,
    latency_p50_ms: 1.5,
    latency_p95_ms: 20,
    latency_p99_ms: 123.4,
  })),
});

const bodyOf = (request: { body: string } | undefined): unknown => JSON.parse(request?.body ?? "");

describe("experiments create", () => {
  it("makes the body from flags, with aliases resolved and exact weights", async () => {
    const { url, received } = await standIn(({ path }) => ({
      json: path.includes("/aliases/") ? { alias: "champion", version: 7 } : EXPERIMENT,
    }));
    const arms = ["--control", "wdbc@champion", "--challenger", "wdbc@8=0.1"];
    const more = ["--challenger", "wdbc@9=0.2", "--metric", "accuracy", "--consistency", "strict"];
    const limits = ["--min-requests", "20", "--error-rate", "0.1", "--latency", "0.5"];
    const ran = await runCli(
      [
        "experiments",
        "create",
        "--name",
        "new forest",
        ...arms,
        ...more,
        ...limits,
        "--idempotency-key",
        "mine",
      ],
      { url },
    );
    expect(ran.code).toBe(0);
    expect(received[1]?.headers["idempotency-key"]).toBe("mine");
    const arm = (version: number, traffic_weight: string, is_control: boolean) => ({
      model: "wdbc",
      version,
      traffic_weight,
      is_control,
    });
    expect(bodyOf(received[1])).toEqual({
      name: "new forest",
      variants: [arm(7, "0.7", true), arm(8, "0.1", false), arm(9, "0.2", false)],
      rollback: { min_requests: 20, error_rate_threshold: 0.1, latency_degradation_threshold: 0.5 },
      primary_metric: "accuracy",
      consistency: "strict",
    });
    expect(ran.stdout).toContain("above 5 % errors or 20 % slower, from 100 requests on");
    expect(ran.stderr).toContain("linnet experiments start exp_1");
  });

  it("takes a file, and starts it", async () => {
    const { url, received } = await standIn(({ path }) => ({
      json: { ...EXPERIMENT, status: path.endsWith("/start") ? "running" : "draft" },
    }));
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "spec.json"), JSON.stringify({ name: "old", variants: [] }));
    const args = ["experiments", "create", "--file", "spec.json", "--name", "new", "--start"];
    const ran = await runCli([...args, "--json"], { url, cwd });
    expect(JSON.parse(ran.stdout)).toMatchObject({ id: "exp_1", status: "running" });
    expect(bodyOf(received[0])).toEqual({ name: "new", variants: [] });
    expect(received[1]?.path).toBe("/v1/experiments/exp_1/start");
  });

  it.each([
    ["nothing to compare", ["--name", "x"]],
    ["a weight that is none", ["--name", "x", "--control", "a@1", "--challenger", "a@2=half"]],
    ["a file that is not there", ["--file", "nowhere.json"]],
  ])("refuses %s", async (_, args) => {
    const { url } = await standIn(() => ({ json: EXPERIMENT }));
    expect((await runCli(["experiments", "create", ...args], { url })).code).toBe(2);
  });
});

it.each([
  [["start", "exp_1"], undefined],
  [["pause", "exp_1"], undefined],
  [["resume", "exp_1"], undefined],
  [["rollback", "exp_1", "--reason", "too slow"], { reason: "too slow" }],
  [["conclude", "exp_1"], {}],
])("%j changes the status", async (args, body) => {
  const { url, received } = await standIn(() => ({ json: EXPERIMENT }));
  const ran = await runCli(["experiments", ...args], { url });
  expect(ran.code).toBe(0);
  expect(ran.stderr).toContain("In force everywhere at 2026-11-21 09:30:01 UTC");
  expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `POST /v1/experiments/exp_1/${args[0]}`,
  ]);
  expect(received[0]?.body).toBe(body === undefined ? "" : JSON.stringify(body));
});

it.each([
  ["wdbc@2", "var_2"],
  ["var_2", "var_2"],
  ["var_other", "var_other"],
])("concludes for the winner %s", async (winner, id) => {
  const { url, received } = await standIn(() => ({ json: EXPERIMENT }));
  await runCli(["experiments", "conclude", "exp_1", "--winner", winner], { url });
  expect(bodyOf(received[1])).toEqual({ winning_variant_id: id });
});

describe("experiments watch", () => {
  const watched = () => {
    let looks = 0;
    return standIn(({ path }) => {
      if (!path.endsWith("/metrics"))
        return { json: { ...EXPERIMENT, status: "rolled_back", reason: "too many errors" } };
      looks += 1;
      return { json: metrics(looks < 3 ? "running" : "rolled_back", looks * 1_000) };
    });
  };
  const watch = ["experiments", "watch", "exp_1", "--interval", "0.1"];

  it("ends when the experiment ends, and says why", async () => {
    const { url } = await watched();
    const ran = await runCli(watch, { url });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("new forest  running  epoch 1");
    expect(ran.stdout).toMatch(/wdbc@1 +control +3,000 +75\.00 % +25\.00 % +1\.50 +20\.00 +123\n/);
    expect(ran.stdout).toMatch(/reason +too many errors/);
  });

  it("prints a line of JSON for each look", async () => {
    const { url } = await watched();
    const ran = await runCli([...watch, "--json"], { url });
    const lines = ran.stdout.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { status: string }).status)).toEqual([
      "running",
      "running",
      "rolled_back",
    ]);
    expect(ran.stderr).toBe("");
  });

  it("gives the cursor back when interrupted", async () => {
    const { url } = await standIn(({ path }) => ({
      json: path.endsWith("/metrics") ? metrics("running", 0) : EXPERIMENT,
    }));
    const terminal = capture({ isTTY: true, columns: 100 });
    const signal = AbortSignal.timeout(400);
    const ran = await runCli(watch, { url, signal, stdout: terminal.stream });
    expect(ran.code).toBe(130);
    expect(terminal.text().split("\u001b[J").length).toBeGreaterThan(2);
    expect(terminal.text().endsWith("\u001b[?25h")).toBe(true);
  });
});
