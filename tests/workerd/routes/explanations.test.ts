import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { ExplanationView, GlobalExplanationView } from "../../../contract/explanation.ts";
import type { JobView } from "../../../contract/job.ts";
import type { PredictResponse } from "../../../contract/predict.ts";
import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";
import { newModel, scaleModel, stringModel } from "../support/model-fixtures.ts";
import { call, keyOf, newKey, ORIGIN, refused, succeeds } from "../support/platform.ts";

type List<T> = { items: T[]; next_cursor?: string | null };
type Summary = { explanation_id: string; kind: string; method: string };

const WEIGHTS = [2, -1, 0.5];
const ROWS = [
  [1, 2, 2],
  [0, 1, -4],
  [3, -1, 2],
  [-2, 0.5, 1],
];
const BACKGROUND = [
  [0, 0, 0],
  [1, 1, 2],
];
const CLOSED_FORM = (row: readonly number[]) =>
  WEIGHTS.map((weight, at) => weight * ((row[at] ?? 0) - (at === 2 ? 1 : 0.5)));

/** y = 2 a - b + c / 2, whose Shapley values are the weights times the distance from the background's mean. */
function linearModel(): Uint8Array {
  const b = GraphBuilder.empty(17);
  const weights = b.constant(floatTensor([3, 1], WEIGHTS), "weights");
  b.output(b.node("MatMul", [b.input("x", "float32", ["n", 3]), weights]), "y");
  return writeModel(b.model());
}

/** A signal of one channel through a convolution. */
function signalModel(): Uint8Array {
  const b = GraphBuilder.empty(17);
  const kernel = b.constant(floatTensor([2, 1, 3], [1, 0, -1, 0.5, 1, 0.5]), "kernel");
  const conv = b.node("Conv", [b.input("x", "float32", ["n", 1, 32]), kernel], { pads: [1, 1] });
  const pooled = b.node("GlobalAveragePool", [b.node("Relu", [conv])]);
  b.output(b.node("Flatten", [pooled]), "y");
  return writeModel(b.model());
}

let key = "";
let owner_id = "";
beforeAll(async () => {
  ({ key, owner_id } = await newKey());
  await newModel(key, "linear", [linearModel()]);
  await newModel(key, "signal", [signalModel()]);
  await newModel(key, "wdbc", [new Uint8Array(env.WDBC_LOGISTIC)]);
  await newModel(key, "texts", [stringModel()]);
  await succeeds(200, "PUT /v1/models/linear/versions/1/backgrounds/default", {
    key,
    json: { inputs: { x: BACKGROUND } },
  });
});

const ONE = "POST /v1/explanations";
const asking = (changes: object = {}, row = 0) => ({
  model: "linear",
  inputs: { x: [ROWS[row]] },
  ...changes,
});
const explain = (changes: object = {}, row = 0) =>
  succeeds<ExplanationView>(200, ONE, { key, json: asking(changes, row) });
const refuses = async (code: Parameters<typeof refused>[0], changes: object, path = ONE) =>
  (await refused(code, path, { key, json: asking(changes) })).body;
const valuesOf = ({ feature_contributions }: ExplanationView) =>
  feature_contributions.map(({ contribution }) => contribution);

