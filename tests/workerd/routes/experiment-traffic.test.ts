import { beforeAll, describe, expect, it, vi } from "vitest";
import type { ExperimentView } from "../../../contract/experiment.ts";
import type {
  AssignmentView,
  ExplainedAssignment,
} from "../../../contract/experiment-assignment.ts";
import type { MetricsReport } from "../../../contract/experiment-report.ts";
import type {
  ExperimentPredictResponse,
  RouteResponse,
} from "../../../contract/experiment-traffic.ts";
import {
  definitionOf,
  newExperiment,
  newModel,
  runningExperiment,
} from "../support/model-fixtures.ts";
import { keyOf, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "m");
});

const CONSISTENCIES = ["strict", "leased"];
const users = Array.from({ length: 60 }, (_, at) => `user-${at}`);
const route = (id: string, json: object) =>
  succeeds<RouteResponse>(200, `POST /v1/experiments/${id}/route`, {
    key,
    json: { request_id: crypto.randomUUID(), ...json },
  });
const routeAll = (id: string, more: object = {}) =>
  Promise.all(users.map((user_id) => route(id, { user_id, ...more })));
const metricsOf = async (id: string) =>
  (await succeeds<MetricsReport>(200, `GET /v1/experiments/${id}/metrics`, { key })).variants;
const lookUp = <T = AssignmentView>(
  id: string,
  what: string,
  unit: string,
  attributes?: object,
) => {
  const asked = attributes ? `&attributes=${encodeURIComponent(JSON.stringify(attributes))}` : "";
  const query = `unit=${encodeURIComponent(unit)}${asked}`;
  return succeeds<T>(200, `GET /v1/experiments/${id}/${what}?${query}`, { key });
};

describe.each(CONSISTENCIES)("targeting (%s)", (consistency) => {
  const targeting = {
    all: [
      { attribute: "country", in: ["FR", "DE"] },
      { attribute: "version", semver_at_least: "2.0.0" },
    ],
  };

  it("lets in whom it is for, and gives the others the control", async () => {
    const { id, control } = await runningExperiment(key, "m", { consistency, targeting });
    const inside = await routeAll(id, { attributes: { country: "FR", version: "2.1.0" } });
    expect(new Set(inside.map(({ version }) => version))).toEqual(new Set([1, 2]));
    expect(new Set(inside.map(({ reason }) => reason))).toEqual(new Set(["assigned"]));
    const outside = [
      { country: "ES", version: "2.1.0" },
      { country: "FR", version: "1.9.9" },
      { country: "FR" },
      {},
    ];
    for (const attributes of [...outside, undefined])
      for (const { variant_id, reason } of await routeAll(id, { attributes }))
        expect([variant_id, reason]).toEqual([control.variant_id, "not_targeted"]);
  });

  it("is shown as it was asked for", async () => {
    const made = await newExperiment(key, "m", { consistency, targeting });
    expect(made.targeting).toEqual(targeting);
  });
});

