import { env } from "cloudflare:workers";
import { createExecutionContext, listDurableObjectIds } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { PROBLEMS } from "../../../contract/problem.ts";
import { SCOPE_NAMES, type Scope } from "../../../domain/keys/scopes.ts";
import { keyBody } from "../../../domain/keys/api-key.ts";
import { api } from "../../../workers/api/api.ts";
import { newId, newSecret } from "../../../workers/api/http/ids.ts";
import { checksumOf } from "../../../workers/api/keys/key-checksum.ts";
import { newExperiment, newModel } from "../support/model-fixtures.ts";
import {
  bodyOf,
  type Listed,
  openApi,
  operationsOf,
  pathOf,
  queryOf,
  scopeOf,
} from "../support/openapi.ts";
import { ALL_SCOPES, call, newKey, ORIGIN, refused, succeeds } from "../support/platform.ts";

/** Everybody may call these; any other operation must be secured by a key. */
const PUBLIC = new Set([
  "health",
  "healthLive",
  "healthReady",
  "healthDeep",
  "describeServer",
  "serverLive",
  "serverReady",
  // By the signature in its path.
  "downloadLink",
]);
/** Needs the deployment's setup token instead of a key; its own test covers it. */
const BY_SETUP_TOKEN = new Set(["setUp"]);

const document = await openApi();
const operations = operationsOf(document);
const secured = operations.filter((operation) => scopeOf(operation) !== undefined);

const forge = async (id: string, secret = newSecret()) => {
  const body = keyBody("live", id, secret);
  return body + (await checksumOf(body, env.KEY_CHECKSUM_SECRET));
};
const cutOffByOne = (key: string) => key.slice(0, -1);
const mistyped = (key: string) => key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");

/** Requests in the order of the cases, with no body: who may call is asked before what is sent. */
const bare = (operation: Listed) => `${operation.method} ${pathOf(operation)}`;

it("an operation is secured by a key, or on the short list of public ones", () => {
  const open = operations.filter(({ operationId }) => !PUBLIC.has(operationId));
  for (const operation of open) {
    const { operationId, security } = operation;
    if (BY_SETUP_TOKEN.has(operationId)) expect(security).toEqual([{ setupToken: [] }]);
    else expect(SCOPE_NAMES, operationId).toContain(scopeOf(operation));
  }
  expect(secured.length).toBe(operations.length - PUBLIC.size - BY_SETUP_TOKEN.size);
});

describe.each(secured)("$method $path", (operation) => {
  const scope = scopeOf(operation) as Scope;

  it("refuses a request without a key", async () => {
    const { headers } = await refused("key_missing", bare(operation));
    expect(headers.get("www-authenticate")).toBe("Bearer");
    await refused("key_missing", bare(operation), { headers: { authorization: "Basic c2s6cHc=" } });
    await refused("key_missing", bare(operation), { headers: { authorization: "Bearer" } });
  });

  it("refuses what is no key of this platform without asking any storage", async () => {
    const { key } = await newKey();
    const wrong = ["x", "sk_live_", key.toUpperCase(), cutOffByOne(key), mistyped(key), `${key}0`];
    for (const text of wrong) {
      const touched: PropertyKey[] = [];
      const watched = new Proxy(env, {
        get(target, name) {
          touched.push(name);
          return Reflect.get(target, name);
        },
      });
      const { method } = operation;
      const request = new Request(`${ORIGIN}${pathOf(operation)}`, {
        method,
        headers: { "x-api-key": text },
      });
      const response = await api.fetch(request, watched, createExecutionContext());
      expect(await response.json()).toMatchObject({ code: "key_malformed", status: 401 });
      const needed = new Set<PropertyKey>(["LOG_LEVEL", "KEY_CHECKSUM_SECRET"]);
      expect(touched.filter((name) => !needed.has(name))).toEqual([]);
    }
  });

  it("refuses a key that was never made, or whose secret is another", async () => {
    await refused("key_rejected", bare(operation), { key: await forge(newId("key")) });
    const { id } = await newKey();
    await refused("key_rejected", bare(operation), { key: await forge(id) });
  });

  it("refuses a key without its scope, and names the scope", async () => {
    const scopes = ALL_SCOPES.filter((held) => held !== scope);
    const { body } = await refused("scope_missing", bare(operation), {
      key: (await newKey({ scopes })).key,
    });
    expect(body).toMatchObject({ scope });
  });

  it("refuses a revoked key", async () => {
    const { id, key } = await newKey();
    await succeeds(200, `DELETE /v1/keys/${id}`, { key });
    await refused("key_revoked", bare(operation), { key });
  });

  it("refuses an expired key", async () => {
    const { key } = await newKey({ expires_at: Date.now() - 1 });
    await refused("key_expired", bare(operation), { key });
  });
});

