import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { MetricsReport } from "../../../contract/experiment-report.ts";
import type { VersionView } from "../../../contract/model.ts";
import type { OptimizeResult } from "../../../contract/optimize.ts";
import type { PredictResponse } from "../../../contract/predict.ts";
import { DESCRIPTION_KEY } from "../../../domain/models/description.ts";
import { readModel, writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";
import {
  definitionOf,
  newModel,
  OCTETS,
  runningExperiment,
  traces,
  upload,
} from "../support/model-fixtures.ts";
import { call, keyOf, refused, succeeds } from "../support/platform.ts";

const VOCABULARY = ["bad", "good", "very"];
/** What "good" and "bad" add to the score, and how "very good" differs from its words. */
const WEIGHTS = [-1, 1, 0];

const COUNTS = {
  version: 1,
  kind: "text",
  input: "features",
  tokens: { by: "words" },
  vector: { by: "counts", vocabulary: VOCABULARY },
};
const DESCRIPTION = {
  feature_names: VOCABULARY,
  class_names: ["sad", "happy"],
  preprocessing: [COUNTS],
};

/** Scores of texts by the sum of their words' weights; the factor shows which version answered. */
function textModel(description: object | string | null, factor = 1, columns = 3): Uint8Array {
  const b = GraphBuilder.empty();
  const weights = Array.from({ length: columns }, (_, index) => factor * (WEIGHTS[index] ?? 0));
  const scores = b.node("MatMul", [
    b.input("features", "float32", ["rows", columns]),
    b.constant(floatTensor([columns, 1], weights)),
  ]);
  b.output(scores, "score");
  const value = typeof description === "string" ? description : JSON.stringify(description);
  const metadata = description === null ? [] : [{ key: DESCRIPTION_KEY, value }];
  return writeModel({ ...b.model(), metadata });
}

let key = "";
beforeAll(async () => {
  key = await keyOf();
});

const predict = (name: string, features: unknown, query = "") =>
  succeeds<PredictResponse>(200, `POST /v1/models/${name}/predict${query}`, {
    key,
    json: { inputs: { features } },
  }).then(({ outputs }) => outputs["score"]);

const DETAILS = {
  feature_names: VOCABULARY,
  class_names: ["sad", "happy"],
  categorical_features: null,
  preprocessing: [
    {
      input: "features",
      kind: "text",
      fills: ["features"],
      summary: "lower case, words, counts of 3",
    },
  ],
};

describe("a file that says how texts become its input", () => {
  it("is uploaded as any other, and says so wherever the version is shown", async () => {
    await newModel(key, "mood", []);
    const version = await upload(key, "mood", textModel(DESCRIPTION));
    expect(version.details).toEqual(DETAILS);
    const path = "GET /v1/models/mood/versions";
    expect(await succeeds<VersionView>(200, `${path}/1`, { key })).toEqual(version);
    const { items } = await succeeds<{ items: VersionView[] }>(200, path, { key });
    expect(items).toEqual([version]);
    expect((await upload(key, "mood", textModel(null))).details).toBeNull();
  });

  it("takes texts, one for each row, or the tensor that they become", async () => {
    const at = "?version=1";
    expect(await predict("mood", ["Good, very GOOD!", "bad", ""], at)).toEqual([[2], [-1], [0]]);
    expect(await predict("mood", [[1, 2, 0]], at)).toEqual([[1]]);
    expect(await predict("mood", { shape: [1, 3], data: [0, 3, 0] }, at)).toEqual([[3]]);
    // The second version has no preprocessing, and takes numbers alone.
    expect(await predict("mood", [[1, 2, 0]])).toEqual([[1]]);
    await refused("input_shape", "POST /v1/models/mood/predict", {
      key,
      json: { inputs: { features: ["good"] } },
    });
  });

  it("refuses what is neither, as any input is refused", async () => {
    const path = "POST /v1/models/mood/predict?version=1";
    const refuse = async (code: Parameters<typeof refused>[0], inputs: object) =>
      (await refused(code, path, { key, json: { inputs } })).body;
    expect(await refuse("input_type", { features: ["good", 7] })).toMatchObject({
      detail: "input 'features'[1]: expected a text, found 7",
      input: "features",
    });
    await refuse("input_shape", { features: "good" });
    await refuse("input_shape", { features: [] });
    await refuse("input_missing", {});
    await refuse("input_unknown", { features: ["good"], other: 1 });
  });

  it("is as it was over the inference protocol, which carries tensors", async () => {
    const json = {
      inputs: [{ name: "features", datatype: "FP32", shape: [1, 3], data: [1, 2, 0] }],
    };
    const answer = await succeeds<{ outputs: { data: number[] }[] }>(
      200,
      "POST /v2/models/mood/versions/1/infer",
      { key, json },
    );
    expect(answer.outputs[0]?.data).toEqual([1]);
  });
});

describe("a file whose description cannot be right", () => {
  it.each<[string, object | string, string]>([
    ["no JSON", "{", "the metadata property 'linnet.description' is not JSON"],
    [
      "a field that is none",
      { preprocessing: [{ ...COUNTS, tokens: { by: "magic" } }] },
      "'linnet.description.preprocessing[0].tokens.by': expected one of",
    ],
    [
      "another input",
      { preprocessing: [{ ...COUNTS, input: "words" }] },
      "'preprocessing[0]' fills 'words'; the model has the inputs \"features\"",
    ],
    [
      "other columns",
      { feature_names: ["a", "b"] },
      "'feature_names' has 2 names; the model takes 3 features",
    ],
  ])("is refused with the field, and leaves nothing: %s", async (what, description, detail) => {
    const name = `refused-${what.replaceAll(" ", "-").toLowerCase()}`;
    await newModel(key, name, []);
    const before = await traces();
    const { body } = await refused("model_invalid", `PUT /v1/models/${name}/versions`, {
      key,
      body: textModel(description),
      headers: OCTETS,
    });
    expect(body.detail).toContain(detail);
    expect(await traces()).toEqual(before);
  });
});

describe("a description given afterwards", () => {
  const describeVersion = (name: string, options: object, version = 1) =>
    call<OptimizeResult>(`POST /v1/models/${name}/versions/${version}/optimize`, {
      key,
      json: { kind: "describe", options },
    });

  it("makes a version with the same graph, which takes texts", async () => {
    const file = textModel(null);
    await newModel(key, "later", [file]);
    const { status, body } = await describeVersion("later", DESCRIPTION);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      version: {
        version: 2,
        description: "describe of version 1",
        details: DETAILS,
        derived_from: { version: 1, kind: "describe", options: {} },
      },
      report: { described: ["feature_names", "class_names", "preprocessing"] },
      speed: null,
    });
    expect(await predict("later", ["very good"])).toEqual([[1]]);
    const object = await env.MODELS.get(
      (await env.MODELS.list()).objects.find(({ key: at }) =>
        at.endsWith(body.version?.sha256 ?? "?"),
      )?.key ?? "",
    );
    const made = readModel(new Uint8Array((await object?.arrayBuffer()) ?? []));
    expect(writeModel({ ...made, metadata: [] }).length).toBe(file.length);
  });

  it("takes the place of the one before, and goes along when the version is optimised", async () => {
    await newModel(key, "again", [textModel(DESCRIPTION)]);
    const other = { ...DESCRIPTION, class_names: ["low", "high"] };
    expect((await describeVersion("again", other)).body.version?.details).toEqual({
      ...DETAILS,
      class_names: ["low", "high"],
    });
    expect((await describeVersion("again", other)).status).toBe(200);
    for (const kind of ["graph", "quantize_dynamic"]) {
      const json = { kind, speed: false, description: kind };
      const path = "POST /v1/models/again/versions/2/optimize";
      const { version } = await succeeds<OptimizeResult>(201, path, { key, json });
      expect(version?.details).toMatchObject({ class_names: ["low", "high"] });
      const [[score] = []] = (await predict("again", ["good good"])) as number[][];
      expect(score).toBeCloseTo(2, 1);
    }
  });

  it("is refused where it does not fit, and by the contract where it has other members", async () => {
    await newModel(key, "unfit", [textModel(null)]);
    const path = "POST /v1/models/unfit/versions/1/optimize";
    const refuse = async (code: Parameters<typeof refused>[0], options?: object) =>
      (await refused(code, path, { key, json: { kind: "describe", options } })).body.detail;
    expect(await refuse("optimization_invalid", { class_names: ["a", "a"] })).toContain(
      "'options.class_names[1]'",
    );
    expect(await refuse("optimization_invalid", { feature_names: ["a"] })).toContain(
      "takes 3 features",
    );
    await refuse("invalid_request", { features: ["a"] });
    await refuse("invalid_request");
    const { length } = (await traces()).objects.filter((object) => object.startsWith("uploads/"));
    expect(length).toBe(0);
  });
});

