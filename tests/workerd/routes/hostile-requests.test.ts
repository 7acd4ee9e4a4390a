import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { traces } from "../support/model-fixtures.ts";
import { bodyOf, type Listed, openApi, operationsOf, pathOf } from "../support/openapi.ts";
import { call, inChunks, newKey, refused } from "../support/platform.ts";

const document = await openApi();
const operations = operationsOf(document);
/** The V2 protocol and OFREP read their bodies themselves; see their own tests. */
const READ_BY_HAND = /^\/(?:v2|ofrep\/v1\/evaluate)\//;
const takingJson = operations.filter(
  ({ requestBody, path }) => requestBody?.content["application/json"] && !READ_BY_HAND.test(path),
);
/** OFREP and OpenLineage ask servers to take what they do not know, and a bulk evaluation is of no one object. */
const lenient = ({ path }: Listed) => /^\/ofrep\/v1\/evaluate\/|lineage(?:\/batch)?$/.test(path);
const paged = operations.filter(({ parameters = [] }) =>
  parameters.some(({ name }) => name === "limit"),
);
const addressing = operations.filter(({ path }) => path.includes("{"));

const LARGEST_BODY = 10 * 1024 * 1024;
const ID = { id: "exp_01jd0000000000000000000000" };

let key = "";
let before: unknown;
const leftBehind = async () => {
  const namespaces = [env.MODEL, env.EXPERIMENT] as DurableObjectNamespace[];
  const actors = await Promise.all(namespaces.map((each) => listDurableObjectIds(each)));
  return { ...(await traces()), actors: actors.map(({ length }) => length) };
};
beforeAll(async () => {
  ({ key } = await newKey({ scopes: ["admin"] }));
  before = await leftBehind();
});
// Nothing here is a request that could be served, so all of it together leaves nothing behind.
afterAll(async () => expect(await leftBehind()).toEqual(before));

const addressOf = ({ path }: Listed) =>
  path.startsWith("/v1/keys") ? { id: ID.id.replace("exp", "key") } : ID;
const requestOf = (operation: Listed) =>
  `${operation.method} ${pathOf(operation, addressOf(operation))}`;

describe.each(takingJson)("the body of $method $path", (operation) => {
  const request = requestOf(operation);
  const valid = bodyOf(document, operation)?.body ?? "";

  it("must be JSON, and an object", async () => {
    for (const body of ["", " ", "{", "{'a': 1}", "NaN", "undefined", '{"a":1}}', "\u0000"])
      await refused("invalid_request", request, { key, body });
    for (const json of [null, [], "x", 1, true])
      await refused("invalid_request", request, { key, json });
  });

  it.skipIf(lenient(operation))("must have no field that the contract does not know", async () => {
    const { body } = await refused("invalid_request", request, {
      key,
      json: { ...JSON.parse(valid), surprise: 1 },
    });
    expect(body.detail).toContain("surprise");
  });

  it("must come as application/json", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "json", ""])
      await refused("content_type_unsupported", request, {
        key,
        body: valid,
        headers: { "content-type": type },
      });
  });

  it("must not be larger than an isolate can take, whether its length is known or not", async () => {
    const bytes = new Uint8Array(LARGEST_BODY + 1).fill(32);
    await refused("body_too_large", request, { key, body: bytes });
    await refused("body_too_large", request, { key, body: inChunks(bytes) });
  });

  it("may hold keys of an object's prototype without doing harm", async () => {
    for (const name of ["__proto__", "constructor", "prototype", "toString"]) {
      const body = `${valid.slice(0, -1)}${valid === "{}" ? "" : ","}"${name}":{"admin":true}}`;
      const { status } = await call(request, { key, body });
      expect(lenient(operation) ? [200, 404] : [400, 403, 404], name).toContain(status);
    }
    expect({}).not.toHaveProperty("admin");
  });
});