describe("a key whose hourly quota is used up", () => {
  // The quota refills at every full hour, which must not come in the middle of this.
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-21T09:30:00.000Z") });
  });
  afterAll(() => void vi.useRealTimers());

  it("is refused by every operation, with the time to wait", async () => {
    const { key } = await newKey({ rate_limit: 1, scopes: ["admin"] });
    const first = await call("GET /v1/models", { key });
    expect(first.headers.get("ratelimit")).toBe(`"hour";r=0;t=1800`);
    expect(first.headers.get("ratelimit-policy")).toBe(`"hour";q=1;w=3600`);
    for (const operation of secured) {
      const { headers } = await refused("quota_exhausted", bare(operation), { key });
      expect(headers.get("retry-after")).toBe("1800");
      expect(headers.get("ratelimit")).toBe(`"hour";r=0;t=1800`);
      expect(headers.get("ratelimit-policy")).toBe(`"hour";q=1;w=3600`);
    }
  });
});

/** By the collection that a path begins with: the parameter that addresses an object of it. */
const ADDRESSED: Record<string, { parameter: string; missing: string }> = {
  "/v1/models": { parameter: "name", missing: "never-made" },
  "/v2/models": { parameter: "name", missing: "never-made" },
  "/v1/experiments": { parameter: "id", missing: newId("exp") },
  "/v1/layers": { parameter: "name", missing: "never-made" },
  "/v1/keys": { parameter: "id", missing: newId("key") },
  "/ofrep/v1": { parameter: "key", missing: newId("exp") },
  "/v1/explanations": { parameter: "id", missing: newId("xpl") },
  "/v1/jobs": { parameter: "id", missing: newId("job") },
  "/v1/datasets": { parameter: "dataset", missing: newId("dat") },
  "/v1/groups": { parameter: "group", missing: newId("grp") },
  "/v1/lineage": { parameter: "node", missing: newId("exp") },
  "/v1/runs": { parameter: "run_id", missing: newId("run") },
  "/v1/transformations": { parameter: "id", missing: newId("trn") },
};
const collectionOf = ({ path }: Listed) => path.split("/").slice(0, 3).join("/");
/** Makes an object of the caller's own where the caller has none, whoever else has one. */
const MAKES_ITS_OWN = new Set(["putLayer"]);
const addressing = secured.filter(
  ({ path, operationId }) => path.includes("{") && !MAKES_ITS_OWN.has(operationId),
);

const ASKED = { model: "their-model", method: "saliency", inputs: { x: [1] } };

async function theirExplanation(key: string): Promise<string> {
  const made = await succeeds<{ explanation_id: string }>(200, "POST /v1/explanations", {
    key,
    json: ASKED,
  });
  return made.explanation_id;
}

async function theirDataset(key: string): Promise<string> {
  const json = { name: "their-dataset", format: "csv" };
  const made = await succeeds<{ dataset_id: string }>(201, "POST /v1/datasets", { key, json });
  await succeeds(201, "PUT /v1/datasets/their-dataset/versions", {
    key,
    body: "id\n1\n",
    headers: { "content-type": "application/octet-stream", "content-length": "5" },
  });
  return made.dataset_id;
}

async function theirGroup(key: string): Promise<string> {
  const json = { name: "their-group" };
  return (await succeeds<{ id: string }>(201, "POST /v1/groups", { key, json })).id;
}

async function theirRun(key: string): Promise<string> {
  const json = { name: "their-run" };
  return (await succeeds<{ run_id: string }>(201, "POST /v1/runs", { key, json })).run_id;
}

async function theirTransformation(key: string): Promise<string> {
  const json = {
    transformation_type: "sample",
    source_versions: [{ dataset: "their-dataset" }],
    parameters: { n: 1 },
  };
  const path = "POST /v1/datasets/their-dataset/transformations";
  return (await succeeds<{ transformation_id: string }>(201, path, { key, json }))
    .transformation_id;
}

