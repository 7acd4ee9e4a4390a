import { beforeAll, describe, expect, it } from "vitest";
import type { ExperimentChange, ExperimentView } from "../../../contract/experiment.ts";
import type { Page } from "../../../contract/common.ts";
import type { EventView } from "../../../contract/experiment-report.ts";
import type { OutcomesReport } from "../../../contract/experiment-traffic.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import {
  newExperiment,
  newModel,
  runningExperiment,
  scaleModel,
} from "../support/model-fixtures.ts";
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

const variants = [
  { model: "m", version: 1, is_control: true },
  { model: "m", version: 2 },
];
const ramp = {
  steps: [
    { weight: "0.01", hold_seconds: 0, minimum_outcomes: 2 },
    { weight: "0.5", hold_seconds: 600, approval: true },
    { weight: "1" },
  ],
  on_degradation: "reverse",
};

describe("POST /ramp", () => {
  const ramping = { allocation_strategy: "ramping", ramp, variants };

  it("shows the plan, where it stands, what it waits for, and when time alone takes it on", async () => {
    const { id, ramp: drafted } = await newExperiment(key, "m", ramping);
    expect(drafted).toMatchObject({ step: null, next_at: null, on_degradation: "reverse" });
    expect(drafted?.steps[1]).toEqual({
      weight: "0.5",
      hold_seconds: 600,
      minimum_outcomes: 0,
      approval: true,
    });
    const started = await change(id, "start");
    expect(started).toMatchObject({ ramp: { step: 0, waiting_for: ["outcomes"] } });
    const [, canary] = started.variants;
    await report(id, canary?.variant_id ?? "", 2);
    const advanced = await view(id);
    expect(advanced).toMatchObject({
      epoch: 2,
      ramp: { step: 1, held: null, waiting_for: ["time", "outcomes", "approval"] },
    });
    expect(advanced.variants[1]?.traffic_weight).toBe("0.5");
    await change(id, "ramp", { action: "approve" });
    await report(id, canary?.variant_id ?? "", 1);
    const waits = (await view(id)).ramp;
    expect(waits?.waiting_for).toEqual(["time"]);
    expect(Date.parse(waits?.next_at ?? "")).toBe(Date.parse(waits?.entered_at ?? "") + 600_000);
  });

  it("is held with a reason, released, moved on and back, each by the key that asked", async () => {
    const { id } = await runningExperiment(key, "m", ramping);
    const held = await change(id, "ramp", { action: "hold", reason: "freeze" });
    expect(held.ramp).toMatchObject({ held: "freeze", next_reason: "freeze" });
    expect(held.quiet_until).not.toBeNull();
    expect((await lastEvent(id))?.by).toMatch(/^key_/);
    expect((await change(id, "ramp", { action: "release" })).ramp?.held).toBeNull();
    expect(await change(id, "ramp", { action: "advance" })).toMatchObject({ ramp: { step: 1 } });
    expect(await change(id, "ramp", { action: "reverse" })).toMatchObject({ ramp: { step: 0 } });
    await refusal("ramp_at_end", id, "ramp", { action: "reverse" });
    await change(id, "pause");
    await refusal("experiment_transition_refused", id, "ramp", { action: "advance" });
  });

  it("is for ramps, and for actions that there are", async () => {
    const { id } = await runningExperiment(key, "m");
    await refusal("ramp_missing", id, "ramp", { action: "hold" });
    for (const json of [{}, { action: "jump" }, { action: "hold", reason: "" }])
      await refusal("invalid_request", id, "ramp", json);
  });

  const plans: [string, ProblemCode, object][] = [
    [
      "weights that do not grow",
      "ramp_invalid",
      { ramp: { steps: [{ weight: "0.1" }, { weight: "0.1" }] } },
    ],
    ["a weight that is none", "weights_invalid", { ramp: { steps: [{ weight: "much" }] } }],
    ["no step", "invalid_request", { ramp: { steps: [] } }],
    ["no ramp", "allocation_invalid", { ramp: undefined }],
    ["another strategy", "allocation_invalid", { allocation_strategy: "mab" }],
    ["a bandit beside it", "allocation_invalid", { bandit: {} }],
    [
      "weights of its own",
      "weights_invalid",
      { variants: variants.map((each) => ({ ...each, traffic_weight: "0.5" })) },
    ],
  ];
  it.each(plans)("cannot be defined with %s", async (_, code, changes) => {
    const json = { name: "a ramp", ...ramping, ...changes };
    await refused(code, "POST /v1/experiments", { key, json });
  });
});
