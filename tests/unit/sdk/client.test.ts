import { describe, expect, it, test } from "vitest";
import {
  createClient,
  experiments,
  LinnetError,
  models,
  platform,
  users,
} from "../../../clients/sdk/index.ts";
import { problem, standIn } from "./stand-in.ts";

const failure = async (call: Promise<unknown>): Promise<LinnetError> => {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof LinnetError) return error;
  throw new Error("expected a LinnetError", { cause: error });
};

const EXPERIMENT = { name: "x", variants: [] };

describe("a request", () => {
  it("carries the key and what the caller passes through", async () => {
    const { client, received } = await standIn(() => ({ json: {} }));
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    await models.get(client(), "wdbc", { requestId: "mine", traceparent });
    expect(received[0]).toMatchObject({
      method: "GET",
      path: "/v1/models/wdbc",
      headers: { authorization: "Bearer sk_test_key", "x-request-id": "mine", traceparent },
    });
  });

  it("keeps a path of the base URL and encodes names", async () => {
    const { url, received } = await standIn(() => ({ json: {} }));
    const client = createClient({ baseUrl: `${url}/linnet/` });
    await models.get(client, "a/b?c");
    expect(client.baseUrl).toBe(`${url}/linnet`);
    expect(received[0]?.path).toBe("/linnet/v1/models/a%2Fb%3Fc");
    expect(received[0]?.headers.authorization).toBeUndefined();
  });

  it.each(["", ".", ".."])("refuses '%s' for a name: it would reach another route", (name) => {
    const client = createClient({ baseUrl: "http://127.0.0.1" });
    expect(() => models.remove(client, name)).toThrow(TypeError);
  });

  it("leaves out what is undefined", async () => {
    const { client, received } = await standIn(() => ({ json: { items: [], next_cursor: null } }));
    await models.list(client(), { search: undefined, limit: 3 });
    expect(received[0]?.query).toEqual({ limit: "3" });
  });

  it("sends the setup token in the place of a key", async () => {
    const { client, received } = await standIn(() => ({ status: 201, json: {} }));
    await platform.setUp(client(), { token: "t0ken", name: "ada" });
    expect(received[0]?.headers.authorization).toBe("Bearer t0ken");
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ name: "ada" });
  });

  test("a key that would break the header is refused without naming it", () => {
    const make = () => createClient({ baseUrl: "http://127.0.0.1", apiKey: "sk\nsecret" });
    expect(make).toThrow(/^(?!.*secret)/);
  });

  it.each(["ftp://127.0.0.1", "http://user:pass@127.0.0.1"])("refuses %s", (baseUrl) => {
    expect(() => createClient({ baseUrl })).toThrow(TypeError);
  });
});

describe("a failure", () => {
  it("holds the whole problem", async () => {
    const members = { errors: [{ pointer: "#/name", detail: "too long" }], allowed: ["pause"] };
    const { client } = await standIn(() => problem(409, "model_name_taken", { members }));
    expect(await failure(models.create(client(), { name: "wdbc" }))).toMatchObject({
      name: "LinnetError",
      message: "because of model_name_taken",
      code: "model_name_taken",
      status: 409,
      requestId: "req_1",
      retryAfterMs: null,
      problem: members,
    });
  });

  it("is an unexpected answer when no platform says it", async () => {
    const html = { "content-type": "text/html", "x-request-id": "cf" };
    const { client } = await standIn(() => ({ status: 404, headers: html, text: "<h1>no</h1>" }));
    expect(await failure(models.get(client(), "wdbc"))).toMatchObject({
      code: "unexpected_answer",
      status: 404,
      requestId: "cf",
      problem: null,
    });
  });

  it("is an unexpected answer when a success is not JSON", async () => {
    const { client } = await standIn(() => ({ text: "<html>" }));
    expect((await failure(models.get(client(), "wdbc"))).code).toBe("unexpected_answer");
  });

  it("is a network failure when nobody listens, with the reason", async () => {
    const { client, received } = await standIn(() => "hang up");
    const error = await failure(models.get(client({ retries: 0 }), "x", { requestId: "mine" }));
    expect(error).toMatchObject({ code: "network", status: 0, requestId: "mine" });
    expect(error.detail).toMatch(/^cannot reach http:\/\/127\.0\.0\.1:\d+: other side closed$/);
    expect(received).toHaveLength(1);
  });

  it("is a timeout when no answer comes in time", async () => {
    const { client, received } = await standIn(() => "silence");
    const error = await failure(models.get(client({ timeoutMs: 80 }), "wdbc"));
    expect(error).toMatchObject({ code: "timeout", detail: "no answer within 80 ms" });
    expect(received).toHaveLength(1);
  });

  it("is the signal's reason when the caller aborts", async () => {
    const { client } = await standIn(() => "silence");
    const reason = new Error("changed my mind");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    await expect(models.get(client(), "wdbc", { signal: controller.signal })).rejects.toBe(reason);
    await expect(models.get(client(), "wdbc", { signal: controller.signal })).rejects.toBe(reason);
  });

  test("a part that fails is an answer of the deep health", async () => {
    const health = { status: "failed", version: "1", checked_at: "", dependencies: [] };
    const { client, received } = await standIn(() => ({ status: 503, json: health }));
    expect(await platform.healthDeep(client())).toEqual(health);
    expect(received).toHaveLength(1);
  });
});

