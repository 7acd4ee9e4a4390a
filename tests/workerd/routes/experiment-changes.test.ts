import { beforeAll, describe, expect, it } from "vitest";
import type {
  ExperimentChange,
  ExperimentView,
  ReweighResult,
} from "../../../contract/experiment.ts";
import type { Page } from "../../../contract/common.ts";
import type { EventView } from "../../../contract/experiment-report.ts";
import type { OutcomesReport, RouteResponse } from "../../../contract/experiment-traffic.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import { newModel, runningExperiment, scaleModel } from "../support/model-fixtures.ts";
import { keyOf, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "m", [scaleModel(1), scaleModel(2), scaleModel(3)]);
});
const change = <T = ExperimentChange>(id: string, what: string, json?: object) =>
  succeeds<T>(200, `POST /v1/experiments/${id}/${what}`, { key, json });
const refusal = (code: ProblemCode, id: string, what: string, json?: object) =>
  refused(code, `POST /v1/experiments/${id}/${what}`, { key, json });
const view = (id: string) => succeeds<ExperimentView>(200, `GET /v1/experiments/${id}`, { key });
const lastEvent = async (id: string) =>
  (
    await succeeds<Page<EventView>>(200, `GET /v1/experiments/${id}/events?limit=100`, { key })
  ).items.at(-1);
const report = (id: string, variant_id: string, count: number, more: object = {}) =>
  change<OutcomesReport>(id, "outcomes", {
    outcomes: Array.from({ length: count }, () => ({
      request_id: crypto.randomUUID(),
      variant_id,
      success: true,
      latency_ms: 10,
      ...more,
    })),
  });

describe("POST /weights", () => {
  it("moves units, by name or id, and says what moved; a dry run says the same before", async () => {
    const { id, candidate } = await runningExperiment(key, "m");
    const weights = { "m@1": "0.8", [candidate.variant_id]: "0.2" };
    const dry = await change<ReweighResult>(id, "weights", { weights, dry_run: true });
    expect(dry).toMatchObject({
      dry_run: true,
      moved_fraction: "0.3",
      epoch: 1,
      effective_at: null,
    });
    const done = await change<ReweighResult>(id, "weights", { weights });
    expect(done).toMatchObject({ dry_run: false, moved_fraction: "0.3", epoch: 2 });
    expect(done.variants).toEqual(dry.variants);
    expect((await view(id)).variants.map(({ traffic_weight }) => traffic_weight)).toEqual([
      "0.8",
      "0.2",
    ]);
    expect(await lastEvent(id)).toMatchObject({
      type: "reweighed",
      data: { moved_fraction: "0.3" },
    });
    const back = { weights: { "m@1": "0.5", "m@2": "0.5" } };
    expect(await change<ReweighResult>(id, "weights", back)).toMatchObject({ epoch: 3 });
  });

  it("returns the same users when it is taken back", async () => {
    const { id } = await runningExperiment(key, "m", { consistency: "strict" });
    const versions = () =>
      Promise.all(
        Array.from({ length: 60 }, async (_, at) => {
          const unit = { request_id: "r", user_id: `user-${at}` };
          return (await change<RouteResponse>(id, "route", unit)).version;
        }),
      );
    const before = await versions();
    await change(id, "weights", { weights: { "m@1": "0.9", "m@2": "0.1" } });
    expect(await versions()).not.toEqual(before);
    await change(id, "weights", { weights: { "m@1": "0.5", "m@2": "0.5" } });
    expect(await versions()).toEqual(before);
  });

  it("is refused when more than the budget would move, or in another epoch", async () => {
    const { id } = await runningExperiment(key, "m");
    const weights = { "m@1": "0.8", "m@2": "0.2" };
    const { body } = await refusal("movement_too_large", id, "weights", {
      weights,
      max_moved_fraction: "0.299999999999",
    });
    expect(body).toMatchObject({ moved_fraction: "0.3" });
    const stale = await refusal("epoch_moved", id, "weights", { weights, expected_epoch: 7 });
    expect(stale.body).toMatchObject({ epoch: 1 });
    expect(await view(id)).toMatchObject({ epoch: 1 });
    const fits = { weights, max_moved_fraction: "0.3", expected_epoch: 1 };
    expect(await change<ReweighResult>(id, "weights", fits)).toMatchObject({ epoch: 2 });
  });

  it("takes each variant once, in exact decimals that sum to 1", async () => {
    const { id, control } = await runningExperiment(key, "m");
    const wrong: [ProblemCode, object][] = [
      ["variant_unknown", { "m@1": "0.5", other: "0.5" }],
      ["variant_unknown", { "m@1": "0.5", toString: "0.5" }],
      ["weights_invalid", { "m@1": "1" }],
      ["weights_invalid", { "m@1": "0.5", "m@2": "0.4" }],
      ["weights_invalid", { "m@1": "0.5", [control.variant_id]: "0.5", "m@2": "0" }],
      ["weights_invalid", { "m@1": "-0.5", "m@2": "1.5" }],
      ["weights_invalid", { "m@1": "0.5000000000001", "m@2": "0.4999999999999" }],
      ["invalid_request", { "m@1": 0.5, "m@2": 0.5 }],
    ];
    for (const [code, weights] of wrong) await refusal(code, id, "weights", { weights });
    const most = { weights: { "m@1": "0.5", "m@2": "0.5" }, max_moved_fraction: "much" };
    await refusal("weights_invalid", id, "weights", most);
    expect(await view(id)).toMatchObject({ epoch: 1 });
  });

  it("is refused for an experiment that has ended", async () => {
    const { id } = await runningExperiment(key, "m");
    await change(id, "rollback");
    const weights = { "m@1": "0.8", "m@2": "0.2" };
    await refusal("experiment_transition_refused", id, "weights", { weights });
  });
});