describe("a targeting that is no condition", () => {
  const wrong: [string, unknown][] = [
    ["text", "country = FR"],
    ["a list", []],
    ["no comparison", { attribute: "country" }],
    ["two comparisons", { attribute: "country", in: ["FR"], equals: "FR" }],
    ["another comparison", { attribute: "country", matches: ".*" }],
    ["a version that is none", { attribute: "version", semver_below: "two" }],
    ["a name of an object's own", { __proto__: { attribute: "a", exists: true } }],
    [
      "depth without end",
      JSON.parse(`${'{"not":'.repeat(500)}{"attribute":"a","exists":true}${"}".repeat(500)}`),
    ],
  ];
  it.each(wrong)("is refused: %s", async (_, targeting) => {
    const json = definitionOf("m", { targeting });
    const { body } = await refused("targeting_invalid", "POST /v1/experiments", { key, json });
    expect(body.errors?.[0]?.pointer).toMatch(/^#\/targeting/);
  });
});

describe.each(CONSISTENCIES)("a preview (%s)", (consistency) => {
  it("gives the variant that is named, by id or name, in any status, and counts nothing", async () => {
    const { id, candidate, control } = await runningExperiment(key, "m", { consistency });
    for (const preview of [candidate.variant_id, "m@2"])
      for (const { version, reason } of await routeAll(id, { preview }))
        expect([version, reason]).toEqual([2, "forced"]);
    const predicted = await succeeds<ExperimentPredictResponse>(
      200,
      `POST /v1/experiments/${id}/predict`,
      { key, json: { preview: control.name, user_id: "u", inputs: { x: [5] } } },
    );
    expect(predicted).toMatchObject({ outputs: { y: [5] }, reason: "forced", version: 1 });
    await succeeds(200, `POST /v1/experiments/${id}/pause`, { key });
    expect(await route(id, { preview: "m@2" })).toMatchObject({ version: 2, reason: "forced" });
    await scheduler.wait(300);
    for (const { request_count, user_count } of await metricsOf(id))
      expect([request_count, user_count]).toEqual([0, 0]);
  });

  it("of no variant is refused with those that there are", async () => {
    const { id } = await runningExperiment(key, "m", { consistency });
    for (const preview of ["m@3", "toString", "0"]) {
      const sent = { key, json: { request_id: "r", preview } };
      const { body } = await refused("variant_unknown", `POST /v1/experiments/${id}/route`, sent);
      expect(body.detail).toContain("m@2");
    }
  });

  it("is not to be had of an experiment that was deleted", async () => {
    const { id } = await runningExperiment(key, "m", { consistency });
    await route(id, { preview: "m@2" });
    await succeeds(200, `POST /v1/experiments/${id}/rollback`, { key });
    await succeeds(204, `DELETE /v1/experiments/${id}`, { key });
    const sent = { key, json: { request_id: "r", preview: "m@2" } };
    await refused("experiment_not_found", `POST /v1/experiments/${id}/route`, sent);
  });
});

describe("layers", () => {
  const layer = (name: string, json: object = {}) =>
    succeeds(201, `PUT /v1/layers/${name}`, { key, json });

  it("keep experiments apart: nobody takes part in two of one layer", async () => {
    await layer("apart");
    const share = { layer: { name: "apart", share: "0.4" } };
    const [one, two] = [
      await runningExperiment(key, "m", share),
      await runningExperiment(key, "m", { ...share, consistency: "strict" }),
    ];
    const [first, second] = [await routeAll(one.id), await routeAll(two.id)];
    const reasons = users.map((_, at) => [first[at]?.reason, second[at]?.reason].toSorted());
    const both = reasons.filter(([a, b]) => a === "assigned" && b === "assigned");
    expect(both).toEqual([]);
    expect(reasons.flat().filter((reason) => reason === "assigned").length).toBeGreaterThan(30);
    for (const { reason, version } of first)
      if (reason === "outside_layer") expect(version).toBe(1);
    const made = await succeeds<ExperimentView>(200, `GET /v1/experiments/${one.id}`, { key });
    expect(made).toMatchObject({ layer: { name: "apart", share: "0.4" }, holdout: null });
    const json = definitionOf("m", share);
    await refused("layer_full", "POST /v1/experiments", { key, json });
  });

  it("hold users out of every experiment that minds their holdout", async () => {
    await layer("quiet", { holdout: "0.5" });
    const made = await Promise.all([
      runningExperiment(key, "m", { holdout: "quiet" }),
      runningExperiment(key, "m", { holdout: "quiet", consistency: "strict" }),
    ]);
    const [first, second] = await Promise.all(made.map(({ id }) => routeAll(id)));
    const heldOut = (routed: RouteResponse[] = []) =>
      users.filter((_, at) => routed[at]?.reason === "held_out");
    expect(heldOut(first)).toEqual(heldOut(second));
    expect(heldOut(first).length).toBeGreaterThan(15);
    expect(heldOut(first).length).toBeLessThan(45);
    for (const { reason, version } of first ?? [])
      if (reason === "held_out") expect(version).toBe(1);
  });

  it("that are not the caller's are none", async () => {
    const json = definitionOf("m", { layer: { name: "never-made", share: "0.1" } });
    await refused("layer_not_found", "POST /v1/experiments", { key, json });
    const held = definitionOf("m", { holdout: "never-made" });
    await refused("layer_not_found", "POST /v1/experiments", { key, json: held });
    const none = definitionOf("m", { layer: { name: "apart", share: "0" } });
    await refused("weights_invalid", "POST /v1/experiments", { key, json: none });
  });
});

describe("an assignment and its explanation", () => {
  it("say what a user would get, and enrol nobody", async () => {
    const { id } = await runningExperiment(key, "m", {
      allocation_strategy: "mab",
      consistency: "strict",
    });
    const looked = await Promise.all(users.map((user) => lookUp(id, "assignment", user)));
    for (const user of users.slice(0, 5)) {
      const explained = await lookUp<ExplainedAssignment>(id, "explain", user);
      expect(explained).toMatchObject({ enrolled_in: null, reason: "assigned", unit: user });
    }
    for (const { user_count } of await metricsOf(id)) expect(user_count).toBe(0);
    const routed = await routeAll(id);
    expect(routed.map(({ variant_id }) => variant_id)).toEqual(
      looked.map(({ variant_id }) => variant_id),
    );
    const counts = (await metricsOf(id)).map(({ user_count }) => user_count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(users.length);
    const explained = await lookUp<ExplainedAssignment>(id, "explain", "user-0");
    expect(explained.enrolled_in).toBe(looked[0]?.variant_id);
  });

  it("explain by the interval that holds the user's position", async () => {
    const { id, control, candidate } = await runningExperiment(key, "m");
    for (const user of users.slice(0, 8)) {
      const { position, interval, weights, variant_id, hash } = await lookUp<ExplainedAssignment>(
        id,
        "explain",
        user,
      );
      expect(hash).toEqual({ algorithm: "linnet" });
      expect(Number(position)).toBeGreaterThanOrEqual(Number(interval.from));
      expect(Number(position)).toBeLessThan(Number(interval.to));
      expect(interval.owner).toBe(variant_id);
      expect(weights).toEqual({ [control.variant_id]: "0.5", [candidate.variant_id]: "0.5" });
    }
  });

  it("look at attributes, and say why somebody takes no part", async () => {
    const targeting = { attribute: "country", in: ["FR"] };
    const { id } = await runningExperiment(key, "m", { targeting });
    expect(await lookUp(id, "assignment", "u")).toMatchObject({ reason: "not_targeted" });
    expect(await lookUp(id, "assignment", "u", { country: "FR" })).toMatchObject({
      reason: "assigned",
    });
    for (const attributes of ["nonsense", "[]", "1", '{"a":{}}'])
      await refused(
        "invalid_request",
        `GET /v1/experiments/${id}/assignment?unit=u&attributes=${encodeURIComponent(attributes)}`,
        { key },
      );
    for (const query of ["", "?unit=", `?unit=${"x".repeat(257)}`, "?unit=%00"])
      await refused("invalid_request", `GET /v1/experiments/${id}/explain${query}`, { key });
  });

  it("are not to be had of a draft, and say of a paused one that everybody gets the control", async () => {
    const { id } = await newExperiment(key, "m");
    for (const what of ["assignment", "explain"])
      await refused("experiment_not_started", `GET /v1/experiments/${id}/${what}?unit=u`, { key });
    await succeeds(200, `POST /v1/experiments/${id}/start`, { key });
    await succeeds(200, `POST /v1/experiments/${id}/pause`, { key });
    expect(await lookUp(id, "assignment", "u")).toMatchObject({ reason: "paused", version: 1 });
  });
});

describe("a bandit that is leased", () => {
  it("keeps each user's variant while its weights follow the outcomes", async () => {
    const variants = [
      { model: "m", version: 1, is_control: true },
      { model: "m", version: 2 },
    ];
    const { id, candidate, control } = await runningExperiment(key, "m", {
      allocation_strategy: "mab",
      variants,
      bandit: { minimum_share: "0.05" },
    });
    const before = await routeAll(id);
    const outcomes = [control, candidate].flatMap(({ variant_id }, side) =>
      Array.from({ length: 60 }, () => ({
        request_id: crypto.randomUUID(),
        variant_id,
        success: true,
        latency_ms: 1,
        metrics: { conversion: side },
      })),
    );
    await succeeds(200, `POST /v1/experiments/${id}/outcomes`, { key, json: { outcomes } });
    const { variants: now, epoch } = await succeeds<ExperimentView>(
      200,
      `GET /v1/experiments/${id}`,
      { key },
    );
    expect(now.map(({ traffic_weight }) => traffic_weight)).toEqual(["0.05", "0.95"]);
    expect(epoch).toBe(2);
    const after = await routeAll(id);
    expect(after.map(({ variant_id }) => variant_id)).toEqual(
      before.map(({ variant_id }) => variant_id),
    );
    const counts = (await metricsOf(id)).map(({ user_count }) => user_count);
    expect(counts).toEqual(
      [1, 2].map((version) => before.filter((routed) => routed.version === version).length),
    );
  });
});

describe("users of a leased experiment", () => {
  it("are counted once by their first exposure, and requests of everybody who takes part", async () => {
    const { id } = await runningExperiment(key, "m");
    const routed = await routeAll(id);
    await routeAll(id);
    await route(id, { user_id: "one", sticky: false });
    await vi.waitFor(async () => {
      const counts = (await metricsOf(id)).map(({ user_count }) => user_count);
      expect(counts).toEqual(
        [1, 2].map((version) => routed.filter((each) => each.version === version).length),
      );
    }, 10_000);
  });
});
