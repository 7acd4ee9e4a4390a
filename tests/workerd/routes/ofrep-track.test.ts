import { beforeAll, describe, expect, it } from "vitest";
import type { MetricsReport } from "../../../contract/experiment-report.ts";
import type { TrackedFlag } from "../../../contract/ofrep.ts";
import { type FlagOwner, newFlagOwner, user } from "../support/flag-owner.ts";
import { newExperiment, runningExperiment } from "../support/model-fixtures.ts";
import { call, newKey, refused, succeeds } from "../support/platform.ts";

let owner: FlagOwner;
beforeAll(async () => {
  owner = await newFlagOwner();
  await runningExperiment(owner.key, "m", { flag_key: "ranker" });
});

describe("tracking", () => {
  const track = (flag: string) => `POST /ofrep/v1/track/${encodeURIComponent(flag)}`;
  const metricsOf = async (key: string, id: string) => {
    const path = `GET /v1/experiments/${id}/metrics`;
    const { variants } = await succeeds<MetricsReport>(200, path, { key });
    return variants;
  };

  it("counts an outcome for what the user has, once for each id", async () => {
    const { key, evaluate } = await newFlagOwner();
    const { id } = await runningExperiment(key, "m", { flag_key: "a" });
    const { metadata } = await evaluate("a");
    const json = { ...user("u"), tracking_id: "t1", name: "conversion", value: 1, latency_ms: 5 };
    const report = () => succeeds<TrackedFlag>(200, track("a"), { key, json });
    expect(await report()).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: [],
      status: "running",
    });
    expect(await report()).toMatchObject({ accepted: 0, duplicates: 1 });
    for (const { variant_id, request_count, conversion_rate } of await metricsOf(key, id))
      expect({ request_count, conversion_rate }).toEqual(
        variant_id === metadata["variant_id"]
          ? { request_count: 1, conversion_rate: 1 }
          : { request_count: 0, conversion_rate: null },
      );
  });

  it("counts for the variant that it names, also when the user has another by now", async () => {
    const { key, change } = await newFlagOwner();
    const { id, candidate } = await runningExperiment(key, "m", { flag_key: "a" });
    const { variant_id } = candidate;
    await change(id, "rollback");
    const bare = { ...user("u"), tracking_id: "t1" };
    expect(await succeeds(200, track("a"), { key, json: bare })).toEqual({
      accepted: 0,
      duplicates: 0,
      rejected: [{ request_id: "t1", code: "unit_not_assigned" }],
      status: "rolled_back",
    });
    const named = { ...bare, variant_id, epoch: 1, success: false };
    expect(await succeeds(200, track("a"), { key, json: named })).toMatchObject({ accepted: 1 });
    const [, counted] = await metricsOf(key, id);
    expect(counted).toMatchObject({ variant_id, request_count: 1, error_count: 1 });
    const unknown = { ...bare, variant_id: "none" };
    expect(await succeeds(200, track("a"), { key, json: unknown })).toMatchObject({
      rejected: [{ request_id: "t1", code: "variant_unknown" }],
    });
  });

  it("does not count who takes no part", async () => {
    const { key } = await newFlagOwner();
    const targeting = { attribute: "country", in: ["FR"] };
    const { id } = await runningExperiment(key, "m", { flag_key: "a", targeting });
    const json = { ...user("u", { country: "DE" }), tracking_id: "t1" };
    expect(await succeeds(200, track("a"), { key, json })).toMatchObject({
      accepted: 0,
      status: "running",
    });
    expect((await metricsOf(key, id)).map(({ request_count }) => request_count)).toEqual([0, 0]);
  });

  it("is told when it was the one that broke a guardrail", async () => {
    const { key, evaluate } = await newFlagOwner();
    const rollback = { rule: "threshold", error_rate_threshold: 0.1, min_requests: 3 };
    const { candidate } = await runningExperiment(key, "m", { flag_key: "a", rollback });
    const { variant_id } = candidate;
    const statuses: string[] = [];
    for (const tracking_id of ["t1", "t2", "t3"]) {
      const json = { ...user(tracking_id), tracking_id, variant_id, success: false };
      statuses.push((await succeeds<TrackedFlag>(200, track("a"), { key, json })).status);
    }
    expect(statuses).toEqual(["running", "running", "rolled_back"]);
    expect(await evaluate("a")).toMatchObject({ value: 1, reason: "STATIC" });
  });

  const wrong: [string, object, string][] = [
    ["no tracking id", user("u"), "PARSE_ERROR"],
    ["an empty tracking id", { ...user("u"), tracking_id: "" }, "PARSE_ERROR"],
    ["a value of no metric", { ...user("u"), tracking_id: "t", value: 1 }, "PARSE_ERROR"],
    [
      "a value that is no number",
      { ...user("u"), tracking_id: "t", name: "a", value: "1" },
      "PARSE_ERROR",
    ],
    ["a name that is none", { ...user("u"), tracking_id: "t", name: "1a" }, "PARSE_ERROR"],
    ["a member that it does not know", { ...user("u"), tracking_id: "t", more: 1 }, "PARSE_ERROR"],
    ["no context", { tracking_id: "t" }, "INVALID_CONTEXT"],
    ["no targeting key", { tracking_id: "t", context: {} }, "TARGETING_KEY_MISSING"],
  ];
  it.each(wrong)("refuses %s", async (_, json, errorCode) => {
    const reply = await call(track("ranker"), { key: owner.key, json });
    expect(reply).toMatchObject({ status: 400, body: { key: "ranker", errorCode } });
  });

  it("needs a flag, one that was started, and the scope of outcomes", async () => {
    const json = { ...user("u"), tracking_id: "t" };
    const none = await call(track("none"), { key: owner.key, json });
    expect(none).toMatchObject({ status: 404, body: { errorCode: "FLAG_NOT_FOUND" } });
    const { id } = await newExperiment(owner.key, "m");
    await refused("experiment_not_started", track(id), { key: owner.key, json });
    const { key } = await newKey({ scopes: ["predict"] });
    await refused("scope_missing", track("ranker"), { key, json });
  });
});
