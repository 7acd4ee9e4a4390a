import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { MetricsReport } from "../../../contract/experiment-report.ts";
import type { PredictResponse } from "../../../contract/predict.ts";
import expected from "../../../examples/wdbc/expected.json";
import { identityModel } from "../../fixtures/model-file.ts";
import {
  failingModel,
  newModel,
  recordedModel,
  runningExperiment,
  scaleModel,
} from "../support/model-fixtures.ts";
import { call, keyOf, refused, succeeds } from "../support/platform.ts";

const PATH = "POST /v1/models/scale/predict";
const json = { inputs: { x: [1, 2.5] } };
let key = "";
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "scale", [scaleModel(10), scaleModel(20)]);
});
const y = async (query = "") => {
  const { outputs, version } = await succeeds<PredictResponse>(200, PATH + query, { key, json });
  return [version, outputs["y"]];
};

describe("a prediction", () => {
  it("comes from the version or alias that is named, else the champion, else the latest", async () => {
    expect(await y()).toEqual([2, [20, 50]]);
    expect(await y("?version=1")).toEqual([1, [10, 25]]);
    const move = (alias: string, version: number) =>
      succeeds(200, `PUT /v1/models/scale/aliases/${alias}`, { key, json: { version } });
    await move("old", 1);
    expect(await y("?alias=old")).toEqual([1, [10, 25]]);
    await refused("alias_not_found", `${PATH}?alias=none`, { key, json });
    await refused("version_not_found", `${PATH}?version=3`, { key, json });
    await refused("invalid_request", `${PATH}?version=1&alias=old`, { key, json });
    for (const version of ["0", "x", "1.5", ""])
      await refused("invalid_request", `${PATH}?version=${version}`, { key, json });
  });

  it("follows the champion within the length of a lease", async () => {
    await newModel(key, "led");
    await succeeds(200, "PUT /v1/models/led/aliases/champion", { key, json: { version: 1 } });
    const reply = await succeeds<PredictResponse>(200, "POST /v1/models/led/predict", {
      key,
      json,
    });
    expect(reply.version).toBe(1);
  });

  it("says how long it took", async () => {
    const { latency_ms, timing } = await succeeds<PredictResponse>(200, PATH, { key, json });
    for (const ms of [latency_ms, ...Object.values(timing)]) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it("of a real model is what its training framework says", async () => {
    await newModel(key, "wdbc", [new Uint8Array(env.WDBC_LOGISTIC)]);
    const { outputs } = await succeeds<PredictResponse>(200, "POST /v1/models/wdbc/predict", {
      key,
      json: { inputs: { features: expected.features } },
    });
    const [probabilities] = Object.values(outputs).filter(
      (output) => Array.isArray(output) && Array.isArray(output[0]),
    ) as number[][][];
    expect(probabilities).toHaveLength(expected.logistic.length);
    for (const [row, wanted] of expected.logistic.entries())
      expect(probabilities?.[row]?.[1]).toBeCloseTo([wanted].flat().at(-1) ?? Number.NaN, 4);
  });

  it("needs a version to have been uploaded", async () => {
    await newModel(key, "empty", []);
    const { body } = await refused("version_not_found", "POST /v1/models/empty/predict", {
      key,
      json,
    });
    expect(body.detail).toContain("PUT /v1/models/empty/versions");
  });

  it("of a model that was deleted and made anew comes from the new one", async () => {
    await newModel(key, "reborn", [scaleModel(10)]);
    const predict = (version: number) =>
      call<PredictResponse>(`POST /v1/models/reborn/predict?version=${version}`, { key, json });
    expect((await predict(1)).body.outputs).toEqual({ y: [10, 25] });
    await succeeds(204, "DELETE /v1/models/reborn", { key });
    await newModel(key, "reborn", [scaleModel(30), scaleModel(40)]);
    expect((await predict(2)).body.outputs).toEqual({ y: [40, 100] });
  });
});

describe("inputs that do not fit are refused with the place:", () => {
  const wrong = (inputs: unknown) => ({ key, json: { inputs } });

  it("missing ones", async () => {
    const { body } = await refused("input_missing", PATH, wrong({}));
    expect(body).toMatchObject({ input: "x", expected: "float32 [n]" });
  });

  it("unknown ones, whatever their name", async () => {
    for (const name of [
      "z",
      "constructor",
      "hasOwnProperty",
      "",
      "x ",
      "a".repeat(10_000),
      "\ud800",
    ]) {
      const { body } = await refused("input_unknown", PATH, wrong({ x: [1], [name]: [1] }));
      expect(body.detail.length).toBeLessThan(11_000);
    }
  });

  it("of another type", async () => {
    for (const x of [["1"], ["NaN"], ["Infinity"], [true], [{}], [null, "x"]]) {
      const { body } = await refused("input_type", PATH, wrong({ x }));
      expect(body.detail).toMatch(/^input 'x'\[\d\]: expected .+, found .+/);
    }
  });

  it("of another shape", async () => {
    const deep = JSON.parse("[".repeat(50_000) + "]".repeat(50_000)) as unknown;
    for (const x of [1, "x", {}, [[1]], [[1], [2, 3]], [1, [2]], deep])
      await refused("input_shape", PATH, wrong({ x }));
  });

  it("numbers that JSON cannot write", async () => {
    for (const x of ["NaN", "Infinity", "-Infinity", "0x1", "01", ".5", "1."])
      await refused("invalid_request", PATH, { key, body: `{"inputs":{"x":[${x}]}}` });
  });

  it("inputs that are no object", async () => {
    for (const inputs of [null, [], "x", 1]) await refused("invalid_request", PATH, wrong(inputs));
  });

  it("numbers that the element type cannot hold, but not a null, which is a missing float", async () => {
    for (const x of ["1e39", "-1e39", "1e400"])
      await refused("input_type", PATH, { key, body: `{"inputs":{"x":[${x}]}}` });
    const { outputs } = await succeeds<PredictResponse>(200, PATH, {
      key,
      json: { inputs: { x: [null, 1] } },
    });
    expect(outputs).toEqual({ y: [null, 20] });
  });
});

it("a model of strings takes any text and gives it back", async () => {
  await newModel(key, "strings", [identityModel("string")]);
  const x = ["", "é", "😀", "a\nb", "x".repeat(10_000)];
  const { outputs } = await succeeds<PredictResponse>(200, "POST /v1/models/strings/predict", {
    key,
    json: { inputs: { x } },
  });
  expect(outputs).toEqual({ y: x });
});

it("a text that the runtime would cut short is refused before it gets there", async () => {
  const inputs = { x: ["a\u0000b"] };
  await refused("input_type", "POST /v1/models/strings/predict", { key, json: { inputs } });
});

it("a model that fails on an input is the model's failure, and its variant's", async () => {
  await newModel(key, "failing", [failingModel(), scaleModel(1)]);
  const variant = (version: number) => ({ model: "failing", version, is_control: version === 1 });
  const { id } = await runningExperiment(key, "failing", {
    consistency: "strict",
    variants: [
      { ...variant(1), traffic_weight: "1" },
      { ...variant(2), traffic_weight: "0" },
    ],
  });
  for (const path of ["models/failing/predict?version=1", `experiments/${id}/predict`]) {
    const { body } = await refused("inference_failed", `POST /v1/${path}`, { key, json });
    expect(body.detail).toMatch(/indices/);
    expect(body.detail).not.toMatch(/\/src\/|\.cc:/);
  }
  const metrics = await succeeds<MetricsReport>(200, `GET /v1/experiments/${id}/metrics`, { key });
  expect(metrics.variants).toMatchObject([
    { request_count: 1, error_count: 1 },
    { request_count: 0, error_count: 0 },
  ]);
});

describe("a version of which only the record is left", () => {
  const TOO_LARGE = 17_000_000;
  beforeAll(() => recordedModel(key, "bare", [TOO_LARGE, 100]));
  /** The predictions that come from this version: by its number, and by an experiment. */
  const predictions = async (version: number) => {
    const { id } = await runningExperiment(key, "bare", {
      variants: [1, 2].map((each) => ({
        model: "bare",
        version: each,
        traffic_weight: each === version ? "1" : "0",
        is_control: each === version,
      })),
    });
    return [
      `POST /v1/models/bare/predict?version=${version}`,
      `POST /v1/experiments/${id}/predict`,
    ];
  };

  it("is not run, and asks for a retry as its bytes may come back", async () => {
    for (const operation of await predictions(2)) {
      const { headers } = await refused("model_bytes_missing", operation, { key, json });
      expect(headers.get("retry-after")).toBe("1");
    }
  });

  it("is not opened where its bytes are too many for an isolate", async () => {
    for (const operation of await predictions(1)) {
      const { body } = await refused("model_too_large", operation, { key, json });
      expect(body).toMatchObject({ size_bytes: TOO_LARGE, limit_bytes: 16_000_000 });
    }
  });
});
