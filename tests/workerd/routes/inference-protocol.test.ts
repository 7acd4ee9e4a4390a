import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import {
  failingModel,
  newModel,
  recordedModel,
  scaleModel,
  stringModel,
} from "../support/model-fixtures.ts";
import { call, keyOf, ORIGIN, refused, succeeds } from "../support/platform.ts";

const HEADER_LENGTH = "inference-header-content-length";
type Tensor = {
  name: string;
  datatype: string;
  shape: number[];
  data?: unknown[];
  parameters?: { binary_data_size: number };
};
type Answer = { model_name: string; model_version: string; id?: string; outputs: Tensor[] };

let key = "";
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "scale", [scaleModel(2), scaleModel(3)]);
  await newModel(key, "failing", [failingModel()]);
  await recordedModel(key, "lost", [100]);
  await recordedModel(key, "huge", [17_000_000]);
});
const x = { name: "x", datatype: "FP32", shape: [2], data: [1, 2.5] };
const INFER = "POST /v2/models/scale/infer";

/** A body of JSON followed by raw tensors, as clients of the binary extension send it. */
function binary(json: object, ...tensors: ArrayBufferView[]) {
  const head = new TextEncoder().encode(JSON.stringify(json));
  const tail = tensors.map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  const body = new Uint8Array([...head, ...tail.flatMap((bytes) => [...bytes])]);
  return {
    body,
    headers: {
      "content-type": "application/octet-stream",
      [HEADER_LENGTH]: String(head.length),
    },
  };
}
function readBinary(reply: { headers: Headers; body: unknown }) {
  const bytes = reply.body as Uint8Array;
  const length = Number(reply.headers.get(HEADER_LENGTH));
  const json = JSON.parse(new TextDecoder().decode(bytes.slice(0, length))) as Answer;
  return { json, tail: bytes.slice(length) };
}

describe("a client of the V2 protocol", () => {
  it("asks whether the server is there, needing no key", async () => {
    expect(await succeeds(200, "GET /v2")).toMatchObject({
      name: "linnet",
      extensions: ["binary_tensor_data"],
    });
    expect(await succeeds(200, "GET /v2/health/live")).toEqual({ live: true });
    expect(await succeeds(200, "GET /v2/health/ready")).toEqual({ ready: true });
  });

  it("asks whether a model is ready, and what it takes", async () => {
    for (const path of ["", "/versions/1"]) {
      const ready = await succeeds(200, `GET /v2/models/scale${path}/ready`, { key });
      expect(ready).toEqual({ name: "scale", ready: true });
      expect(await succeeds(200, `GET /v2/models/scale${path}`, { key })).toEqual({
        name: "scale",
        versions: ["1", "2"],
        platform: "onnx_onnxv1",
        inputs: [{ name: "x", datatype: "FP32", shape: [-1] }],
        outputs: [{ name: "y", datatype: "FP32", shape: [-1] }],
      });
    }
  });

  it("infers with JSON, from the latest version or the one that it names", async () => {
    const answer = await succeeds<Answer>(200, INFER, { key, json: { id: "42", inputs: [x] } });
    expect(answer).toEqual({
      model_name: "scale",
      model_version: "2",
      id: "42",
      outputs: [{ name: "y", datatype: "FP32", shape: [2], data: [3, 7.5] }],
    });
    const first = await succeeds<Answer>(200, "POST /v2/models/scale/versions/1/infer", {
      key,
      json: { inputs: [x], outputs: [{ name: "y" }] },
    });
    expect(first).toMatchObject({ model_version: "1", outputs: [{ data: [2, 5] }] });
    expect(first).not.toHaveProperty("id");
  });

  it("sends and takes tensors as raw bytes, and may mix both forms", async () => {
    const raw = { ...x, data: undefined, parameters: { binary_data_size: 8 } };
    const floats = new Float32Array([1, 2.5]);
    const asJson = await call<Answer>(INFER, { key, ...binary({ inputs: [raw] }, floats) });
    expect(asJson.body.outputs[0]?.data).toEqual([3, 7.5]);

    const outputs = [{ name: "y", parameters: { binary_data: true } }];
    for (const sent of [
      binary({ id: "é", inputs: [raw], outputs }, floats),
      { json: { id: "é", inputs: [x], outputs } },
      { json: { id: "é", inputs: [x], parameters: { binary_data_output: true } } },
    ]) {
      const reply = await call(INFER, { key, ...sent });
      expect(reply.status).toBe(200);
      expect(reply.headers.get("content-type")).toBe("application/octet-stream");
      const { json, tail } = readBinary(reply);
      expect(json).toMatchObject({ id: "é", model_name: "scale", model_version: "2" });
      expect(json.outputs).toEqual([
        { name: "y", datatype: "FP32", shape: [2], parameters: { binary_data_size: 8 } },
      ]);
      expect([...new Float32Array(tail.slice().buffer)]).toEqual([3, 7.5]);
    }
  });

  it("sends strings as raw bytes with their lengths", async () => {
    await newModel(key, "words", [stringModel()]);
    const text = new TextEncoder().encode("né");
    const bytes = new Uint8Array(4 + text.length);
    new DataView(bytes.buffer).setUint32(0, text.length, true);
    bytes.set(text, 4);
    const input = { name: "x", datatype: "BYTES", shape: [1] };
    const parameters = { binary_data_size: bytes.length };
    const sent = binary({ inputs: [{ ...input, parameters }] }, bytes);
    const answer = await succeeds<Answer>(200, "POST /v2/models/words/infer", { key, ...sent });
    expect(answer.outputs[0]?.data).toEqual(["né"]);
  });
});

