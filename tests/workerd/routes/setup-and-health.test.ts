import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type { DeepHealth } from "../../../contract/health.ts";
import type { SetUpResult, UserView } from "../../../contract/key.ts";
import { PROBLEMS } from "../../../contract/problem.ts";
import { api } from "../../../workers/api/api.ts";
import { traces } from "../support/model-fixtures.ts";
import { call, keyOf, ORIGIN, refused, succeeds } from "../support/platform.ts";

const SET_UP = "POST /v1/setup";
const token = { authorization: `Bearer ${env.SETUP_TOKEN}` };

// In a file without other users: nobody may be there yet.
describe("setting up", () => {
  it("needs the setup token", async () => {
    const wrong = [
      "",
      "Bearer",
      "Bearer x",
      env.SETUP_TOKEN,
      `${token.authorization}x`,
      "Bearer undefined",
    ];
    for (const authorization of wrong)
      await refused("setup_refused", SET_UP, { json: {}, headers: { authorization } });
    await refused("setup_refused", SET_UP, { json: {} });
    expect(await traces()).toMatchObject({ users: 0, keys: 0 });
  });

  it("is closed on a platform that was given no token", async () => {
    const request = (authorization: string) =>
      new Request(`${ORIGIN}/v1/setup`, {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body: "{}",
      });
    for (const SETUP_TOKEN of ["", undefined as unknown as string])
      for (const authorization of ["Bearer ", "Bearer undefined", "Bearer"]) {
        const without = { ...env, SETUP_TOKEN };
        const reply = await api.fetch(request(authorization), without, createExecutionContext());
        expect(reply.status).toBe(PROBLEMS.setup_refused.status);
      }
    expect(await traces()).toMatchObject({ users: 0, keys: 0 });
  });

  it("makes one administrator, though two do it at the same time, and never another", async () => {
    const json = { name: "Ada" };
    const both = await Promise.all([1, 2].map(() => call(SET_UP, { json, headers: token })));
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    await refused("already_set_up", SET_UP, { json, headers: token });
    expect(await traces()).toMatchObject({ users: 1, keys: 1 });
    const made = both.find(({ status }) => status === 201)?.body as SetUpResult;
    expect(made.key).toMatchObject({ owner_id: made.user.id, scopes: ["admin"] });
    const { items } = await succeeds<Page<UserView>>(200, "GET /v1/users", { key: made.key.key });
    expect(items).toEqual([made.user]);
  });
});

describe("health", () => {
  /** The platform with one of its parts replaced. */
  const withBroken = async (part: Partial<Env>, path: string, key = "") =>
    api.fetch(
      new Request(`${ORIGIN}${path}`, { headers: { authorization: `Bearer ${key}` } }),
      { ...env, ...part },
      createExecutionContext(),
    );
  // What the dependencies answered is kept for a second.
  let now = Date.now();
  const later = () => {
    vi.useFakeTimers({ toFake: ["Date"], now: (now += 10_000) });
  };
  afterEach(() => void vi.useRealTimers());
  // What is kept last is found by the files that come after.
  afterAll(async () => {
    later();
    await succeeds(200, "GET /health/ready");
    vi.useRealTimers();
  });
  const unreachable = {
    prepare: () => {
      throw new Error("secret detail");
    },
  } as unknown as D1Database;

  it("needs no key and tells of every dependency", async () => {
    later();
    for (const path of ["/health", "/health/live", "/health/ready"])
      expect(await succeeds(200, `GET ${path}`)).toMatchObject({ status: "ok" });
    const { dependencies } = await succeeds<DeepHealth>(200, "GET /health/deep");
    expect(dependencies.map(({ name, status }) => [name, status])).toEqual([
      ["d1", "ok"],
      ["r2", "ok"],
      ["inference", "ok"],
      ["compute", "ok"],
      ["explain", "ok"],
      ["data", "ok"],
      ["key-actor", "ok"],
    ]);
  });

  it("is not well while a dependency is not, and does not tell strangers why", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    for (const [path, status] of [
      ["/health", 200],
      ["/health/live", 200],
      ["/health/ready", 503],
      ["/health/deep", 503],
      ["/v2/health/live", 200],
      ["/v2/health/ready", 503],
    ] as const) {
      later();
      const response = await withBroken({ DB: unreachable }, path);
      expect(response.status, path).toBe(status);
      expect(await response.text()).not.toContain("secret detail");
    }
    later();
    const ready = await withBroken({ DB: unreachable }, "/v2/health/ready");
    expect(await ready.json()).toMatchObject({ code: "unavailable", ...PROBLEMS.unavailable });
  });

  it("a failure that nobody foresaw is logged and tells the caller nothing but its id", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const response = await withBroken({ DB: unreachable }, "/v1/models", await keyOf());
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: "internal", ...PROBLEMS.internal });
    expect(text).not.toContain("secret detail");
    expect(log).toHaveBeenCalledWith(expect.stringContaining("secret detail"));
    expect(log).toHaveBeenCalledWith(
      expect.stringContaining(response.headers.get("x-request-id") ?? "-"),
    );
  });
});
