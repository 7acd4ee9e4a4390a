import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type { ExperimentPredictResponse } from "../../../contract/experiment-traffic.ts";
import type { PredictResponse } from "../../../contract/predict.ts";
import type {
  CaptureView,
  PredictionSummary,
  PredictionView,
  PrunedPredictions,
} from "../../../contract/prediction.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { DESCRIPTION_KEY } from "../../../domain/models/description.ts";
import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";
import { isCaptured } from "../../../domain/predictions/is-captured.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { newModel, runningExperiment, scaleModel } from "../support/model-fixtures.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { keyOf, newKey, newUser, ORIGIN, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeAll(async () => {
  key = await keyOf();
});
afterEach(() => void vi.restoreAllMocks());

const predict = (model: string, x: unknown, store = true, query = "") =>
  succeeds<PredictResponse>(200, `POST /v1/models/${model}/predict${query}`, {
    key,
    json: { inputs: { x }, store },
  });
const list = async (model: string, query = "") =>
  (
    await succeeds<Page<PredictionSummary>>(200, `GET /v1/models/${model}/predictions${query}`, {
      key,
    })
  ).items.map(({ prediction_id }) => prediction_id);
const get = (model: string, id: unknown) =>
  succeeds<PredictionView>(200, `GET /v1/models/${model}/predictions/${String(id)}`, { key });

/** Inputs of two sizes a row, one output by row and one of the whole batch. */
function rowsModel(): Uint8Array {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", ["rows", 2]);
  const z = b.input("z", "float32", ["others"]);
  b.output(b.node("ReduceSum", [x, b.ints([1])], { keepdims: 0 }, { output: "sums" }));
  b.output(b.node("ReduceSum", [z, b.ints([0])], { keepdims: 1 }, { output: "total" }));
  return writeModel(b.model());
}

describe("a prediction that is to be stored", () => {
  it("is kept before its answer: its inputs, outputs, version and time", async () => {
    await newModel(key, "stored", [scaleModel(10), scaleModel(20)]);
    const before = Date.now();
    const answer = await predict("stored", [2.5], true, "?version=1");
    const { prediction_id } = answer;
    expect(answer).toMatchObject({ prediction_ids: [prediction_id], outputs: { y: [25] } });
    const kept = await get("stored", prediction_id);
    expect(kept).toMatchObject({
      prediction_id,
      model: "stored",
      version: 1,
      experiment_id: null,
      variant_id: null,
      inputs: { x: [2.5] },
      outputs: { y: [25] },
    });
    const made = Date.parse(kept.created_at);
    expect(made).toBeGreaterThanOrEqual(before);
    expect(made).toBeLessThanOrEqual(Date.now());
  });

  it("is one for each row, in their order", async () => {
    await newModel(key, "rows", [scaleModel(2)]);
    const { prediction_id, prediction_ids } = await predict("rows", [1, null, 3]);
    expect(prediction_id).toBeNull();
    expect(prediction_ids).toHaveLength(3);
    const kept = await Promise.all((prediction_ids ?? []).map((id) => get("rows", id)));
    expect(kept.map(({ inputs, outputs }) => [inputs["x"], outputs["y"]])).toEqual([
      [[1], [2]],
      [[null], [null]],
      [[3], [6]],
    ]);
    expect(await list("rows")).toEqual((prediction_ids ?? []).toReversed());
  });

  it("leaves out what does not go by rows, and is refused where the inputs do not", async () => {
    await newModel(key, "mixed", [rowsModel()]);
    const sent = (z: number[]) => ({
      key,
      json: {
        store: true,
        inputs: {
          x: [
            [1, 2],
            [3, 4],
          ],
          z,
        },
      },
    });
    const operation = "POST /v1/models/mixed/predict";
    const { prediction_ids } = await succeeds<PredictResponse>(200, operation, sent([5, 6]));
    const { inputs, outputs } = await get("mixed", prediction_ids?.[1]);
    expect({ inputs, outputs }).toEqual({
      inputs: { x: [[3, 4]], z: [6] },
      outputs: { sums: [7] },
    });
    const { body } = await refused("input_shape", operation, sent([5, 6, 7]));
    expect(body.detail).toContain("input 'z' has 3 rows, and the first input has 2");
    expect(await list("mixed")).toHaveLength(2);
  });

  it("is refused where it is too large, and then not kept", async () => {
    await newModel(key, "large", [scaleModel(1)]);
    const rows = (count: number) => ({
      key,
      json: { store: true, inputs: { x: Array.from({ length: count }, () => 1) } },
    });
    const operation = "POST /v1/models/large/predict";
    const { body } = await refused("prediction_too_large", operation, rows(1_001));
    expect(body.detail).toContain("has 1001 rows, and at most 1000");
    expect(await list("large")).toEqual([]);
    await succeeds(200, operation, rows(1_000));
    expect(await list("large", "?limit=100")).toHaveLength(100);
    await newModel(key, "wide", [wideModel(300_000)]);
    const wide = await refused("prediction_too_large", "POST /v1/models/wide/predict", {
      key,
      json: { store: true, inputs: { x: [Array.from({ length: 300_000 }, () => 1)] } },
    });
    expect(wide.body.detail).toMatch(/^row 0 has 2400200 bytes .* at most 1900000/);
    expect(await list("wide")).toEqual([]);
  });

  it("has the tensors that raw values were made into", async () => {
    await newModel(key, "texts", [textModel()]);
    const { prediction_ids } = await succeeds<PredictResponse>(
      200,
      "POST /v1/models/texts/predict",
      { key, json: { store: true, inputs: { words: ["good good", "bad"] } } },
    );
    const { inputs, outputs } = await get("texts", prediction_ids?.[0]);
    expect({ inputs, outputs }).toEqual({
      inputs: { words: [[0, 2]] },
      outputs: { score: [[2]] },
    });
  });

  it("is not answered where it cannot be kept", async () => {
    await newModel(key, "down", [scaleModel(1)]);
    vi.spyOn(console, "error").mockReturnValue();
    vi.spyOn(env.PREDICTIONS, "getByName").mockImplementation(() => {
      throw new Error("out of order");
    });
    const { status } = await exports.default.fetch(`${ORIGIN}/v1/models/down/predict`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ store: true, inputs: { x: [1] } }),
    });
    expect(status).toBe(500);
    expect((await predict("down", [1], false)).prediction_ids).toBeNull();
  });

  it("of an experiment says what chose its version", async () => {
    await newModel(key, "tried");
    const { id, control } = await runningExperiment(key, "tried");
    const { variant_id } = control;
    const operation = `POST /v1/experiments/${id}/predict`;
    const json = { inputs: { x: [4] }, preview: variant_id };
    const sent = { key, json: { ...json, store: true } };
    const answer = await succeeds<ExperimentPredictResponse>(200, operation, sent);
    expect(await get("tried", answer.prediction_id)).toMatchObject({
      version: 1,
      experiment_id: id,
      variant_id,
      outputs: { y: [4] },
    });
    const unkept = await succeeds<ExperimentPredictResponse>(200, operation, { key, json });
    expect(unkept).toMatchObject({ prediction_id: null, prediction_ids: null });
    await predict("tried", [1]);
    expect(await list("tried", `?experiment_id=${id}`)).toEqual([answer.prediction_id]);
    expect(await list("tried")).toHaveLength(2);
  });
});

