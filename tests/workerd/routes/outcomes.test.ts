import { beforeAll, describe, expect, it } from "vitest";
import type { AnalysisReport, MetricsReport } from "../../../contract/experiment-report.ts";
import type {
  ExperimentPredictResponse,
  OutcomesReport,
} from "../../../contract/experiment-traffic.ts";
import { newExperiment, newModel, runningExperiment } from "../support/model-fixtures.ts";
import { call, keyOf, refused, succeeds } from "../support/platform.ts";

type Running = Awaited<ReturnType<typeof runningExperiment>>;
let key = "";
let running: Running;
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "m");
  running = await runningExperiment(key, "m");
});
const outcome = (changes: object = {}) => ({
  request_id: crypto.randomUUID(),
  variant_id: running.control.variant_id,
  success: true,
  latency_ms: 12.5,
  ...changes,
});
const path = (id = running.id) => `POST /v1/experiments/${id}/outcomes`;
const report = (outcomes: unknown[], id?: string) =>
  succeeds<OutcomesReport>(200, path(id), { key, json: { outcomes } });
const metricsOf = async (id: string, index: number) => {
  const metrics = await succeeds<MetricsReport>(200, `GET /v1/experiments/${id}/metrics`, { key });
  return metrics.variants[index];
};

describe("outcomes", () => {
  it("are counted into the metrics of their variant", async () => {
    const { id, control, candidate } = await runningExperiment(key, "m");
    const of = (variant_id: string, success: boolean, conversion: number) =>
      outcome({ variant_id, success, latency_ms: 10, metrics: { conversion, revenue: 2.5 } });
    const outcomes = [
      of(control.variant_id, true, 1),
      of(control.variant_id, false, 0),
      of(candidate.variant_id, true, 1),
    ];
    expect(await report(outcomes, id)).toEqual({
      accepted: 3,
      duplicates: 0,
      rejected: [],
      status: "running",
    });
    expect(await metricsOf(id, 0)).toMatchObject({
      request_count: 2,
      success_count: 1,
      error_count: 1,
      success_rate: 0.5,
      error_rate: 0.5,
      latency_mean_ms: 10,
      conversion_rate: 0.5,
      custom_metrics: { conversion: 0.5, revenue: 2.5 },
    });
    expect((await metricsOf(id, 1))?.latency_p95_ms).toBeCloseTo(10, 0);
  });

  it("count once, however often and at the same time they are sent", async () => {
    const { id, control } = await runningExperiment(key, "m");
    const { variant_id } = control;
    const outcomes = Array.from({ length: 10 }, () => outcome({ variant_id }));
    const reports = await Promise.all([1, 2, 3].map(() => report(outcomes, id)));
    const sum = (of: "accepted" | "duplicates") =>
      reports.reduce((total, each) => total + each[of], 0);
    expect([sum("accepted"), sum("duplicates")]).toEqual([10, 20]);
    expect(await report([...outcomes, ...outcomes], id)).toMatchObject({
      accepted: 0,
      duplicates: 20,
    });
    const twice = outcome({ variant_id });
    const changed = { ...twice, success: false, latency_ms: 99 };
    expect(await report([twice, changed], id)).toMatchObject({ accepted: 1, duplicates: 1 });
    expect(await metricsOf(id, 0)).toMatchObject({ request_count: 11, error_count: 0 });
  });

  it("complete what the platform has noted of a request that it served", async () => {
    const { id, control, candidate } = await runningExperiment(key, "m", { consistency: "strict" });
    const served = await succeeds<ExperimentPredictResponse>(
      200,
      `POST /v1/experiments/${id}/predict`,
      { key, json: { request_id: "served", inputs: { x: [1] } } },
    );
    const { variant_id } = served;
    const other = variant_id === control.variant_id ? candidate : control;
    const wrong = outcome({ request_id: "served", variant_id: other.variant_id });
    expect((await report([wrong], id)).rejected).toEqual([
      { request_id: "served", code: "variant_mismatch" },
    ]);
    const right = outcome({ request_id: "served", variant_id, metrics: { conversion: 1 } });
    expect(await report([right, right], id)).toMatchObject({ accepted: 1, duplicates: 1 });
    const index = variant_id === control.variant_id ? 0 : 1;
    expect(await metricsOf(id, index)).toMatchObject({ request_count: 1, conversion_rate: 1 });
  });

  it("of a variant that is none are rejected, and the others counted", async () => {
    const unknown = ["none", "__proto__", "\u0000", "\ud800"].map((variant_id) =>
      outcome({ variant_id }),
    );
    const { accepted, rejected } = await report([...unknown, outcome()]);
    expect(accepted).toBe(1);
    expect(rejected).toEqual(
      unknown.map(({ request_id }) => ({ request_id, code: "variant_unknown" })),
    );
  });

  it("bring as many metric names as are kept, and are rejected beyond", async () => {
    const { id, control } = await runningExperiment(key, "m");
    const { variant_id } = control;
    const named = (from: number) =>
      outcome({
        variant_id,
        metrics: Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`m${from + at}`, 1])),
      });
    const batch = Array.from({ length: 8 }, (_, at) => named(at * 16));
    const { accepted, rejected } = await report(batch, id);
    expect(accepted + rejected.length).toBe(8);
    expect(new Set(rejected.map(({ code }) => code))).toEqual(new Set(["metrics_too_many"]));
  });

  it("are a thousand at most in one request", async () => {
    const { id, control } = await runningExperiment(key, "m");
    const { variant_id } = control;
    const outcomes = Array.from({ length: 1_001 }, () => outcome({ variant_id }));
    await refused("invalid_request", path(id), { key, json: { outcomes } });
    expect(await report(outcomes.slice(1), id)).toMatchObject({ accepted: 1_000 });
    await refused("invalid_request", path(id), { key, json: { outcomes: [] } });
  });

  it("that break a guardrail are told so, and the next request goes to the control", async () => {
    const rollback = { rule: "threshold", error_rate_threshold: 0.1, min_requests: 5 };
    const { id, control, candidate } = await runningExperiment(key, "m", { rollback });
    const { variant_id } = candidate;
    const failed = Array.from({ length: 5 }, () => outcome({ variant_id, success: false }));
    expect((await report(failed, id)).status).toBe("rolled_back");
    const routed = await succeeds(200, `POST /v1/experiments/${id}/route`, {
      key,
      json: { request_id: "next" },
    });
    expect(routed).toMatchObject({ variant_id: control.variant_id, reason: "rolled_back" });
  });

  it("of a draft are refused", async () => {
    const { id } = await newExperiment(key, "m");
    await refused("experiment_not_started", path(id), { key, json: { outcomes: [outcome()] } });
  });

  const wrong: [string, unknown][] = [
    ["request_id", ""],
    ["request_id", "x".repeat(257)],
    ["request_id", "a\u0000b"],
    ["request_id", "a\tb"],
    ["request_id", "\u0085"],
    ["request_id", "\ud800"],
    ["request_id", "\udc00\ud800"],
    ["request_id", 1],
    ["request_id", null],
    ["variant_id", ""],
    ["variant_id", "x".repeat(65)],
    ["success", 1],
    ["success", "true"],
    ["success", null],
    ["latency_ms", -0.001],
    ["latency_ms", 86_400_001],
    ["latency_ms", "1"],
    ["latency_ms", "NaN"],
    ["latency_ms", null],
    ["metrics", { "": 1 }],
    ["metrics", { "1a": 1 }],
    ["metrics", { "a b": 1 }],
    ["metrics", { [`a${"x".repeat(64)}`]: 1 }],
    ["metrics", { a: "1" }],
    ["metrics", { a: null }],
    ["metrics", { a: 1e16 }],
    ["metrics", Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`m${at}`, 1]))],
    ["metrics", []],
    ["metrics", null],
    ["epoch", 0],
    ["epoch", 1.5],
    ["epoch", "1"],
    ["epoch", null],
    ["revision", -1],
    ["revision", 0.5],
    ["revision", 1_000_001],
    ["covariate", 1e16],
    ["covariate", "1"],
    ["surprise", 1],
  ];
  it.each(wrong)("with %s %j are refused as a whole", async (field, value) => {
    const before = await metricsOf(running.id, 0);
    const { body } = await refused("invalid_request", path(), {
      key,
      json: { outcomes: [outcome(), outcome({ [field]: value })] },
    });
    expect(body.errors?.[0]?.pointer).toMatch(/^#\/outcomes\/1/);
    expect(await metricsOf(running.id, 0)).toEqual(before);
  });

  it("with numbers that JSON cannot write, or that no double can hold, are refused", async () => {
    for (const latency of ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"]) {
      const body = JSON.stringify({ outcomes: [outcome({ latency_ms: "?" })] });
      await refused("invalid_request", path(), { key, body: body.replace('"?"', latency) });
    }
  });

  it("may be named like an object's own members", async () => {
    const { id, control } = await runningExperiment(key, "m");
    const names = ["constructor", "toString", "valueOf", "hasOwnProperty"];
    const metrics = Object.fromEntries(names.map((name) => [name, 2]));
    const { variant_id } = control;
    const ids = [...names, "__proto__"];
    const outcomes = ids.map((request_id) => outcome({ variant_id, request_id, metrics }));
    expect(await report(outcomes, id)).toMatchObject({ accepted: 5, rejected: [] });
    expect(await report(outcomes, id)).toMatchObject({ duplicates: 5 });
    expect((await metricsOf(id, 0))?.custom_metrics).toEqual(metrics);
  });
});