async function theirJob(key: string): Promise<string> {
  const json = { ...ASKED, wait: false };
  return (await succeeds<{ job_id: string }>(202, "POST /v1/explanations/batch", { key, json }))
    .job_id;
}

describe("somebody else's object", () => {
  const theirs: Record<string, string> = {};
  let key = "";
  beforeAll(async () => {
    const owner = await newKey();
    await newModel(owner.key, "their-model");
    const { id } = await newExperiment(owner.key, "their-model");
    const holdout = { holdout: "0.1" };
    await succeeds(201, "PUT /v1/layers/their-layer", { key: owner.key, json: holdout });
    Object.assign(theirs, {
      "/v1/models": "their-model",
      "/v2/models": "their-model",
      "/v1/experiments": id,
      "/v1/layers": "their-layer",
      "/v1/keys": owner.id,
      "/ofrep/v1": id,
      "/v1/explanations": await theirExplanation(owner.key),
      "/v1/jobs": await theirJob(owner.key),
      "/v1/datasets": await theirDataset(owner.key),
      "/v1/groups": await theirGroup(owner.key),
      "/v1/lineage": id,
      "/v1/runs": await theirRun(owner.key),
      "/v1/transformations": await theirTransformation(owner.key),
    });
    ({ key } = await newKey());
  });

  it.each(addressing)("is as missing for $method $path as one that is not", async (operation) => {
    const collection = collectionOf(operation);
    const address = ADDRESSED[collection];
    if (!address) throw new Error(`say how ${collection} addresses its objects`);
    const { parameter, missing } = address;
    const sent = bodyOf(document, operation);
    const ask = async (object: string) => {
      const { headers, status, body } = await call(
        `${operation.method} ${pathOf(operation, { [parameter]: object })}${queryOf(document, operation)}`,
        { key, ...(sent ? { body: sent.body, headers: { "content-type": sent.type } } : {}) },
      );
      const text = JSON.stringify(body).replaceAll(object, "<object>");
      return { status, type: headers.get("content-type"), text: text.replace(/req_[\w-]+/, "") };
    };
    const actors = async () => {
      const { KEY, MODEL, EXPERIMENT, LAYER, FEED, OUTCOME_SHARD, PREDICTIONS, JOB } = env;
      const bindings = [
        KEY,
        MODEL,
        EXPERIMENT,
        LAYER,
        FEED,
        OUTCOME_SHARD,
        PREDICTIONS,
        JOB,
        env.DATASET,
        env.TRANSFORMATION,
      ];
      const namespaces = bindings as DurableObjectNamespace[];
      const ids = await Promise.all(namespaces.map((each) => listDurableObjectIds(each)));
      return ids.map(({ length }) => length);
    };
    const object = theirs[collection] ?? "";
    const before = await actors();
    const answer = await ask(object);
    expect(answer).toEqual(await ask(missing));
    expect(answer.status).toBe(404);
    expect(await actors()).toEqual(before);
    expect(answer.text).toMatch(
      /"code":"(model|dataset|experiment|key|layer|explanation|job|group|lineage_node|run|transformation)_not_found"/,
    );
  });

  it("is in nobody else's lists", async () => {
    for (const list of [
      "models",
      "experiments",
      "layers",
      "explanations",
      "jobs",
      "datasets",
      "groups",
      "runs",
      "transformations",
    ]) {
      const { body } = await call<{ items: unknown[] }>(`GET /v1/${list}`, { key });
      expect(body.items, list).toEqual([]);
    }
    const { body } = await call<{ items: { key?: string }[] }>("GET /v1/keys", { key });
    expect(body.items).toHaveLength(1);
    expect(JSON.stringify(body)).not.toContain(key);
  });
});

it("every problem of a secured operation's key is documented with it", () => {
  const codes = ["key_missing", "key_malformed", "key_rejected", "key_expired", "key_revoked"];
  for (const { operationId, responses } of secured)
    for (const code of [...codes, "scope_missing", "quota_exhausted"] as const) {
      const { status } = PROBLEMS[code as keyof typeof PROBLEMS];
      expect(responses[status]?.description, operationId).toContain(`\`${code}\``);
    }
});