describe.each(paged)("the page of $method $path", (operation) => {
  const request = requestOf(operation);
  const { maximum = 0 } = operation.parameters?.find(({ name }) => name === "limit")?.schema ?? {};
  it.each(["0", String(maximum + 1), "-1", "abc", "1.5", "", "1e9", "NaN", "0x", "1&limit=2"])(
    "is not limited to %s",
    async (limit) => {
      const { body } = await refused("invalid_request", `${request}?limit=${limit}`, { key });
      expect(body.errors?.[0]?.pointer).toBe("#/limit");
    },
  );
});

describe.each(addressing)("the path of $method $path", (operation) => {
  const hostile = [
    "..%2f..%2fkeys",
    "a%2Fb",
    "%2e%2e%2f",
    "%00",
    "%0a",
    "%ff",
    "%zz",
    "%F0%9F%98%80",
    "__proto__",
    "UPPER",
    "-a",
    "a-",
    "x".repeat(65),
    "x".repeat(4_000),
    "'%20OR%201=1",
    "exp_",
    "0",
    "-1",
    "1.5",
    "99999999999",
  ];
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");

  it.each(names)("is held to the contract in {%s}", async (name) => {
    const sent = bodyOf(document, operation);
    const body = sent ? { body: sent.body, headers: { "content-type": sent.type } } : {};
    // It makes the layer that it names, so a name that may be one is not hostile to it.
    const makes = operation.operationId === "putLayer";
    const refusable = hostile.filter(
      (value) => !makes || !/^[a-z0-9][a-z0-9.]*$/.test(value) || value.length > 64,
    );
    for (const value of refusable) {
      const path = pathOf(operation, { ...addressOf(operation), [name]: value });
      const { status } = await call(`${operation.method} ${path}`, { key, ...body });
      // A link is good or not by its signature.
      const isLink = operation.operationId === "downloadLink";
      expect(isLink ? [400, 403, 404] : [400, 404], path).toContain(status);
    }
  });
});

describe("a body of very many faults", () => {
  it("is answered with the first of them", async () => {
    const outcomes = Array.from({ length: 1_000 }, () => ({}));
    const { body } = await refused("invalid_request", `POST /v1/experiments/${ID.id}/outcomes`, {
      key,
      json: { outcomes },
    });
    expect(body.errors).toHaveLength(20);
    expect(body.errors?.[0]?.pointer).toBe("#/outcomes/0/request_id");
  });

  it("says where a fault is by a JSON pointer, in which / and ~ are escaped", async () => {
    const outcome = { request_id: "r", variant_id: "v", success: true, latency_ms: 1 };
    const { body } = await refused("invalid_request", `POST /v1/experiments/${ID.id}/outcomes`, {
      key,
      json: { outcomes: [{ ...outcome, metrics: { "a/b~c": 1 } }] },
    });
    expect(body.errors?.map(({ pointer }) => pointer)).toEqual(["#/outcomes/0/metrics/a~1b~0c"]);
  });
});

describe("JSON of any shape", () => {
  const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
  const told = `"eventTime":"2026-11-21T09:30:00Z","producer":"p","job":{"namespace":"n","name":"j"}`;
  const made = `{"transformation_type":"map","parameters":{"a":${deep}}}`;

  it.each([
    ["POST /v1/runs", `{"name":"r","parameters":{"a":${deep}}}`, "invalid_request"],
    [
      "POST /v1/datasets/none/uploads",
      `{"size_bytes":1,"transformation":${made}}`,
      "invalid_request",
    ],
    [
      "POST /v1/datasets/none/transformations",
      `{"transformation_type":"map","source_versions":[{"dataset":"d"}],"parameters":{"a":${deep}}}`,
      "invalid_request",
    ],
    ["POST /api/v1/lineage", `{${told},"more":${deep}}`, "openlineage_invalid"],
  ] as const)("is not taken by %s where it is nested without end", async (request, body, code) => {
    const answer = await refused(code, request, { key, body });
    expect(answer.body.detail).toContain("at most 200 levels of lists and objects");
  });
});
