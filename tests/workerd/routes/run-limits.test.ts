import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { ChainView, LineageNodeView, TraceView } from "../../../contract/lineage.ts";
import type { OpenLineageAnswer, OpenLineageEvents } from "../../../contract/openlineage.ts";
import type { RunView } from "../../../contract/run.ts";
import { runIdOf } from "../../../domain/lineage/openlineage/run-uuid.ts";
import { newKey, ORIGIN, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeAll(async () => {
  ({ key } = await newKey());
});

const begin = (json: object = {}) =>
  succeeds<RunView>(201, "POST /v1/runs", { key, json: { name: "a run", ...json } });

describe("a run that is told of bit by bit", () => {
  it("is refused what a run may not hold together, by the name of the field, and stays as it was", async () => {
    const { run_id } = await begin({ parameters: { first: "x".repeat(15_000) } });
    const patch = `PATCH /v1/runs/${run_id}`;
    const { body } = await refused("run_too_large", patch, {
      key,
      json: { parameters: { second: "x".repeat(5_000) }, metrics: { loss: 1 } },
    });
    expect(body).toMatchObject({ field: "parameters" });
    expect(body.detail).toMatch(/expected at most 20000 characters.*found 200\d\d/);
    const after = await succeeds<RunView>(200, patch, { key, json: { metrics: { loss: 2 } } });
    expect([Object.keys(after.parameters), after.metrics]).toEqual([["first"], { loss: 2 }]);
    const small = { key, json: { parameters: { first: "short", second: 2 } } };
    expect((await succeeds<RunView>(200, patch, small)).parameters).toEqual({
      first: "short",
      second: 2,
    });
  });

  it("has a thousand metrics at most", async () => {
    const metrics = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${from + at}`, at]));
    const { run_id } = await begin({ metrics: metrics(0, 600) });
    const patch = `PATCH /v1/runs/${run_id}`;
    await succeeds(200, patch, { key, json: { metrics: metrics(600, 400) } });
    await succeeds(200, patch, { key, json: { metrics: metrics(0, 1_000) } });
    const more = { key, json: { metrics: { one_more: 1 } } };
    const { body } = await refused("run_too_large", patch, more);
    expect(body).toMatchObject({ field: "metrics" });
  });
});

describe("a name that JavaScript has for itself", () => {
  const sent = (body: string) => ({ key, body });
  /** Without a look into the contract, in which the name is lost too. */
  const raw = async <Body>(path: string, init: RequestInit = {}): Promise<Body> => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const response = await exports.default.fetch(`${ORIGIN}${path}`, { ...init, headers });
    return (await response.json()) as Body;
  };

  it.each([
    ['{"name":"a","metrics":{"__proto__":1,"b":2}}', "#/metrics/__proto__"],
    ['{"name":"a","parameters":{"__proto__":{"b":2}}}', "#/parameters/__proto__"],
    ['{"name":"a","parameters":{"a":[{},{"\\u005f_proto__":1}]}}', "#/parameters/a/1/__proto__"],
  ])("is refused where it would be lost: %s", async (body, pointer) => {
    const problem = await refused("invalid_request", "POST /v1/runs", sent(body));
    expect(problem.body["errors"]).toMatchObject([{ pointer }]);
  });

  it("is refused as a column, and means nothing as a value or beside other odd names", async () => {
    const columns =
      '{"name":"odd","format":"csv","schema":{"columns":{"__proto__":"int64","a":"int64"}}}';
    const { body } = await refused("invalid_request", "POST /v1/datasets", sent(columns));
    expect(body["errors"]).toMatchObject([{ pointer: "#/schema/columns/__proto__" }]);
    const odd = '{"name":"__proto__","parameters":{"constructor":1,"toString":"__proto__"}}';
    const run = await succeeds<RunView>(201, "POST /v1/runs", sent(odd));
    expect([run.name, run.parameters]).toEqual([
      "__proto__",
      { constructor: 1, toString: "__proto__" },
    ]);
  });

  it("is kept of facets, and of what they say", async () => {
    const body = `{
      "eventTime": "2026-11-21T09:30:00Z", "producer": "https://example.com", "eventType": "COMPLETE",
      "run": { "runId": "11111111-2222-4333-8444-555555555555", "facets": {
        "__proto__": { "a": 1 },
        "linnet_hyperparameters": { "parameters": { "__proto__": 2, "b": 3 } },
        "linnet_evaluation": { "metrics": { "__proto__": 4 } } } },
      "job": { "namespace": "jobs", "name": "odd" }
    }`;
    await succeeds(200, "POST /v1/lineage/openlineage", sent(body));
    const run_id = runIdOf("11111111222243338444555555555555");
    const run = await raw<RunView>(`/v1/runs/${run_id}`);
    expect(Object.entries(run.parameters)).toEqual([
      ["__proto__", 2],
      ["b", 3],
    ]);
    expect(Object.entries(run.metrics)).toEqual([["__proto__", 4]]);
    const node = await raw<LineageNodeView>(`/v1/lineage/${run_id}`);
    expect(Object.entries(node.facets)).toContainEqual(["__proto__", { a: 1 }]);
    await raw(`/v1/runs/${run_id}`, { method: "PATCH", body: '{"metrics":{"c":5}}' });
    const after = await raw<RunView>(`/v1/runs/${run_id}`);
    expect(Object.keys(after.metrics)).toEqual(["__proto__", "c"]);
  });
});

describe("events of the longest names, and of all the facets that there may be", () => {
  const long = (at: number) => `${at}/`.padEnd(1_000, "长");
  const facets = (from: number, text: string) =>
    Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`f${from + at}`, { text }]));
  const event = (at: number, change: object) => ({
    eventTime: "2026-11-21T09:30:00Z",
    producer: "https://example.com",
    eventType: "COMPLETE",
    run: { runId: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}` },
    job: { namespace: long(0), name: long(1) },
    ...change,
  });
  const tell = (json: object) =>
    succeeds<OpenLineageAnswer>(200, "POST /v1/lineage/openlineage", { key, json });

  it("are kept, and every question about them has an answer", async () => {
    const data = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ namespace: long(at), name: long(at) }));
    await tell(event(1, { inputs: data(700) }));
    await tell(
      event(1, { outputs: data(700).map((each) => ({ ...each, name: `${each.name}o` })) }),
    );
    for (let from = 0; from < 120; from += 60)
      await tell(
        event(1, { run: { ...event(1, {}).run, facets: facets(from, "长".repeat(45_000)) } }),
      );
    const run_id = runIdOf("00000000000040008000000000000001");
    const run = await succeeds<RunView>(200, `GET /v1/runs/${run_id}`, { key });
    expect([run.inputs.length, run.outputs.length]).toEqual([700, 700]);
    const get = <Body>(path: string) => succeeds<Body>(200, `GET /v1/lineage/${path}`, { key });
    const node = await get<LineageNodeView>(run_id);
    expect(Object.keys(node.facets)).toHaveLength(120);
    expect(Object.values(node.facets).at(-1)).toEqual({ _left_out: "45011 characters" });
    const trace = await get<TraceView>(`${run_id}/upstream?limit=1000`);
    expect([trace.nodes.length, trace.truncated]).toEqual([702, false]);
    const chain = await get<ChainView>(`${run_id}/chain`);
    expect(chain.nodes).toHaveLength(702);
    const told = await get<OpenLineageEvents>(`openlineage?node=${run_id}`);
    expect(told.truncated).toBe(true);
  });

  it("have names that may be kept, or are refused", async () => {
    const named = { run: { ...event(2, {}).run, facets: { ["f".repeat(1_025)]: {} } } };
    const sent = { key, json: event(2, named) };
    const { body } = await refused("openlineage_invalid", "POST /v1/lineage/openlineage", sent);
    expect(body.detail).toContain("#/run/facets: expected names of facets of at most 1024");
    const version = { version: { datasetVersion: "9".repeat(3_000_000) } };
    await tell(event(3, { inputs: [{ namespace: "linnet", name: "wines", facets: version }] }));
    const id = encodeURIComponent("ds:linnet/wines");
    await succeeds(200, `GET /v1/lineage/${id}`, { key });
  });
});
