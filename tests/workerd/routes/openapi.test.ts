import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { PROBLEMS, type ProblemCode } from "../../../contract/problem.ts";
import { bodyOf, openApi, operationsOf, type Schema, scopeOf } from "../support/openapi.ts";
import { call, keyOf, ORIGIN, refused } from "../support/platform.ts";

const document = await openApi();
const operations = operationsOf(document);

/** Every object inside a value, itself included. */
function* within(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const part of Object.values(value)) yield* within(part);
}

describe("the OpenAPI document", () => {
  it("is of version 3.1 and says what it describes", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(document.info).toMatchObject({ title: "Linnet" });
    expect(document.info.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("resolves every reference within itself", () => {
    const references = [...within(document)].flatMap(({ $ref }) =>
      typeof $ref === "string" ? [$ref] : [],
    );
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      const [, kind = "", name = ""] = /^#\/components\/(\w+)\/(.+)$/.exec(reference) ?? [];
      expect(document.components[kind], reference).toHaveProperty([name]);
    }
  });

  it("gives every operation its own id, a tag and a summary", () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operationId, tags, summary } of operations) {
      expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(tags, operationId).toHaveLength(1);
      expect(summary, operationId).toMatch(/^[A-Z].{5,80}[^.]$/);
    }
  });

  it("declares each parameter of a path, as required, and no other", () => {
    for (const { operationId, path, parameters = [] } of operations) {
      const declared = parameters.filter((parameter) => parameter.in === "path");
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(declared.map(({ name }) => name).toSorted(), operationId).toEqual(named.toSorted());
      for (const { required } of declared) expect(required, operationId).toBe(true);
    }
  });

  it("documents with every secured operation how its key is refused", () => {
    const secured = operations.filter((operation) => scopeOf(operation));
    for (const { operationId, responses } of secured)
      for (const status of [401, 403, 429])
        expect(responses[status]?.content, `${operationId} ${status}`).toHaveProperty([
          "application/problem+json",
        ]);
  });

  it("documents a success with every operation", () => {
    for (const { operationId, responses } of operations)
      expect(
        // 101 is how the one that becomes a WebSocket succeeds.
        Object.keys(responses).some((status) => status.startsWith("2") || status === "101"),
        operationId,
      ).toBe(true);
  });

  it("documents what may be wrong with a body, where there is one of JSON", () => {
    const taking = operations.filter(({ requestBody }) => requestBody?.content["application/json"]);
    expect(taking.length).toBeGreaterThan(10);
    for (const { operationId, responses } of taking) {
      expect(responses[400]?.description, operationId).toContain("`invalid_request`");
      expect(responses[413]?.description, operationId).toContain("`body_too_large`");
    }
  });

  it("names only security schemes that it describes", () => {
    for (const { operationId, security = [] } of operations)
      for (const way of security)
        for (const scheme of Object.keys(way))
          expect(document.components["securitySchemes"], operationId).toHaveProperty([scheme]);
  });

  it("writes patterns that a client can compile, and examples that match them", () => {
    const patterns = [...within(document)].filter(({ pattern }) => typeof pattern === "string");
    expect(patterns.length).toBeGreaterThan(3);
    for (const { pattern, example } of patterns as Schema[]) {
      expect(pattern).toMatch(/^\^.*\$$/s);
      const compiled = new RegExp(pattern ?? "", "u");
      if (example !== undefined) expect(example).toMatch(compiled);
    }
  });

  it("lets a body be made for every operation from its schema alone", () => {
    for (const operation of operations)
      expect(() => bodyOf(document, operation), operation.operationId).not.toThrow();
  });

  it("lists every problem code with some operation, but for those that no operation gives", () => {
    const nobodys: ProblemCode[] = ["route_not_found", "method_not_allowed", "internal"];
    const listed = operations
      .flatMap(({ responses }) => Object.values(responses))
      .flatMap(({ description }) => [...description.matchAll(/`(\w+)`:/g)].map(([, code]) => code));
    expect(Object.keys(PROBLEMS).filter((code) => !listed.includes(code))).toEqual(nobodys);
  });
});

