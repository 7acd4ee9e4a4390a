import { expect, it } from "vitest";
import { problem, standIn } from "../sdk/stand-in.ts";
import { runCli } from "./run-cli.ts";

const KEPT = {
  prediction_id: "prd_1",
  model: "wdbc",
  version: 2,
  experiment_id: "exp_1",
  variant_id: null,
  created_at: "2026-11-21T09:30:00.000Z",
  bytes: 348,
};
const CAPTURE = {
  model: "wdbc",
  rate: "0.1",
  kept_days: 30,
  updated_at: "2026-11-21T09:30:00.000Z",
  updated_by: "key_1",
  kept: 1_234,
  kept_bytes: 430_000,
  oldest_at: "2026-11-20T09:30:00.000Z",
  newest_at: "2026-11-21T09:30:00.000Z",
};
const ANSWER = {
  model: "wdbc",
  version: 2,
  outputs: { y: [3] },
  latency_ms: 1,
  timing: { load_ms: 0, queue_ms: 0, run_ms: 1 },
  prediction_id: "prd_1",
  prediction_ids: ["prd_1"],
};

it("lists what is kept, and says how to keep where nothing is", async () => {
  const { url, received } = await standIn((_, index) => ({
    json: { items: index === 0 ? [KEPT] : [], next_cursor: null },
  }));
  const args = ["predictions", "list", "wdbc"];
  const some = await runCli([...args, "--version", "2", "--experiment", "exp_1"], { url });
  expect(some.stdout).toMatch(/prd_1 +2 +2026-11-21 09:30:00 +348 B +exp_1/);
  expect(received[0]).toMatchObject({
    path: "/v1/models/wdbc/predictions",
    query: { version: "2", experiment_id: "exp_1" },
  });
  expect((await runCli(args, { url })).stderr).toContain("`linnet predict wdbc --store`");
});

it("shows a kept prediction, or where to find those that are", async () => {
  const { url } = await standIn((_, index) =>
    index === 0
      ? { json: { ...KEPT, inputs: { x: [[1, 2]] }, outputs: { y: [3] } } }
      : problem(404, "prediction_not_found"),
  );
  const { stdout } = await runCli(["predictions", "get", "wdbc", "prd_1"], { url });
  expect(stdout).toMatch(/version +wdbc@2\n/);
  expect(stdout).toMatch(/inputs +\{"x":\[\[1,2\]\]\}\n/);
  const absent = await runCli(["predictions", "get", "wdbc", "prd_1"], { url });
  expect(absent.code).toBe(1);
  expect(absent.stderr).toContain("`linnet predictions list <model>`");
});

it("deletes one, the old ones or all, when it is sure which", async () => {
  const { url, received } = await standIn(() => ({ json: { deleted: 1_234 } }));
  const args = ["predictions", "delete", "wdbc"];
  for (const more of [[], ["prd_1", "--all"], ["--all", "--older-than-days", "7"]])
    expect((await runCli([...args, "--yes", ...more], { url })).code).toBe(2);
  expect((await runCli([...args, "--all"], { url })).code).toBe(2);
  expect(received).toEqual([]);
  const one = await runCli([...args, "prd_1", "--yes"], { url });
  expect(one.stdout).toBe("Deleted prd_1\n");
  const old = await runCli([...args, "--older-than-days", "7", "--yes"], { url });
  expect(old.stdout).toBe("Deleted 1,234 predictions\n");
  await runCli([...args, "--all", "--yes"], { url });
  expect(received.map(({ path, query }) => [path, query])).toEqual([
    ["/v1/models/wdbc/predictions/prd_1", {}],
    ["/v1/models/wdbc/predictions", { older_than_days: "7" }],
    ["/v1/models/wdbc/predictions", {}],
  ]);
});

it("shows and sets which share is kept", async () => {
  const { url, received } = await standIn(() => ({ json: CAPTURE }));
  const args = ["models", "capture", "wdbc"];
  const shown = await runCli(args, { url });
  expect(shown.stdout).toMatch(/rate +0\.1\n.*30 days\n.*1,234 predictions, 430\.0 kB\n/s);
  await runCli([...args, "--rate", "0.10", "--keep-days", "30"], { url });
  await runCli([...args, "--rate", "0"], { url });
  expect(received.map(({ method, body }) => [method, body])).toEqual([
    ["GET", ""],
    ["PUT", '{"rate":"0.1","kept_days":30}'],
    ["PUT", '{"rate":"0"}'],
  ]);
  for (const wrong of [
    ["--rate", "2"],
    ["--keep-days", "7"],
    ["--rate", "0", "--keep-days", "0"],
  ])
    expect((await runCli([...args, ...wrong], { url })).code).toBe(2);
});

it("stores a prediction when asked to, and tells its id", async () => {
  const { url, received } = await standIn(() => ({
    json: { ...ANSWER, variant_id: "var_1", epoch: 1, reason: "assigned", request_id: "r" },
  }));
  const input = ["--input", '{"x": [3]}'];
  const model = await runCli(["predict", "wdbc", ...input, "--store"], { url });
  const experiment = await runCli(["predict", "--experiment", "exp_1", ...input, "--store"], {
    url,
  });
  for (const { stderr } of [model, experiment]) expect(stderr).toContain("kept as prd_1\n");
  await runCli(["predict", "wdbc", ...input], { url });
  expect(received.map(({ body }) => (JSON.parse(body) as { store?: boolean }).store)).toEqual([
    true,
    true,
    undefined,
  ]);
});