describe("an explanation of one row", () => {
  it("has the fields of the reference and what it took", async () => {
    const found = await explain({ method: "kernel", fresh: true });
    expect(found).toMatchObject({
      model: "linear",
      model_version: 1,
      prediction_id: null,
      method: "kernel",
      explanation_type: "shap",
      players: "features",
      feature_count: 3,
      top_positive_features: ["x[0]", "x[2]"],
      top_negative_features: ["x[1]"],
      cached: false,
      seed: 0,
      stopped: "complete",
    });
    expect(found.explanation_id).toMatch(/^xpl_/);
    expect(found.model_rows).toBeGreaterThan(0);
    expect(found.base_prediction).toBeCloseTo(1);
    expect(found.actual_prediction).toBeCloseTo(1);
    expect(found.residual).toBeCloseTo(0);
    expect(Date.parse(found.expires_at ?? "") - Date.parse(found.created_at)).toBe(86_400_000);
  });

  it.each(["exact", "kernel", "permutation", "deep", "integrated_gradients"])(
    "by %s is the closed form of a linear model",
    async (method) => {
      for (const [at, row] of ROWS.entries()) {
        const found = await explain({ method }, at);
        for (const [index, value] of CLOSED_FORM(row).entries())
          expect(valuesOf(found)[index], `${method} ${row.join()}`).toBeCloseTo(value, 4);
      }
    },
  );

  it.each(["shap", "sampling", "gradient"])("by %s has it within its intervals", async (method) => {
    const options = { samples: 2_000 };
    const found = await explain({ method, options, seed: 3 });
    const expected = CLOSED_FORM(ROWS[0] ?? []);
    for (const [at, one] of found.feature_contributions.entries()) {
      const [low, high] = one.confidence_interval ?? [0, 0];
      const slack = 2 * (high - low) + 1e-6;
      expect(Math.abs(one.contribution - (expected[at] ?? 0)), one.feature_name).toBeLessThan(
        slack,
      );
    }
  });

  it.each([
    ["lime", {}],
    ["smooth_grad", {}],
    ["input_x_gradient", {}],
    ["saliency", {}],
    ["counterfactual", {}],
  ])("by %s is answered, too", async (method, options) => {
    const json = { method, options, model: "wdbc", inputs: { features: [Array(30).fill(1)] } };
    const background = { inputs: { features: [Array(30).fill(0), Array(30).fill(2)] } };
    const found = await explain({ ...json, background });
    expect(found).toMatchObject({ method, feature_count: 30, residual: null });
    expect(found.counterfactual === null).toBe(method !== "counterfactual");
    expect(found.fit === null).toBe(method !== "lime");
  });

  it("of a signal is by segments, by position of a layer, or by element", async () => {
    const x = [[Array.from({ length: 32 }, (_, at) => Math.sin(at))]];
    const background = { inputs: { x: [[Array(32).fill(0)]] } };
    const of = (method: string, more: object = {}) =>
      explain({ model: "signal", inputs: { x }, background, method, ...more });
    const options = { segments: { count: 8 } };
    const segments = await of("kernel", { options });
    expect(segments).toMatchObject({ players: "segments", feature_count: 8 });
    expect(segments.map).toMatchObject({ name: "x", shape: [1, 32] });
    expect(await of("grad_cam")).toMatchObject({ players: "positions", feature_count: 32 });
    expect(await of("saliency")).toMatchObject({ players: "elements", feature_count: 32 });
    expect((await of("kernel")).feature_count).toBe(20);
  });

  it("takes names, groups and a class", async () => {
    const feature_names = ["a", "b", "c"];
    const groups = { both: ["c", "a"] };
    const found = await explain({ method: "exact", feature_names, groups, target: { class: 0 } });
    expect(found.feature_contributions.map((one) => one.feature_name)).toEqual(["both", "b"]);
    expect(found).toMatchObject({ players: "groups", target: { output: "y", index: 0 } });
    expect(valuesOf(found)[0]).toBeCloseTo(1.5);
    expect((await explain({ method: "exact", top_k_features: 1 })).top_positive_features).toEqual([
      "x[0]",
    ]);
  });

  it("of a kept prediction is of what was predicted", async () => {
    const predicted = await succeeds<PredictResponse>(200, "POST /v1/models/linear/predict", {
      key,
      json: { inputs: { x: [ROWS[2]] }, store: true },
    });
    const { prediction_id } = predicted;
    const json = { model: "linear", prediction_id, method: "exact" };
    const found = await succeeds<ExplanationView>(200, ONE, { key, json });
    expect(found).toMatchObject({ prediction_id, model_version: 1 });
    for (const [at, value] of CLOSED_FORM(ROWS[2] ?? []).entries())
      expect(valuesOf(found)[at]).toBeCloseTo(value);
    const again = await succeeds(200, ONE, { key, json });
    expect(again).toEqual({ ...found, cached: true });
    const list = `GET /v1/explanations?prediction_id=${prediction_id}`;
    expect((await succeeds<List<Summary>>(200, list, { key })).items).toHaveLength(1);
  });

  it("with one seed has one answer, and with another its own", async () => {
    const of = async (seed: number) =>
      valuesOf(await explain({ method: "sampling", seed, fresh: true }));
    expect(await of(1)).toEqual(await of(1));
    expect(await of(1)).not.toEqual(await of(2));
  });

  it("ends at its limits, and says so", async () => {
    const background = { inputs: { features: [Array(30).fill(0), Array(30).fill(2)] } };
    const of = (limits: object) =>
      explain({
        model: "wdbc",
        inputs: { features: [Array(30).fill(1)] },
        background,
        method: "permutation",
        options: { samples: 100_000 },
        limits,
      });
    const late = await of({ deadline_ms: 1 });
    expect(late.stopped).toBe("deadline");
    const narrow = await of({ max_half_width: 10 });
    expect(narrow.stopped).toBe("max_half_width");
    expect(narrow.model_rows).toBeLessThan(100_000);
    // Every estimate of it adds up, so that a residual is no reason to stop.
    expect((await of({ max_residual: 0.5, deadline_ms: 1 })).stopped).toBe("deadline");
    // What ended for want of time is not what the next one gets.
    expect((await of({ deadline_ms: 1 })).cached).toBe(false);
  });
});