describe("the pages", () => {
  const page = (path: string) => exports.default.fetch(`${ORIGIN}${path}`, { redirect: "manual" });

  it.each(["/", "/docs"])("%s leads to the reference", async (path) => {
    const { status, headers } = await call(`GET ${path}`);
    expect({ status, to: headers.get("location") }).toEqual({ status: 302, to: "/docs/" });
  });

  it("the reference is served with the two files that it names", async () => {
    const response = await page("/docs/");
    expect(response.headers.get("content-type")).toContain("text/html");
    const html = await response.text();
    const files = [...html.matchAll(/(?:href|src)="(swagger-ui[^"]*)"/g)].map(([, file]) => file);
    expect(files).toEqual(["swagger-ui.css", "swagger-ui-bundle.js"]);
    expect(html).toContain('url: "/openapi.json"');
    for (const [index, type] of ["text/css", "javascript"].entries()) {
      const file = await page(`/docs/${files[index]}`);
      expect(file.status).toBe(200);
      expect(file.headers.get("content-type")).toContain(type);
      expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(10_000);
    }
    expect((await call("GET /docs/none.js")).status).toBe(404);
  });

  it("explains every problem at the address that is its type", async () => {
    expect((await call("GET /problems")).body).toEqual(PROBLEMS);
    for (const [code, meaning] of Object.entries(PROBLEMS))
      expect((await call(`GET /problems/${code}`)).body).toEqual({ code, ...meaning });
    for (const none of ["none", "__proto__", "constructor"])
      await refused("route_not_found", `GET /problems/${none}`);
  });
});

describe("methods and paths", () => {
  it("a path that is none says so", async () => {
    for (const path of ["/v1", "/v1/", "/v3/models", "/v1/models/a/b", "/V1/models", "//v1/models"])
      await refused("route_not_found", `GET ${path}`);
  });

  it("a method that a path does not take is answered with those that it takes", async () => {
    const allowed: Record<string, string> = {
      "/v1/models": "GET, HEAD, POST",
      "/v1/models/wdbc": "GET, HEAD, DELETE",
      "/v1/models/wdbc/aliases/champion": "GET, HEAD, PUT, DELETE",
      "/v1/models/wdbc/predict": "POST",
      "/v2/health/live": "GET, HEAD",
      "/health": "GET, HEAD",
    };
    for (const [path, allow] of Object.entries(allowed))
      for (const method of ["PATCH", "OPTIONS", "PROPFIND"]) {
        const { headers } = await refused("method_not_allowed", `${method} ${path}`);
        expect(headers.get("allow"), `${method} ${path}`).toBe(allow);
      }
  });

  it("a page of another origin may call and read the headers that matter", async () => {
    const origin = "https://dashboard.example";
    const asked = { origin, "access-control-request-method": "POST" };
    const preflight = await call("OPTIONS /v1/models", { headers: asked });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
    const refusal = await call("GET /v1/models", { headers: { origin } });
    expect(refusal.headers.get("access-control-allow-origin")).toBe("*");
    expect(refusal.headers.get("access-control-expose-headers")).toContain("x-request-id");
  });

  it("HEAD is GET without the body", async () => {
    const key = await keyOf();
    const head = await call("HEAD /v1/models", { key });
    expect(head).toMatchObject({ status: 200, body: null });
    expect(head.headers.get("content-type")).toBe("application/json");
    expect(await call("HEAD /v1/models")).toMatchObject({ status: 401, body: null });
    expect(await call("HEAD /v1/models/none", { key })).toMatchObject({ status: 404, body: null });
  });
});

describe("the trace of a request", () => {
  const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  it("keeps the caller's request id, also in a problem", async () => {
    for (const id of ["a", "req_1:2.3-4", "x".repeat(128)]) {
      const headers = { "x-request-id": id };
      expect((await call("GET /health", { headers })).headers.get("x-request-id")).toBe(id);
      expect((await refused("key_missing", "GET /v1/models", { headers })).body.instance).toBe(id);
    }
  });

  it("replaces a request id that does not belong into a log", async () => {
    for (const id of ["", " ", "a b", "x".repeat(129), "a;b", '"}', "<script>"]) {
      const { headers } = await call("GET /health", { headers: { "x-request-id": id } });
      expect(headers.get("x-request-id"), id).toMatch(/^req_[0-9a-f-]{32,36}$/);
    }
  });

  it("keeps the caller's trace with a new span", async () => {
    const sent = { headers: { traceparent: TRACEPARENT } };
    const seen = [await call("GET /health", sent), await call("GET /health", sent)].map((reply) =>
      reply.headers.get("traceparent")?.split("-"),
    );
    for (const parts of seen)
      expect(parts).toMatchObject(["00", "4bf92f3577b34da6a3ce929d0e0e4736", {}, "01"]);
    const spans = seen.map((parts) => parts?.[2]);
    expect(new Set([...spans, "00f067aa0ba902b7"]).size).toBe(3);
  });

  it("begins a new trace where the caller's is none", async () => {
    const none = [
      "x",
      TRACEPARENT.toUpperCase(),
      TRACEPARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0".repeat(32)),
      TRACEPARENT.replace("00f067aa0ba902b7", "0".repeat(16)),
      `${TRACEPARENT}-extra`,
      TRACEPARENT.slice(3),
    ];
    for (const traceparent of none) {
      const { headers } = await call("GET /health", { headers: { traceparent } });
      expect(headers.get("traceparent"), traceparent).not.toContain("4bf92f3577b34da6a3ce929d0e");
    }
  });
});
