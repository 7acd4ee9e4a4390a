import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { standIn } from "../sdk/stand-in.ts";
import { CHANGED as EXPERIMENT } from "./experiment-fixture.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

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
    expect(ran.stdout).toContain("on evidence that errs in at most 5 %");
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

  it("reads targeting and an imported split from JSON or a file", async () => {
    const { url, received } = await standIn(() => ({ json: EXPERIMENT }));
    const cwd = await temporaryFolder();
    const split = { algorithm: "flagd", flag_key: "forest", weights: [9, 1] };
    await writeFile(join(cwd, "split.json"), JSON.stringify(split));
    const arms = ["--name", "x", "--control", "wdbc@1", "--challenger", "wdbc@2"];
    const parts = ["--import", "@split.json", "--targeting", '{"attribute":"age","at_least":3}'];
    const ran = await runCli(["experiments", "create", ...arms, ...parts], { url, cwd });
    expect(ran.code).toBe(0);
    expect(bodyOf(received[0])).toMatchObject({
      import: split,
      targeting: { attribute: "age", at_least: 3 },
      variants: [{ version: 1, is_control: true }, { version: 2 }],
    });
    expect(received[0]?.body).not.toContain("traffic_weight");
  });

  it.each([
    ["a challenger without a weight", ["--name", "x", "--control", "a@1", "--challenger", "a@2"]],
    ["targeting that is no JSON", ["--name", "x", "--targeting", "country = FR"]],
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

it("prints what takes a conclusion back", async () => {
  const { url, received } = await standIn(() => ({
    json: { ...EXPERIMENT, status: "concluded", undo_token: "undo_1" },
  }));
  const args = ["experiments", "conclude", "exp_1", "--expected-epoch", "4"];
  const ran = await runCli(args, { url });
  expect(bodyOf(received[0])).toEqual({ expected_epoch: 4 });
  expect(ran.stderr).toContain("linnet experiments undo exp_1 undo_1");
});
