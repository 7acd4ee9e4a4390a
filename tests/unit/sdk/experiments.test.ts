import { describe, expect, it } from "vitest";
import { experiments, layers, type Linnet } from "../../../clients/sdk/index.ts";
import { standIn } from "./stand-in.ts";

const WEIGHTS = { "wdbc@1": "0.8", "wdbc@2": "0.2" };
const BUDGET = { max_requests: null, max_errors: 5 };
const PLAN = { control_rate: 0.02, variant_rate: 0.04, requests_per_second: 20 };
const SIZE = { baseline_rate: 0.05, minimum_detectable_effect: 0.1 };

type Sent = [name: string, call: (client: Linnet) => Promise<unknown>, line: string, body: unknown];
const sent: Sent[] = [
  [
    "reweigh",
    (client) => experiments.reweigh(client, "exp_1", { weights: WEIGHTS, expected_epoch: 3 }),
    "POST /v1/experiments/exp_1/weights",
    { weights: WEIGHTS, expected_epoch: 3 },
  ],
  [
    "steerRamp",
    (client) => experiments.steerRamp(client, "exp_1", { action: "hold", reason: "weekend" }),
    "POST /v1/experiments/exp_1/ramp",
    { action: "hold", reason: "weekend" },
  ],
  [
    "answerProposal",
    (client) => experiments.answerProposal(client, "exp_1", { decision: "dismiss" }),
    "POST /v1/experiments/exp_1/proposal",
    { decision: "dismiss" },
  ],
  [
    "changeBudget",
    (client) => experiments.changeBudget(client, "exp_1", BUDGET),
    "PUT /v1/experiments/exp_1/budget",
    BUDGET,
  ],
  [
    "undo",
    (client) => experiments.undo(client, "exp_1", { undo_token: "undo_1" }),
    "POST /v1/experiments/exp_1/undo",
    { undo_token: "undo_1" },
  ],
  [
    "conclude",
    (client) =>
      experiments.conclude(client, "exp_1", { winning_variant_id: "var_1", expected_epoch: 2 }),
    "POST /v1/experiments/exp_1/conclude",
    { winning_variant_id: "var_1", expected_epoch: 2 },
  ],
  [
    "simulate",
    (client) => experiments.simulate(client, PLAN),
    "POST /v1/experiments/simulate",
    PLAN,
  ],
  [
    "sampleSize",
    (client) => experiments.sampleSize(client, SIZE),
    "POST /v1/experiments/sample-size",
    SIZE,
  ],
  [
    "put a layer",
    (client) => layers.put(client, "checkout", { holdout: "0.05" }),
    "PUT /v1/layers/checkout",
    { holdout: "0.05" },
  ],
  ["get a layer", (client) => layers.get(client, "checkout"), "GET /v1/layers/checkout", null],
  [
    "remove a layer",
    (client) => layers.remove(client, "checkout"),
    "DELETE /v1/layers/checkout",
    null,
  ],
];

it.each(sent)("%s", async (_, call, line, body) => {
  const { client, received } = await standIn(() => ({ json: {} }));
  await call(client());
  expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual([line]);
  expect(received[0]?.body).toBe(body === null ? "" : JSON.stringify(body));
});

describe("a unit", () => {
  it.each([
    ["assignment", experiments.assignment],
    ["explain", experiments.explain],
  ] as const)("is looked up by %s with its attributes", async (name, ask) => {
    const { client, received } = await standIn(() => ({ json: {} }));
    await ask(client(), "exp_1", { unit: "a b", attributes: { country: "FR" } });
    await ask(client(), "exp_1", { unit: "ada" });
    expect(received[0]?.path).toBe(`/v1/experiments/exp_1/${name}`);
    expect(received[0]?.query).toEqual({ unit: "a b", attributes: '{"country":"FR"}' });
    expect(received[1]?.query).toEqual({ unit: "ada" });
  });

  it("carries attributes and a preview into a decision", async () => {
    const { client, received } = await standIn(() => ({ json: {} }));
    const unit = { request_id: "r", user_id: "ada", attributes: { age: 3 }, preview: "wdbc@2" };
    await experiments.route(client(), "exp_1", unit);
    expect(JSON.parse(received[0]?.body ?? "")).toEqual(unit);
  });
});

it("reports outcomes that are late or corrected", async () => {
  const { client, received } = await standIn(() => ({ json: {} }));
  const first = { request_id: "r", variant_id: "var_1", success: true, latency_ms: 1 };
  const late = { ...first, epoch: 2, revision: 1, covariate: 0.5 };
  await experiments.reportOutcomes(client(), "exp_1", [first, late]);
  expect(JSON.parse(received[0]?.body ?? "")).toEqual({ outcomes: [first, late] });
});

describe("after a lost connection", () => {
  const attempts = async (call: (client: Linnet) => Promise<unknown>): Promise<number> => {
    const { client, received } = await standIn(() => "hang up");
    await call(client()).catch(() => undefined);
    return received.length;
  };
  it("a change that would be made twice is not sent again", async () => {
    const once = [
      (client: Linnet) => experiments.reweigh(client, "exp_1", { weights: WEIGHTS }),
      (client: Linnet) => experiments.steerRamp(client, "exp_1", { action: "advance" }),
      (client: Linnet) => experiments.answerProposal(client, "exp_1", { decision: "approve" }),
    ];
    for (const call of once) expect(await attempts(call)).toBe(1);
  });

  it("what changes nothing, or comes to the same, is", async () => {
    const again = [
      (client: Linnet) => experiments.reweigh(client, "exp_1", { weights: WEIGHTS, dry_run: true }),
      (client: Linnet) => experiments.undo(client, "exp_1", { undo_token: "undo_1" }),
    ];
    for (const call of again) expect(await attempts(call)).toBe(3);
  });
});

it("reads every page of layers", async () => {
  const { client } = await standIn(({ query }) => ({
    json:
      query["cursor"] === undefined
        ? { items: [{ name: "b" }], next_cursor: "lyr_b" }
        : { items: [{ name: "a" }], next_cursor: null },
  }));
  const names = (await Array.fromAsync(layers.all(client()))).map(({ name }) => name);
  expect(names).toEqual(["b", "a"]);
});