const variants = [
  { model: "m", version: 1, is_control: true },
  { model: "m", version: 2 },
];
describe("POST /proposal", () => {
  const rollback = {
    rule: "threshold",
    mode: "approval",
    error_rate_threshold: 0.1,
    min_requests: 3,
  };
  const proposing = async () => {
    const { id, candidate } = await runningExperiment(key, "m", { rollback });
    const fail = () => report(id, candidate.variant_id, 3, { success: false });
    expect(await fail()).toMatchObject({ status: "running" });
    return { id, fail };
  };

  it("shows what is proposed, and rolls back when it is approved", async () => {
    const { id } = await proposing();
    const { proposal } = await view(id);
    expect(proposal?.reason).toContain("error rate 100.0 %");
    const rolled = await change(id, "proposal", { decision: "approve" });
    expect(rolled).toMatchObject({
      status: "rolled_back",
      reason: proposal?.reason,
      proposal: null,
    });
    await refusal("proposal_missing", id, "proposal", { decision: "approve" });
  });

  it("leaves quiet for the cool-down when it is dismissed", async () => {
    const { id, fail } = await proposing();
    const dismissed = await change(id, "proposal", { decision: "dismiss" });
    expect(dismissed).toMatchObject({ status: "running", proposal: null });
    expect(Date.parse(dismissed.quiet_until ?? "")).toBe(
      Date.parse(dismissed.updated_at) + 300_000,
    );
    await fail();
    expect(await view(id)).toMatchObject({ proposal: null });
    await refusal("invalid_request", id, "proposal", { decision: "maybe" });
  });
});

describe("PUT /budget", () => {
  const put = (id: string, json: object) =>
    succeeds<ExperimentChange>(200, `PUT /v1/experiments/${id}/budget`, { key, json });

  it("is replaced as a whole, and acts at once", async () => {
    const { id, candidate } = await runningExperiment(key, "m", {
      budget: { max_errors: 5 },
      rollback: { rule: "threshold" },
    });
    expect(await view(id)).toMatchObject({ budget: { max_requests: null, max_errors: 5 } });
    await report(id, candidate.variant_id, 3, { success: false });
    const raised = await put(id, { max_requests: 100, max_errors: 4 });
    expect(raised).toMatchObject({
      status: "running",
      budget: { max_requests: 100, max_errors: 4 },
    });
    expect(await put(id, { max_errors: 3 })).toMatchObject({
      status: "rolled_back",
      budget: { max_requests: null, max_errors: 3 },
    });
    const path = `PUT /v1/experiments/${id}/budget`;
    await refused("experiment_transition_refused", path, { key, json: { max_errors: 9 } });
    for (const json of [{ max_requests: 0 }, { max_errors: 1.5 }, { max_errors: "3" }])
      await refused("invalid_request", path, { key, json });
  });

  it.each(["strict", "leased"])(
    "lets exactly as many requests to the canary (%s)",
    async (consistency) => {
      const weighted = variants.map((each, at) => ({ ...each, traffic_weight: String(at) }));
      const { id } = await runningExperiment(key, "m", {
        consistency,
        variants: weighted,
        budget: { max_requests: 12 },
      });
      const routed = [];
      for (let wave = 0; wave < 6; wave++)
        routed.push(
          ...(await Promise.all(
            Array.from({ length: 4 }, () =>
              change<RouteResponse>(id, "route", { request_id: crypto.randomUUID() }),
            ),
          )),
        );
      expect(routed.filter(({ version }) => version === 2)).toHaveLength(12);
      for (const { version, reason } of routed.slice(-8))
        expect([version, ["budget_spent", "paused"].includes(reason)]).toEqual([1, true]);
    },
  );
});