describe("retries", () => {
  const once = (first: Parameters<typeof standIn>[0]) =>
    standIn((request, index) => (index === 0 ? first(request, index) : { json: { id: "exp_1" } }));

  it.each([
    ["a lost connection", () => "hang up" as const],
    ["503", () => problem(503, "unavailable")],
    [
      "429 with a short wait",
      () => problem(429, "quota_exhausted", { headers: { "retry-after": "0" } }),
    ],
    ["502 of a gateway", () => ({ status: 502, text: "bad gateway" })],
  ])("repeats a read after %s", async (_, first) => {
    const { client, received } = await once(first);
    await models.get(client(), "wdbc");
    expect(received).toHaveLength(2);
  });

  it("gives up after the last attempt", async () => {
    const { client, received } = await standIn(() => problem(503, "unavailable"));
    expect((await failure(models.get(client({ retries: 1 }), "wdbc"))).code).toBe("unavailable");
    expect(received).toHaveLength(2);
  });

  it("does not wait for an hour's quota", async () => {
    const headers = { "retry-after": "1200" };
    const { client, received } = await standIn(() => problem(429, "quota_exhausted", { headers }));
    const error = await failure(models.get(client(), "wdbc"));
    expect(error).toMatchObject({ code: "quota_exhausted", retryAfterMs: 1_200_000 });
    expect(received).toHaveLength(1);
  });

  it("does not begin a wait that would outlast the call", async () => {
    const headers = { "retry-after": "2" };
    const { client } = await standIn(() => problem(503, "unavailable", { headers }));
    const error = await failure(models.get(client({ timeoutMs: 1_000 }), "wdbc"));
    expect(error.code).toBe("unavailable");
  });

  it("leaves alone what is refused for good, and 500", async () => {
    const { client, received } = await standIn(() => problem(500, "internal"));
    await failure(models.get(client(), "wdbc"));
    expect(received).toHaveLength(1);
  });

  it("never repeats what counts twice", async () => {
    const { client, received } = await standIn(() => problem(503, "unavailable"));
    await failure(users.create(client(), { name: "ada" }));
    await failure(models.create(client(), { name: "wdbc" }));
    await failure(experiments.start(client(), "exp_1"));
    expect(received).toHaveLength(3);
  });

  it("repeats the creation of an experiment under one idempotency key", async () => {
    const { client, received } = await once(() => "hang up");
    await experiments.create(client(), EXPERIMENT);
    const [first, second] = received.map(({ headers }) => headers["idempotency-key"]);
    expect(first).toMatch(/^idem_[0-9a-f]{32}$/);
    expect(second).toBe(first);
    await experiments.create(client(), EXPERIMENT, { idempotencyKey: "mine" });
    expect(received[2]?.headers["idempotency-key"]).toBe("mine");
  });

  it("repeats a prediction under one request id, so that it counts once", async () => {
    const { client, received } = await once(() => problem(503, "unavailable"));
    await experiments.predict(client(), "exp_1", { inputs: {}, user_id: "u" });
    const ids = received.map(({ body }) => (JSON.parse(body) as { request_id: string }).request_id);
    expect(ids[0]).toMatch(/^req_/);
    expect(ids[1]).toBe(ids[0]);
  });

  it("takes for deleted what a repeated deletion does not find", async () => {
    const { client, received } = await standIn((_, index) =>
      index === 0 ? "hang up" : problem(404, "model_not_found"),
    );
    await models.remove(client(), "wdbc");
    expect(received).toHaveLength(2);
    expect((await failure(models.remove(client(), "wdbc"))).code).toBe("model_not_found");
  });

  it("is cut short by an abort", async () => {
    const headers = { "retry-after": "3" };
    const { client } = await standIn(() => problem(503, "unavailable", { headers }));
    const signal = AbortSignal.timeout(100);
    const begun = Date.now();
    await expect(models.get(client(), "wdbc", { signal })).rejects.toThrow(/timeout/);
    expect(Date.now() - begun).toBeLessThan(1_500);
  });
});

describe("paging", () => {
  it("reads page after page, only as far as asked", async () => {
    const { client, received } = await standIn(({ query }) => {
      const at = Number(query["cursor"] ?? 0);
      const items = [{ name: `m${at}` }, { name: `m${at + 1}` }];
      return { json: { items, next_cursor: at < 4 ? String(at + 2) : null } };
    });
    const names = await Array.fromAsync(models.all(client(), { limit: 2, order: "name" }));
    expect(names.map(({ name }) => name)).toEqual(["m0", "m1", "m2", "m3", "m4", "m5"]);
    expect(received.map(({ query }) => query)).toEqual([
      { limit: "2", order: "name" },
      { limit: "2", order: "name", cursor: "2" },
      { limit: "2", order: "name", cursor: "4" },
    ]);
    for await (const _ of models.all(client())) break;
    expect(received).toHaveLength(4);
  });

  it("goes on after a sequence of events", async () => {
    const { client, received } = await standIn((_, index) => ({
      json: { items: [{ sequence: 8 + index }], next_cursor: index === 0 ? "8" : null },
    }));
    await Array.fromAsync(experiments.allEvents(client(), "exp_1", { cursor: 7 }));
    expect(received.map(({ query }) => query)).toEqual([{ cursor: "7" }, { cursor: "8" }]);
  });
});