describe("a refused explanation says what was wrong:", () => {
  it.each([
    ["explanation_invalid", { method: "exact", options: { steps: 3 } }, "options.steps"],
    [
      "explanation_invalid",
      { method: "kernel", include_interactions: true },
      "include_interactions",
    ],
    ["explanation_invalid", { feature_names: ["a", "b"] }, "feature_names"],
    ["explanation_invalid", { feature_names: ["a", "b", "a"] }, "feature_names"],
    ["explanation_invalid", { groups: { one: ["x[0]"], two: ["x[0]"] } }, "groups.two"],
    ["explanation_invalid", { method: "saliency", groups: { one: ["x[0]"] } }, "groups"],
    ["explanation_invalid", { inputs: { x: ROWS } }, "inputs"],
    [
      "explanation_invalid",
      { method: "kernel", options: { segments: { count: 2 } } },
      "options.segments",
    ],
    ["feature_unknown", { method: "exact", groups: { one: ["nobody"] } }, "groups.one"],
    [
      "feature_unknown",
      { method: "counterfactual", options: { immutable: ["nobody"] } },
      "options.immutable",
    ],
    ["explanation_target_unknown", { target: { output: "nothing" } }, "target.output"],
    ["explanation_target_unknown", { target: { class: 7 } }, "target.class"],
    ["explanation_target_unknown", { target: { class: "cat" } }, "target.class"],
  ] as const)("%s %j", async (code, changes, field) => {
    const problem = await refuses(code, changes);
    expect(problem).toMatchObject({ field });
    expect(problem.detail.length).toBeGreaterThan(20);
  });

  it.each([
    ["invalid_request", { method: "guess" }],
    ["invalid_request", { seed: -1 }],
    ["invalid_request", { limits: { max_residual: 2 } }],
    ["invalid_request", { version: 1, alias: "stable" }],
    ["invalid_request", { prediction_id: "prd_00000000000000000000000000" }],
    ["invalid_request", { inputs: undefined }],
    ["invalid_request", { sample: 3 }],
    ["input_unknown", { inputs: { y: [[1]] } }],
    ["input_missing", { inputs: {} }],
    ["input_shape", { inputs: { x: [[1, 2]] } }],
    ["input_shape", { inputs: { x: [] } }],
    ["input_type", { inputs: { x: [["NaN", 1, 2]] } }],
    ["model_not_found", { model: "nobody" }],
    ["version_not_found", { version: 9 }],
    ["alias_not_found", { alias: "nobody" }],
    ["background_not_found", { background: "nobody" }],
    [
      "prediction_not_found",
      { inputs: undefined, prediction_id: "prd_00000000000000000000000000" },
    ],
    ["explanation_value_invalid", { inputs: { x: [[null, 1, 2]] } }],
    ["explanation_unsupported", { method: "tree" }],
    ["explanation_unsupported", { method: "attention" }],
    ["explanation_unsupported", { method: "grad_cam" }],
    ["explanation_target_unknown", { model: "texts", inputs: { x: ["a"] } }],
    ["background_missing", { model: "signal", inputs: { x: [[Array(32).fill(1)]] } }],
  ] as const)("%s %j", async (code, changes) => {
    expect((await refuses(code, changes)).detail.length).toBeGreaterThan(10);
  });

  it("a layer that is not there, with those that are", async () => {
    const x = [[Array(32).fill(1)]];
    const options = { layer: "nobody" };
    const asked = { model: "signal", inputs: { x }, method: "grad_cam", options };
    const { detail } = await refuses("explanation_target_unknown", asked);
    expect(detail).toMatch(/no layer 'nobody'; .*there/);
  });
});