describe("an analysis", () => {
  const analysis = (query = "", id = running.id) =>
    call<AnalysisReport>(`GET /v1/experiments/${id}/analysis${query}`, { key });

  it("compares the variants by the primary metric, or the one that is named", async () => {
    const { id, control, candidate } = await runningExperiment(key, "m", {
      minimum_sample_size: 10,
      guardrail_metrics: ["latency_p95_ms"],
    });
    const outcomes = [control, candidate].flatMap(({ variant_id }, side) =>
      Array.from({ length: 40 }, (_, at) =>
        outcome({ variant_id, metrics: { conversion: at < 4 + side * 20 ? 1 : 0, score: at } }),
      ),
    );
    await report(outcomes, id);
    const { body } = await analysis("", id);
    expect(body).toMatchObject({ metric: "conversion_rate", minimum_sample_size: 10 });
    expect(body.results).toMatchObject([
      { variant_id: candidate.variant_id, method: "two_proportion_z", is_significant: true },
    ]);
    expect(body.guardrails).toMatchObject([{ metric: "latency_p95_ms", passed: true }]);
    const { body: score } = await analysis("?metric=score", id);
    expect(score.results).toMatchObject([{ method: "welch_t", is_significant: false }]);
  });

  it("of a metric that nobody has reported says that there is nothing to compare", async () => {
    for (const metric of ["none", "constructor", "toString", "hasOwnProperty", "valueOf"]) {
      const { status, body } = await analysis(`?metric=${metric}`);
      expect(status, metric).toBe(200);
      expect(body.results, metric).toMatchObject([
        { p_value: null, control_value: null, variant_value: null, is_significant: false },
      ]);
    }
    for (const metric of ["__proto__", "", "1", "a%00"])
      await refused(
        "invalid_request",
        `GET /v1/experiments/${running.id}/analysis?metric=${metric}`,
        {
          key,
        },
      );
  });

  it("of an experiment that has only begun is all unknown", async () => {
    const { id } = await newExperiment(key, "m");
    expect((await analysis("", id)).body.results).toMatchObject([{ p_value: null, winner: null }]);
    expect(await metricsOf(id, 0)).toMatchObject({ request_count: 0, error_rate: null });
  });
});