describe("errors of the V2 protocol", () => {
  it("carry `error` beside the problem's own members, whatever went wrong", async () => {
    await newModel(key, "empty", []);
    const { body: missing } = await refused("model_not_found", "GET /v2/models/none", { key });
    expect(missing).toMatchObject({ error: missing.detail });
    const asked = [
      ["key_missing", "GET /v2/models/scale", {}],
      ["route_not_found", "GET /v2/none", { key }],
      ["method_not_allowed", "DELETE /v2/models/scale", { key }],
      ["version_not_found", "GET /v2/models/scale/versions/9", { key }],
      ["version_not_found", "GET /v2/models/scale/versions/9/ready", { key }],
      [
        "version_not_found",
        "POST /v2/models/scale/versions/9/infer",
        { key, json: { inputs: [x] } },
      ],
      ["invalid_request", "GET /v2/models/scale/versions/x", { key }],
      ["version_not_found", "GET /v2/models/empty", { key }],
      ["version_not_found", "GET /v2/models/empty/ready", { key }],
      ["version_not_found", "POST /v2/models/empty/infer", { key, json: { inputs: [x] } }],
    ] as const;
    for (const [code, operation, sent] of asked) {
      const { body } = await refused(code, operation, sent);
      expect(body, operation).toMatchObject({ error: body.detail });
    }
  });
});