describe("the cache", () => {
  it("answers what it has, unless it is to be made anew", async () => {
    const asked = { method: "exact", seed: 11 };
    const first = await explain(asked);
    const again = await explain({ ...asked, limits: { deadline_ms: 9_999 } });
    expect(again).toEqual({ ...first, cached: true });
    const fresh = await explain({ ...asked, fresh: true });
    expect(fresh).toMatchObject({ cached: false });
    expect(fresh.explanation_id).not.toBe(first.explanation_id);
    expect((await explain(asked)).explanation_id).toBe(fresh.explanation_id);
  });

  it("keeps nothing that is to be kept for no time", async () => {
    const asked = { method: "exact", seed: 12, ttl_seconds: 0 };
    const made = await explain(asked);
    expect((await explain(asked)).cached).toBe(false);
    await refused("explanation_not_found", `GET /v1/explanations/${made.explanation_id}`, { key });
  });

  it("tells models of the same bytes apart", async () => {
    await newModel(key, "linear-too", [linearModel()]);
    const asked = { method: "saliency" };
    const [first, second] = [
      await explain(asked),
      await explain({ ...asked, model: "linear-too" }),
    ];
    expect(second).toMatchObject({ model: "linear-too", cached: false });
    expect(second.model_id).not.toBe(first.model_id);
  });

  it("tells groups in another order apart, as they are the order of the contributions", async () => {
    const of = async (names: readonly string[]) => {
      const groups = Object.fromEntries(
        names.map((name) => [name, [name === "a" ? "x[0]" : "x[1]"]]),
      );
      const { feature_contributions } = await explain({ method: "exact", groups });
      return feature_contributions.slice(0, 2).map(({ feature_name }) => feature_name);
    };
    expect(await of(["a", "b"])).toEqual(["a", "b"]);
    expect(await of(["b", "a"])).toEqual(["b", "a"]);
  });

  it("is counted", async () => {
    const { key: own } = await newKey();
    await newModel(own, "counted", [linearModel()]);
    const json = { ...asking(), model: "counted", method: "saliency" };
    for (let count = 0; count < 3; count += 1) await succeeds(200, ONE, { key: own, json });
    const statistics = () =>
      succeeds<{ hits: number; misses: number }>(
        200,
        "GET /v1/explanations/statistics?model=counted",
        { key: own },
      );
    await expect.poll(statistics, { timeout: 5_000 }).toMatchObject({ hits: 2, misses: 1 });
    expect(await statistics()).toMatchObject({
      hit_rate: 2 / 3,
      miss_rate: 1 / 3,
      kept: 1,
      by_method: [{ kind: "local", method: "saliency", count: 1 }],
    });
    await refused("model_not_found", "GET /v1/explanations/statistics?model=nobody", { key });
    const nobody = await keyOf("explanations:read");
    expect(await succeeds(200, "GET /v1/explanations/statistics", { key: nobody })).toMatchObject({
      hits: 0,
      hit_rate: null,
      oldest_at: null,
    });
  });
});

describe("what is kept", () => {
  let own = "";
  const made: ExplanationView[] = [];
  beforeAll(async () => {
    own = (await newKey()).key;
    await newModel(own, "kept", [linearModel()]);
    await newModel(own, "other", [linearModel()]);
    for (const [model, method] of [
      ["kept", "saliency"],
      ["kept", "input_x_gradient"],
      ["other", "saliency"],
    ])
      made.push(
        await succeeds<ExplanationView>(200, ONE, { key: own, json: asking({ model, method }) }),
      );
  });
  const list = (query = "") =>
    succeeds<List<Summary>>(200, `GET /v1/explanations${query}`, { key: own });

  it("is read again as it was answered", async () => {
    for (const one of made)
      expect(
        await succeeds(200, `GET /v1/explanations/${one.explanation_id}`, { key: own }),
      ).toEqual({ ...one, cached: true });
  });

  it("is listed, newest first, by filters and in pages", async () => {
    const ids = made.map((one) => one.explanation_id).toReversed();
    expect((await list()).items.map((one) => one.explanation_id)).toEqual(ids);
    expect((await list("?model=kept")).items).toHaveLength(2);
    expect((await list("?model=kept&version=1&method=saliency&kind=local")).items).toHaveLength(1);
    expect((await list("?kind=global")).items).toEqual([]);
    const page = await list("?limit=2");
    expect(page.items.map((one) => one.explanation_id)).toEqual(ids.slice(0, 2));
    const rest = await list(`?limit=2&cursor=${page.next_cursor}`);
    expect(rest.items.map((one) => one.explanation_id)).toEqual(ids.slice(2));
    await refused("invalid_request", "GET /v1/explanations?version=1", { key: own });
    await refused("model_not_found", "GET /v1/explanations?model=linear", { key: own });
  });

  it("is nobody else's", async () => {
    const [first] = made;
    const path = `/v1/explanations/${first?.explanation_id}`;
    await refused("explanation_not_found", `GET ${path}`, { key });
    await refused("explanation_not_found", `DELETE ${path}`, { key });
    await refused("model_not_found", "DELETE /v1/explanations?model=kept", { key });
    expect((await list()).items).toHaveLength(3);
    const reader = (await newKey({ owner_id, scopes: ["explanations:read"] })).key;
    await refused("scope_missing", ONE, { key: reader, json: asking() });
    await refused("scope_missing", "DELETE /v1/explanations?older_than_days=1", { key: reader });
  });

  it("is not there any more once it has expired", async () => {
    const [first] = made;
    await env.DB.prepare("UPDATE explanation SET expires_at = ? WHERE id = ?")
      .bind(Date.now() - 1, first?.explanation_id)
      .run();
    await refused("explanation_not_found", `GET /v1/explanations/${first?.explanation_id}`, {
      key: own,
    });
    expect((await list()).items).toHaveLength(2);
  });

  it("goes by itself, by model, or by age", async () => {
    const [, second] = made;
    const path = `/v1/explanations/${second?.explanation_id}`;
    expect((await call(`DELETE ${path}`, { key: own })).status).toBe(204);
    await refused("explanation_not_found", `DELETE ${path}`, { key: own });
    await refused("invalid_request", "DELETE /v1/explanations", { key: own });
    const prune = (query: string) =>
      succeeds(200, `DELETE /v1/explanations?${query}`, { key: own });
    expect(await prune("older_than_days=1")).toEqual({ deleted: 0 });
    expect(await prune("model=other&method=exact")).toEqual({ deleted: 0 });
    expect(await prune("model=other")).toEqual({ deleted: 1 });
    expect((await list()).items).toEqual([]);
    const again = await succeeds<ExplanationView>(200, ONE, {
      key: own,
      json: asking({ model: "other", method: "saliency" }),
    });
    expect(again.cached).toBe(false);
  });
});