describe("kept predictions", () => {
  it("are listed newest first, in pages and by version", async () => {
    await newModel(key, "listed", [scaleModel(1), scaleModel(2)]);
    const made: (string | null)[] = [];
    await oneByOne([1, 2, 1, 2, 2], async (version) => {
      made.unshift((await predict("listed", [1], true, `?version=${version}`)).prediction_id);
    });
    const page = (query: string) =>
      succeeds<Page<PredictionSummary>>(200, `GET /v1/models/listed/predictions?${query}`, { key });
    const first = await page("limit=2&version=2");
    expect(first.items.map(({ prediction_id }) => prediction_id)).toEqual(made.slice(0, 2));
    const second = await page(`limit=2&version=2&cursor=${first.next_cursor}`);
    expect(second.items).toMatchObject([{ prediction_id: made[3], version: 2, model: "listed" }]);
    expect(second.next_cursor).toBeNull();
    expect(await list("listed")).toEqual(made);
  });

  it("are deleted one by one, by their age, and all", async () => {
    await newModel(key, "deleted", [scaleModel(1)]);
    const { prediction_ids } = await predict("deleted", [1, 2, 3, 4]);
    const [first = ""] = prediction_ids ?? [];
    const at = `/v1/models/deleted/predictions`;
    await succeeds(204, `DELETE ${at}/${first}`, { key });
    const { body } = await refused("prediction_not_found", `DELETE ${at}/${first}`, { key });
    expect(body).toMatchObject({ prediction_id: first });
    await refused("prediction_not_found", `GET ${at}/${first}`, { key });
    await refused("invalid_request", `GET ${at}/prd_1`, { key });
    const prune = (query = "") => succeeds<PrunedPredictions>(200, `DELETE ${at}${query}`, { key });
    expect(await prune("?older_than_days=1")).toEqual({ deleted: 0 });
    expect(await prune("?older_than_days=0")).toEqual({ deleted: 3 });
    await predict("deleted", [1, 2]);
    expect(await prune()).toEqual({ deleted: 2 });
    expect(await list("deleted")).toEqual([]);
  });

  it("are of a model, and go with it", async () => {
    const { id } = await newModel(key, "ended", [scaleModel(1)]);
    await newModel(key, "other", [scaleModel(1)]);
    const { prediction_id } = await predict("ended", [1]);
    await refused("prediction_not_found", `GET /v1/models/other/predictions/${prediction_id}`, {
      key,
    });
    await succeeds(204, "DELETE /v1/models/ended", { key });
    await newModel(key, "ended", [scaleModel(1)]);
    expect(await list("ended")).toEqual([]);
    const left = await runInDurableObject(env.PREDICTIONS.getByName(id), (_, { storage }) => [
      ...storage.kv.list({ prefix: "prediction/" }),
    ]);
    expect(left).toEqual([]);
  });

  it("of a model that was deleted are kept by no isolate that has not heard", async () => {
    await newModel(key, "unheard", [scaleModel(1)]);
    await predict("unheard", [1], false);
    await succeeds(204, "DELETE /v1/models/unheard", { key });
    const json = { store: true, inputs: { x: [1] } };
    await refused("model_not_found", "POST /v1/models/unheard/predict", { key, json });
  });
});