describe.each(["/v2/models/%", "/v2/models/%/versions/1"])("errors of %s/infer", (address) => {
  const INFER = `POST ${address.replace("%", "scale")}/infer`;

  it("tell a request that cannot be read where it stops being one", async () => {
    const malformed: [object | string, string][] = [
      ["", "the body"],
      ["{", "the body"],
      ["null", "the body"],
      ["[]", "the body"],
      [{}, "inputs"],
      [{ inputs: {} }, "inputs"],
      [{ inputs: [null] }, "inputs[0]"],
      [{ inputs: [{ ...x, name: 1 }] }, "inputs[0].name"],
      [{ inputs: [{ ...x, datatype: null }] }, "inputs[0].datatype"],
      [{ inputs: [{ ...x, shape: [1.5] }] }, "inputs[0].shape"],
      [{ inputs: [{ ...x, shape: [-1] }] }, "inputs[0].shape"],
      [{ inputs: [{ ...x, shape: Array.from({ length: 99 }, () => 1) }] }, "inputs[0].shape"],
      [{ inputs: [x, x] }, "inputs[1].name"],
      [{ inputs: [x], outputs: [{ name: "y" }, { name: "y" }] }, "outputs[1].name"],
      [{ inputs: [x], id: 7 }, "id"],
    ];
    for (const [sent, where] of malformed) {
      const body = typeof sent === "string" ? sent : JSON.stringify(sent);
      const reply = await refused("inference_request_malformed", INFER, { key, body });
      expect(reply.body.detail, body).toContain(`${where}: expected`);
    }
    const unknown = { inputs: [x], outputs: [{ name: "z" }] };
    const { body } = await refused("inference_request_malformed", INFER, { key, json: unknown });
    expect(body.detail).toBe(`the model has no output 'z'; expected "y"`);
  });

  it("hold each input to the model", async () => {
    const inputs = (changes: object) => ({ key, json: { inputs: [{ ...x, ...changes }] } });
    await refused("input_missing", INFER, { key, json: { inputs: [] } });
    await refused("input_unknown", INFER, inputs({ name: "__proto__" }));
    await refused("input_unknown", INFER, inputs({ name: "constructor" }));
    await refused("input_type", INFER, inputs({ datatype: "INT64" }));
    await refused("input_type", INFER, inputs({ datatype: "constructor" }));
    await refused("input_type", INFER, inputs({ data: [1, "2"] }));
    await refused("input_shape", INFER, inputs({ shape: [3] }));
    await refused("input_shape", INFER, inputs({ shape: [2, 1] }));
    await refused("input_shape", INFER, inputs({ shape: [2 ** 50] }));
    await refused("input_shape", INFER, inputs({ data: undefined }));
  });

  it("hold raw bytes to the lengths that are given for them", async () => {
    const raw = (binary_data_size: unknown, data?: unknown) => ({
      inputs: [{ ...x, data, parameters: { binary_data_size } }],
    });
    const two = new Float32Array([1, 2]);
    await refused("input_shape", INFER, { key, ...binary(raw(16), two) });
    await refused("input_shape", INFER, { key, ...binary(raw(8, [1, 2]), two) });
    await refused("inference_request_malformed", INFER, { key, ...binary(raw(4), two) });
    await refused("inference_request_malformed", INFER, { key, ...binary(raw(-1), two) });
    await refused("inference_request_malformed", INFER, { key, ...binary({ inputs: [x] }, two) });
    for (const length of ["", "x", "-1", "1e3", "99999", "0", "5"]) {
      const { body, headers } = binary(raw(8), two);
      const sent = { key, body, headers: { ...headers, [HEADER_LENGTH]: length } };
      await refused("inference_request_malformed", INFER, sent);
    }
  });

  it("say that a body is too large, what the model failed on and that its bytes are too many", async () => {
    const large = new Uint8Array(10 * 1024 * 1024 + 1);
    const { body } = await refused("body_too_large", INFER, { key, body: large });
    expect(body).toMatchObject({ error: body.detail });
    for (const [name, code] of [
      ["failing", "inference_failed"],
      ["lost", "model_bytes_missing"],
      ["huge", "model_too_large"],
    ] as const) {
      const operation = `POST ${address.replace("%", name)}/infer`;
      const problem = await refused(code, operation, { key, json: { inputs: [x] } });
      expect(problem.body).toMatchObject({ error: problem.body.detail });
    }
  });

  it("are the same for bytes that are no text", async () => {
    const response = await exports.default.fetch(`${ORIGIN}/v2/models/scale/infer`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: new Uint8Array([0xff, 0xfe, 0x00]),
    });
    expect(await response.json()).toMatchObject({ code: "inference_request_malformed" });
  });
});
