import { beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import { newNode } from "../../../domain/onnx/rewrite/new-node.ts";
import { identityModel, modelFile, port } from "../../fixtures/model-file.ts";
import { newModel, OCTETS, scaleModel, traces } from "../support/model-fixtures.ts";
import { call, inChunks, keyOf, refused, succeeds } from "../support/platform.ts";

const LIMIT = 16_000_000;
const PATH = "PUT /v1/models/uploads/versions";
let key = "";
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "uploads", [scaleModel(1)]);
});

const text = (content: string) => new TextEncoder().encode(content);
const send = (body: Uint8Array) => ({ key, body, headers: OCTETS });

/** One that says how long it is and breaks before that. */
function broken(length: number): ReadableStream {
  const { readable, writable } = new FixedLengthStream(length);
  const writer = writable.getWriter();
  void writer
    .write(new Uint8Array(100))
    .then(() => writer.abort("gone"))
    .catch(() => undefined);
  return readable;
}

describe("an upload that is refused leaves nothing behind:", () => {
  let before: unknown;
  beforeEach(async () => {
    before = await traces();
  });
  afterEach(async () => expect(await traces()).toEqual(before));

  it("an empty one", async () => {
    await refused("model_invalid", PATH, send(new Uint8Array()));
    await refused("length_required", PATH, { key, headers: OCTETS });
  });

  it("one that does not say its length", async () => {
    await refused("length_required", PATH, { key, body: inChunks(scaleModel(2)), headers: OCTETS });
  });

  it("one that is too large, with the limit", async () => {
    const { body } = await refused("model_too_large", PATH, send(new Uint8Array(LIMIT + 1)));
    expect(body).toMatchObject({ size_bytes: LIMIT + 1, limit_bytes: LIMIT });
  });

  it("one of as many bytes as are allowed, but no model", async () => {
    await refused("model_invalid", PATH, send(new Uint8Array(LIMIT)));
  });

  it("one that comes as something else than raw bytes", async () => {
    for (const type of ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
      await refused("content_type_unsupported", PATH, {
        key,
        body: scaleModel(2),
        headers: { "content-type": type },
      });
  });

  it("one for a model that is none", async () => {
    await refused("model_not_found", "PUT /v1/models/none/versions", send(scaleModel(2)));
  });

  it("one with a description too long, or with control characters", async () => {
    for (const description of ["x".repeat(2_001), "%00", "%1b[31m"])
      await refused("invalid_request", `${PATH}?description=${description}`, send(scaleModel(2)));
  });

  it.each([
    ["text", text("this is not a model")],
    ["JSON", text('{"ir_version": 8}')],
    ["a page", text("<!doctype html>")],
    ["one byte", new Uint8Array([0])],
    ["all zeros", new Uint8Array(1_000)],
    ["noise", new Uint8Array(1_000).map((_, index) => (index * 7_919) % 251)],
    ["a truncated model", scaleModel(2).slice(0, -20)],
    ["a model cut after its first field", scaleModel(2).slice(0, 2)],
    ["a model with a tail", new Uint8Array([...scaleModel(2), 255, 255, 255])],
    ["a graph with no nodes and no ports", modelFile({}, [])],
    [
      "a graph whose node reads what nobody writes",
      modelFile({
        outputs: [port("y")],
        nodes: [newNode("Identity", ["nowhere"], ["y"])],
      }),
    ],
  ])("%s", async (_, bytes) => {
    await refused("model_invalid", PATH, send(bytes));
  });

  it("a model with an operator that the runtime lacks, naming it", async () => {
    const bytes = modelFile({
      inputs: [port("x")],
      outputs: [port("y")],
      nodes: [newNode("Teleport", ["x"], ["y"])],
    });
    const { body } = await refused("model_operator_unsupported", PATH, send(bytes));
    expect(body).toMatchObject({ operator: expect.stringContaining("Teleport") });
  });

  it("a model with an input that no request can carry, naming it", async () => {
    const { body } = await refused("model_io_unsupported", PATH, send(identityModel("bfloat16")));
    expect(body).toMatchObject({ name: "x" });
  });

  it.each(["inputs", "outputs"] as const)("a model with %s named __proto__", async (side) => {
    const [x, y] = side === "inputs" ? ["__proto__", "y"] : ["x", "__proto__"];
    const bytes = modelFile({
      inputs: [port(x)],
      outputs: [port(y)],
      nodes: [newNode("Neg", [x], [y])],
    });
    const { body } = await refused("model_io_unsupported", PATH, send(bytes));
    expect(body).toMatchObject({ name: "__proto__" });
  });

  it("one whose sender goes away in the middle", async () => {
    const body = broken(1_000_000);
    const { status } = await call(PATH, { key, body, headers: OCTETS }).catch(() => ({
      status: 0,
    }));
    // Nobody is there to read the answer; what matters is what is left behind.
    expect([0, 400]).toContain(status);
  });
});

it("takes a file again after it was refused once for what came with it", async () => {
  await refused("content_type_unsupported", PATH, {
    key,
    body: scaleModel(3),
    headers: { "content-type": "" },
  });
  await succeeds(201, PATH, send(scaleModel(3)));
});

it("takes a content type with parameters, in any case", async () => {
  const headers = { "content-type": "Application/Octet-Stream; charset=binary" };
  await succeeds(201, PATH, { key, body: scaleModel(4), headers });
});

describe("a model whose ports are named like an object's own members", () => {
  it.each(["constructor", "toString", "hasOwnProperty"])("%s", async (name) => {
    const model = `ports-${name.toLowerCase()}`;
    await newModel(key, model, []);
    const bytes = modelFile({
      inputs: [port(name)],
      outputs: [port("y")],
      nodes: [newNode("Neg", [name], ["y"])],
    });
    await succeeds(201, `PUT /v1/models/${model}/versions`, send(bytes));
    const predict = `POST /v1/models/${model}/predict`;
    await refused("input_missing", predict, { key, json: { inputs: {} } });
    const body = `{"inputs":{"${name}":[1,2]}}`;
    expect(await succeeds(200, predict, { key, body })).toMatchObject({ outputs: { y: [-1, -2] } });
  });
});