describe("the share of a model's predictions that is kept", () => {
  const setting = (model: string, json?: object) =>
    succeeds<CaptureView>(200, `${json ? "PUT" : "GET"} /v1/models/${model}/capture`, {
      key,
      ...(json ? { json } : {}),
    });
  const kept = async (model: string, wanted: number) => {
    await vi.waitFor(
      async () => expect((await setting(model)).kept).toBeGreaterThanOrEqual(wanted),
      { timeout: 5_000 },
    );
    return list(model, "?limit=100");
  };
  const ask = (model: string, request_id: string) =>
    succeeds<PredictResponse>(200, `POST /v1/models/${model}/predict`, {
      key,
      json: { inputs: { x: [1] } },
      headers: { "x-request-id": request_id },
    });

  it("is none until it is set, and then what was set", async () => {
    await newModel(key, "unset", [scaleModel(1)]);
    const none = { model: "unset", rate: "0", kept_days: 30, updated_at: null, updated_by: null };
    const empty = { kept: 0, kept_bytes: 0, oldest_at: null, newest_at: null };
    expect(await setting("unset")).toEqual({ ...none, ...empty });
    const set = await setting("unset", { rate: "0.250", kept_days: 7 });
    expect(set).toMatchObject({ rate: "0.25", kept_days: 7 });
    expect(await setting("unset", { rate: "1" })).toMatchObject({ rate: "1", kept_days: 7 });
    expect((await setting("unset")).updated_by).toMatch(/^key_/);
    for (const json of [{ rate: "1.1" }, { rate: 0.5 }, { kept_days: 5 }, {}])
      await refused("invalid_request", "PUT /v1/models/unset/capture", { key, json });
    for (const kept_days of [0, 366, 1.5])
      await refused("invalid_request", "PUT /v1/models/unset/capture", {
        key,
        json: { rate: "0", kept_days },
      });
  });

  it("takes the requests that its hash takes, whichever isolate they reach", async () => {
    const { id } = await newModel(key, "half", [scaleModel(3)]);
    await setting("half", { rate: "0.5" });
    const requests = Array.from({ length: 60 }, (_, at) => `half-${at}`);
    await Promise.all(requests.map((request) => ask("half", request)));
    const chosen = requests.filter((request) => isCaptured(id, request, WHOLE / 2));
    expect(chosen.length).toBeGreaterThan(15);
    expect(chosen.length).toBeLessThan(45);
    const ids = await kept("half", chosen.length);
    expect(ids).toHaveLength(chosen.length);
    expect(await get("half", ids[0])).toMatchObject({ inputs: { x: [1] }, outputs: { y: [3] } });
  });

  it("also has requests of the Open Inference Protocol, and is not in the answer", async () => {
    await newModel(key, "all", [scaleModel(3)]);
    await setting("all", { rate: "1" });
    const x = { name: "x", datatype: "FP32", shape: [2], data: [1, 2] };
    await succeeds(200, "POST /v2/models/all/infer", { key, json: { inputs: [x] } });
    expect(await ask("all", "r")).toMatchObject({ prediction_id: null, prediction_ids: null });
    expect(await kept("all", 3)).toHaveLength(3);
  });

  it("is lost, and told in the log, where it cannot be kept; the answers are as ever", async () => {
    const { id } = await newModel(key, "lossy", [scaleModel(3)]);
    await setting("lossy", { rate: "1" });
    const logged = vi.spyOn(console, "error").mockReturnValue();
    vi.spyOn(env.PREDICTIONS, "getByName").mockImplementation(() => {
      throw new Error("out of order");
    });
    await Promise.all([ask("lossy", "a"), ask("lossy", "b")]);
    await vi.waitFor(() => expect(logged).toHaveBeenCalled(), { timeout: 5_000 });
    expect(JSON.parse(String(logged.mock.calls[0]?.[0]))).toEqual({
      event: "captured_predictions_lost",
      model_id: id,
      count: 2,
      error: "Error: out of order",
    });
  });
});