describe("a picture", () => {
  const svg = async (path: string, json?: object) => {
    const response = await exports.default.fetch(`${ORIGIN}${path}`, {
      method: json ? "POST" : "GET",
      headers: {
        authorization: `Bearer ${key}`,
        accept: "image/svg+xml",
        "content-type": "application/json",
      },
      ...(json && { body: JSON.stringify(json) }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it("is answered to whoever asks for one, and can run nothing", async () => {
    const names = [`<script>alert("x")</script>`, `b&'"`, "c"];
    const made = await svg("/v1/explanations", asking({ method: "exact", feature_names: names }));
    expect(made.status).toBe(200);
    expect(made.text).toMatch(/^<svg /);
    expect(made.text).not.toContain("<script");
    expect(made.headers.get("content-type")).toContain("image/svg+xml");
    expect(made.headers.get("content-security-policy")).toContain("default-src 'none'");
    const { explanation_id } = await explain({ method: "exact" });
    for (const plot of ["waterfall", "force", "bar"])
      expect((await svg(`/v1/explanations/${explanation_id}?plot=${plot}`)).text).toMatch(/^<svg /);
  });

  it("that there is none of is refused", async () => {
    const { explanation_id } = await explain({ method: "exact" });
    for (const plot of ["overlay", "beeswarm", "attention"])
      await refused("explanation_invalid", `GET /v1/explanations/${explanation_id}?plot=${plot}`, {
        key,
      });
    await refused("invalid_request", `GET /v1/explanations/${explanation_id}?plot=pie`, { key });
  });
});

describe("a stream", () => {
  const events = async (changes: object) => {
    const response = await exports.default.fetch(`${ORIGIN}/v1/explanations`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        accept: "text/event-stream",
        "content-type": "application/json",
      },
      body: JSON.stringify(asking(changes)),
    });
    const text = await response.text();
    const found = text
      .split("\n\n")
      .filter((one) => one !== "")
      .map((one) => {
        const [event = "", data = ""] = one.split("\n");
        return { event: event.slice(7), data: JSON.parse(data.slice(6)) as ExplanationView };
      });
    return { status: response.status, type: response.headers.get("content-type"), found };
  };

  it("comes from coarse to fine, and ends with the explanation, which is kept", async () => {
    const asked = { method: "gradient", seed: 21 };
    const { type, found } = await events(asked);
    expect(type).toBe("text/event-stream");
    const names = found.map(({ event }) => event);
    expect(names.length).toBeGreaterThan(2);
    expect(names).toEqual([...names.slice(1).map(() => "estimate"), "explanation"]);
    const rows = found.map(({ data }) => data.model_rows);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    const last = found.at(-1)?.data;
    expect(await explain(asked)).toEqual({ ...last, cached: true });
    const again = await events(asked);
    expect(again.found.map(({ event }) => event)).toEqual(["explanation"]);
    expect(again.found[0]?.data).toEqual({ ...last, cached: true });
  });

  it("that cannot begin is refused as any request is", async () => {
    const headers = { accept: "text/event-stream" };
    const json = asking({ method: "tree" });
    await refused("explanation_unsupported", ONE, { key, json, headers });
    await refused("model_not_found", ONE, { key, json: asking({ model: "nobody" }), headers });
  });
});

describe("a batch", () => {
  const batch = (changes: object) =>
    succeeds<List<ExplanationView>>(200, "POST /v1/explanations/batch", {
      key,
      json: asking(changes),
    });

  it("has the explanation of each row, those that are there already as they are", async () => {
    const before = await explain({ method: "exact", seed: 31 }, 1);
    const { items } = await batch({ inputs: { x: ROWS }, method: "exact", seed: 31 });
    expect(items.map(({ cached }) => cached)).toEqual([false, true, false, false]);
    expect(items[1]).toEqual({ ...before, cached: true });
    for (const [at, row] of ROWS.entries())
      for (const [index, value] of CLOSED_FORM(row).entries())
        expect(valuesOf(items[at] as ExplanationView)[index]).toBeCloseTo(value);
    expect((await batch({ inputs: { x: ROWS }, method: "exact", seed: 31 })).items).toEqual(
      items.map((one) => ({ ...one, cached: true })),
    );
  });

  it("of equal rows has an answer for each", async () => {
    const x = Array.from({ length: 20 }, () => ROWS[3]);
    const { items } = await batch({ inputs: { x }, method: "sampling", fresh: true });
    expect(items).toHaveLength(20);
    expect(new Set(items.map((one) => JSON.stringify(valuesOf(one)))).size).toBe(1);
  });

  it("with a row that is refused is refused as a whole", async () => {
    const asked = { inputs: { x: [...ROWS, [null, 1, 2]] }, method: "exact" };
    await refuses("explanation_value_invalid", asked, "POST /v1/explanations/batch");
    await refuses(
      "invalid_request",
      { inputs: undefined, prediction_ids: [] },
      "POST /v1/explanations/batch",
    );
  });
});

describe("a global explanation", () => {
  const GLOBAL = "POST /v1/explanations/global";
  const global = (changes: object = {}) =>
    succeeds<GlobalExplanationView>(200, GLOBAL, {
      key,
      json: asking({ inputs: { x: ROWS }, method: "exact", ...changes }),
    });

  it("says what the model goes by", async () => {
    const found = await global({ dependence: [{ feature: "x[0]", interaction_feature: "x[1]" }] });
    const means = WEIGHTS.map((_, at) =>
      ROWS.reduce((sum, row) => sum + Math.abs(CLOSED_FORM(row)[at] ?? 0) / ROWS.length, 0),
    );
    for (const [at, mean] of means.entries())
      expect(found.feature_importances[`x[${at}]`]).toBeCloseTo(mean);
    expect(found).toMatchObject({ sample_count: 4, aggregation_method: "mean", cached: false });
    expect(found.dependence.map(({ feature }) => feature)).toEqual(["x[0]"]);
    expect(found.dependence[0]?.points).toHaveLength(4);
    expect(await succeeds(200, `GET /v1/explanations/${found.explanation_id}`, { key })).toEqual({
      ...found,
      cached: true,
    });
    expect(
      (await global({ dependence: [{ feature: "x[0]", interaction_feature: "x[1]" }] })).cached,
    ).toBe(true);
  });

  it.each(["median", "max", "percentile_95"])("takes the %s", async (aggregation_method) => {
    expect(await global({ aggregation_method })).toMatchObject({ aggregation_method });
  });

  it("has interactions where the method knows them", async () => {
    const { interactions } = await global({ include_interactions: true });
    expect(interactions.measure).toBe("interaction_values");
    for (const { strength } of interactions.pairs) expect(strength).toBeCloseTo(0);
  });

  it("is refused for what is not there", async () => {
    const asked = { inputs: { x: ROWS }, method: "exact" };
    await refuses("feature_unknown", { ...asked, dependence: [{ feature: "nobody" }] }, GLOBAL);
    await refuses("explanation_invalid", { ...asked, prediction_bins: [1, 0] }, GLOBAL);
    await refuses("invalid_request", { ...asked, recent_predictions: 5 }, GLOBAL);
    await refuses("invalid_request", { ...asked, aggregation_method: "sum" }, GLOBAL);
  });

  it("has its pictures", async () => {
    const { explanation_id } = await global();
    for (const plot of ["beeswarm", "bar", "dependence", "segments", "interactions"])
      expect(
        (await call(`GET /v1/explanations/${explanation_id}?plot=${plot}`, { key })).status,
        plot,
      ).toBe(200);
    await refused("explanation_invalid", `GET /v1/explanations/${explanation_id}?plot=waterfall`, {
      key,
    });
  });
});

describe("background sets", () => {
  const at = (name = "", model = "sets") =>
    `/v1/models/${model}/versions/1/backgrounds${name && `/${name}`}`;
  const put = (name: string, json: object) => succeeds(200, `PUT ${at(name)}`, { key, json });
  beforeAll(() => newModel(key, "sets", [linearModel()]));

  it("are put, listed, read and deleted", async () => {
    const made = await put("rows", { inputs: { x: ROWS } });
    expect(made).toMatchObject({
      name: "rows",
      model: "sets",
      version: 1,
      method: "all",
      rows: 4,
      source_rows: 4,
    });
    expect(await succeeds(200, `GET ${at("rows")}`, { key })).toMatchObject({
      ...(made as object),
      inputs: { x: ROWS },
      weights: [0.25, 0.25, 0.25, 0.25],
    });
    await put("few", { inputs: { x: ROWS }, method: "k_means", size: 2, seed: 4 });
    const few = await succeeds<{ weights: number[] }>(200, `GET ${at("few")}`, { key });
    expect(few.weights).toHaveLength(2);
    expect(few.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1);
    await put("fair", {
      inputs: { x: ROWS },
      method: "stratified",
      size: 2,
      strata: ["a", "a", "b", "b"],
    });
    const { items } = await succeeds<List<{ name: string }>>(200, `GET ${at()}`, { key });
    expect(items.map(({ name }) => name)).toEqual(["fair", "few", "rows"]);
    expect((await call(`DELETE ${at("few")}`, { key })).status).toBe(204);
    const { body } = await refused("background_not_found", `GET ${at("few")}`, { key });
    expect(body.detail).toContain("it has 'fair', 'rows'");
  });

  it("put anew change what is explained against them from then on", async () => {
    const base = async () =>
      (await explain({ model: "sets", background: "changing", method: "exact" })).base_prediction;
    await put("changing", { inputs: { x: [[0, 0, 0]] } });
    expect(await base()).toBeCloseTo(0);
    await put("changing", { inputs: { x: [[1, 0, 0]] } });
    expect(await base()).toBeCloseTo(2);
    await call(`DELETE ${at("changing")}`, { key });
    await refuses("background_not_found", {
      model: "sets",
      background: "changing",
      method: "exact",
    });
  });

  it("are refused for what they cannot be made of", async () => {
    const refusesSet = (code: Parameters<typeof refused>[0], json: object, name = "bad") =>
      refused(code, `PUT ${at(name)}`, { key, json });
    await refusesSet("input_shape", { inputs: { x: [] } });
    await refusesSet("input_shape", { inputs: { x: [[1]] } });
    await refusesSet("input_unknown", { inputs: { z: [[1]] } });
    await refusesSet("invalid_request", { inputs: { x: ROWS }, size: 0 });
    await refusesSet("invalid_request", { inputs: { x: ROWS } }, "No!");
    await refusesSet("explanation_invalid", {
      inputs: { x: ROWS },
      method: "stratified",
      strata: ["a"],
    });
    await refusesSet("explanation_value_invalid", {
      inputs: { x: [[null, 1, 2], ...ROWS] },
      method: "k_means",
      size: 2,
    });
    await refused("version_not_found", "PUT /v1/models/sets/versions/9/backgrounds/bad", {
      key,
      json: { inputs: { x: ROWS } },
    });
    await refused("background_not_found", `DELETE ${at("bad")}`, { key });
  });

  it("are somebody's alone", async () => {
    const stranger = await keyOf();
    await refused("model_not_found", `GET ${at()}`, { key: stranger });
    await refused("model_not_found", `PUT ${at("rows")}`, {
      key: stranger,
      json: { inputs: { x: ROWS } },
    });
  });
});

describe("a job", () => {
  const start = (changes: object = {}, path = "batch") =>
    call<JobView>(`POST /v1/explanations/${path}`, {
      key,
      json: asking({ inputs: { x: ROWS }, method: "exact", wait: false, ...changes }),
    });
  const ended = (id: string) =>
    expect
      .poll(() => succeeds<JobView>(200, `GET /v1/jobs/${id}`, { key }), { timeout: 10_000 })
      .toMatchObject({ ended_at: expect.any(String) });
  const read = (id: string) => succeeds<JobView>(200, `GET /v1/jobs/${id}`, { key });

  it("makes the explanations of a batch that nobody waits for", async () => {
    const made = await start({ seed: 41 });
    expect(made).toMatchObject({
      status: 202,
      body: { kind: "explain_batch", rows: 4, model: "linear" },
    });
    const { job_id } = made.body;
    expect(made.headers.get("location")).toBe(`/v1/jobs/${job_id}`);
    await ended(job_id);
    const job = await read(job_id);
    expect(job).toMatchObject({ status: "succeeded", rows_done: 4, progress: 1, problem: null });
    for (const [at, id] of job.explanation_ids.entries()) {
      const found = await succeeds<ExplanationView>(200, `GET /v1/explanations/${id}`, { key });
      for (const [index, value] of CLOSED_FORM(ROWS[at] ?? []).entries())
        expect(valuesOf(found)[index]).toBeCloseTo(value);
    }
    expect((await explain({ method: "exact", seed: 41 }, 2)).explanation_id).toBe(
      job.explanation_ids[2],
    );
    await refused("job_ended", `POST /v1/jobs/${job_id}/cancel`, { key });
    // In any case means also where all of it is cached.
    expect((await start({ seed: 41 })).status).toBe(202);
  });

  it("that was reserved and never begun, since the isolate died, is begun by the next who asks", async () => {
    const { job_id } = (await start({ seed: 43 })).body;
    await ended(job_id);
    await runInDurableObject(env.JOB.getByName(job_id), async (_, { storage }) => {
      await storage.deleteAlarm();
      for (const [name] of storage.kv.list()) storage.kv.delete(name);
    });
    await env.DB.prepare("UPDATE job SET status = 'queued', ended_at = NULL WHERE id = ?")
      .bind(job_id)
      .run();
    await refused("job_not_found", `GET /v1/jobs/${job_id}`, { key });
    expect((await start({ seed: 43 })).body.job_id).toBe(job_id);
    await ended(job_id);
    expect(await read(job_id)).toMatchObject({ status: "succeeded", rows_done: 4 });
  });

  it("makes a global explanation", async () => {
    const { body } = await start({ seed: 42 }, "global");
    await ended(body.job_id);
    const job = await read(body.job_id);
    expect(job).toMatchObject({ kind: "explain_global", status: "succeeded" });
    const [id = ""] = job.explanation_ids;
    expect(await succeeds(200, `GET /v1/explanations/${id}`, { key })).toMatchObject({
      sample_count: 4,
    });
  });

  it("that fails says why", async () => {
    const { body } = await start({ inputs: { x: [[null, 1, 2]] } });
    await ended(body.job_id);
    expect(await read(body.job_id)).toMatchObject({
      status: "failed",
      problem: { code: "explanation_value_invalid", detail: expect.stringContaining("NaN") },
      explanation_ids: [],
    });
  });

  it("is listed, and is nobody else's", async () => {
    const { key: own } = await newKey();
    await newModel(own, "own", [linearModel()]);
    const json = asking({ model: "own", wait: false, method: "saliency" });
    const { job_id } = await succeeds<JobView>(202, "POST /v1/explanations/batch", {
      key: own,
      json,
    });
    const { items } = await succeeds<List<JobView>>(200, "GET /v1/jobs", { key: own });
    expect(items.map((one) => one.job_id)).toEqual([job_id]);
    expect(
      (await succeeds<List<JobView>>(200, "GET /v1/jobs?status=failed", { key: own })).items,
    ).toEqual([]);
    await refused("invalid_request", "GET /v1/jobs?status=lost", { key: own });
    await refused("job_not_found", `GET /v1/jobs/${job_id}`, { key });
    await refused("job_not_found", `POST /v1/jobs/${job_id}/cancel`, { key });
  });

  it("is not begun for what nobody could read afterwards, nor for too many rows", async () => {
    const { body } = await refused("explanation_invalid", "POST /v1/explanations/batch", {
      key,
      json: asking({ inputs: { x: ROWS }, method: "exact", wait: false, ttl_seconds: 0 }),
    });
    expect(body).toMatchObject({ field: "ttl_seconds" });
    await newModel(key, "scale", [scaleModel(2)]);
    const inputs = { x: Array.from({ length: 10_001 }, (_, at) => at) };
    const many = { model: "scale", inputs, method: "saliency" };
    expect(await refuses("explanation_invalid", many, "POST /v1/explanations/batch")).toMatchObject(
      { field: "inputs" },
    );
  });
});

it("an explanation of a version goes with the version, and so do its background sets", async () => {
  await newModel(key, "gone", [linearModel()]);
  await succeeds(200, "PUT /v1/models/gone/versions/1/backgrounds/default", {
    key,
    json: { inputs: { x: BACKGROUND } },
  });
  const { explanation_id } = await explain({ model: "gone", method: "exact" });
  expect((await call("DELETE /v1/models/gone/versions/1", { key })).status).toBe(204);
  await refused("explanation_not_found", `GET /v1/explanations/${explanation_id}`, { key });
  await refused("version_not_found", "GET /v1/models/gone/versions/1/backgrounds", { key });
  const sets = await env.DB.prepare(
    "SELECT count(*) AS rows FROM background WHERE model_id NOT IN (SELECT model_id FROM model_version)",
  ).first();
  expect(sets).toEqual({ rows: 0 });
});