it("images become the input of a model", async () => {
  const b = GraphBuilder.empty();
  const image = b.input("image", "float32", ["rows", 1, 2, 2]);
  b.output(b.node("Identity", [image]), "y");
  const pipeline = {
    version: 1,
    kind: "image",
    input: "image",
    channels: 1,
    layout: "chw",
    steps: [
      { op: "resize", width: 2, height: 2 },
      { op: "divide", by: 255 },
    ],
  };
  const value = JSON.stringify({ preprocessing: [pipeline] });
  const file = writeModel({ ...b.model(), metadata: [{ key: DESCRIPTION_KEY, value }] });
  await newModel(key, "pictures", [file]);
  const white = Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => [255, 255, 255]));
  const black = { width: 1, height: 1, channels: 1, data: [0] };
  const json = { inputs: { image: [white, black] } };
  const { outputs } = await succeeds<PredictResponse>(200, "POST /v1/models/pictures/predict", {
    key,
    json,
  });
  expect(outputs["y"]).toEqual([
    [
      [
        [1, 1],
        [1, 1],
      ],
    ],
    [
      [
        [0, 0],
        [0, 0],
      ],
    ],
  ]);
});

describe("an experiment between models that take texts", () => {
  const wider = { ...COUNTS, vector: { by: "hashing", n_features: 16 } };

  it("runs whichever row of numbers each makes of them", async () => {
    await newModel(key, "contest", [
      textModel(DESCRIPTION),
      textModel({ preprocessing: [wider] }, 1, 16),
    ]);
    const { id, control } = await runningExperiment(key, "contest", {
      consistency: "strict",
    });
    const path = `POST /v1/experiments/${id}/predict`;
    const seen = new Set<number>();
    for (let user = 0; user < 12; user += 1) {
      const json = { user_id: `user ${user}`, inputs: { features: ["good"] } };
      const { version, outputs } = await succeeds<PredictResponse>(200, path, { key, json });
      seen.add(version);
      if (version === 1) expect(outputs["score"]).toEqual([[1]]);
    }
    expect([...seen].toSorted()).toEqual([1, 2]);

    // What the caller got wrong is no failure of the variant.
    const bad = { preview: control.variant_id, inputs: { features: [7] } };
    await refused("input_type", path, { key, json: bad });
    await refused("input_type", path, {
      key,
      json: { user_id: "user 0", inputs: { features: [7] } },
    });
    const metrics = await succeeds<MetricsReport>(200, `GET /v1/experiments/${id}/metrics`, {
      key,
    });
    const sumOf = (count: "request_count" | "error_count") =>
      metrics.variants.reduce((sum, variant) => sum + variant[count], 0);
    expect([sumOf("request_count"), sumOf("error_count")]).toEqual([12, 0]);
  });

  it("is refused between one that does and one that does not", async () => {
    await newModel(key, "mixed", [textModel(DESCRIPTION), textModel(null, 2)]);
    const { body } = await refused("variants_incompatible", "POST /v1/experiments", {
      key,
      json: definitionOf("mixed"),
    });
    expect(body.detail).toContain("input 'features' is float32 and not string");
  });
});