it("a key that may predict may store, and may not read what is kept", async () => {
  const owner_id = await newUser();
  const [mine, theirs] = await Promise.all([
    newKey({ owner_id }),
    newKey({ owner_id, scopes: ["predict"] }),
  ]);
  await newModel(mine.key, "private", [scaleModel(1)]);
  const json = { store: true, inputs: { x: [1] } };
  const at = "/v1/models/private";
  const { prediction_id } = await succeeds<PredictResponse>(200, `POST ${at}/predict`, {
    key: theirs.key,
    json,
  });
  const read = `GET ${at}/predictions/${prediction_id}`;
  await refused("scope_missing", read, { key: theirs.key });
  await succeeds(200, read, { key: mine.key });
});

/** A model of one row of so many columns, which it gives back. */
function wideModel(columns: number): Uint8Array {
  const b = GraphBuilder.empty();
  b.output(b.node("Identity", [b.input("x", "float32", ["rows", columns])], {}, { output: "y" }));
  return writeModel(b.model());
}

/** The number of good words less the bad ones. */
function textModel(): Uint8Array {
  const b = GraphBuilder.empty();
  const words = b.input("words", "float32", ["rows", 2]);
  b.output(b.node("MatMul", [words, b.constant(floatTensor([2, 1], [-1, 1]))]), "score");
  const vector = { by: "counts", vocabulary: ["bad", "good"] };
  const pipeline = { version: 1, kind: "text", input: "words", tokens: { by: "words" }, vector };
  const value = JSON.stringify({ feature_names: ["bad", "good"], preprocessing: [pipeline] });
  return writeModel({ ...b.model(), metadata: [{ key: DESCRIPTION_KEY, value }] });
}
