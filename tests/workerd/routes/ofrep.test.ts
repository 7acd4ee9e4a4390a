import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../workers/api/http/ids.ts";
import { BULK, type FlagOwner, newFlagOwner, single, user } from "../support/flag-owner.ts";
import { newExperiment, runningExperiment } from "../support/model-fixtures.ts";
import { ALL_SCOPES, call, newKey, refused, succeeds } from "../support/platform.ts";

type Failure = { key?: string; errorCode?: string; errorDetails: string };

let owner: FlagOwner;
let running: Awaited<ReturnType<typeof runningExperiment>>;
beforeAll(async () => {
  owner = await newFlagOwner();
  running = await runningExperiment(owner.key, "m", { flag_key: "ranker" });
});

describe("one flag", () => {
  it("has the version that its user gets as its value, and says why", async () => {
    const flag = await owner.evaluate("ranker");
    const variant = flag.value === 1 ? running.control : running.candidate;
    expect(flag).toEqual({
      key: "ranker",
      value: variant.version,
      reason: "SPLIT",
      variant: variant.name,
      metadata: {
        experiment_id: running.id,
        variant_id: variant.variant_id,
        model: "m",
        epoch: 1,
        linnet_reason: "assigned",
      },
    });
  });

  it("is the same for a user each time, and divides the users", async () => {
    const values = await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const [first, second] = [user(`u${at}`), user(`u${at}`, { country: "FR" })];
        const flags = [
          await owner.evaluate("ranker", first),
          await owner.evaluate("ranker", second),
        ];
        expect(flags[0]).toEqual(flags[1]);
        return flags[0]?.value;
      }),
    );
    expect(new Set(values)).toEqual(new Set([1, 2]));
  });

  it("is what the experiment routes the user to", async () => {
    const routed = await succeeds<{ version: number }>(
      200,
      `POST /v1/experiments/${running.id}/route`,
      { key: owner.key, json: { request_id: "r", user_id: "somebody" } },
    );
    expect(await owner.evaluate("ranker", user("somebody"))).toMatchObject({
      value: routed.version,
    });
  });

  it("answers by the id of its experiment too, under the name that was asked for", async () => {
    const { key, ...flag } = await owner.evaluate("ranker");
    expect(await owner.evaluate(running.id)).toEqual({ key: running.id, ...flag });
    expect(key).toBe("ranker");
  });

  it("takes the key in either header", async () => {
    const headers = { "x-api-key": owner.key };
    expect(await succeeds(200, single("ranker"), { headers, json: user("u") })).toEqual(
      await owner.evaluate("ranker"),
    );
  });

  it("lets through what the protocol may add, and what no condition can match", async () => {
    const context = { targetingKey: "u", nested: { a: [1, { b: null }] }, none: null };
    expect(await owner.evaluate("ranker", { context, later: true })).toEqual(
      await owner.evaluate("ranker"),
    );
  });

  it("follows the status of its experiment", async () => {
    const { key, evaluate, change } = await newFlagOwner();
    const draft = await newExperiment(key, "m", { flag_key: "life" });
    expect(await evaluate(draft.id)).toEqual({
      key: draft.id,
      reason: "DISABLED",
      metadata: { experiment_id: draft.id, epoch: 0, linnet_reason: "draft" },
    });
    await change(draft.id, "start");
    expect(await evaluate(draft.id)).toMatchObject({ reason: "SPLIT" });
    await change(draft.id, "pause");
    expect(await evaluate("life")).toEqual({
      key: "life",
      reason: "DISABLED",
      metadata: { experiment_id: draft.id, epoch: 2, linnet_reason: "paused" },
    });
    await change(draft.id, "resume");
    expect(await evaluate("life")).toMatchObject({ reason: "SPLIT" });
    const winner = draft.variants[1]?.variant_id;
    await change(draft.id, "conclude", { winning_variant_id: winner });
    for (const targetingKey of ["a", "b", "c", "d"])
      expect(await evaluate("life", user(targetingKey))).toMatchObject({
        reason: "STATIC",
        value: 2,
        metadata: { linnet_reason: "concluded", variant_id: winner },
      });
  });

  it("is the control for everybody after a rollback", async () => {
    const { key, evaluate, change } = await newFlagOwner();
    const { id } = await runningExperiment(key, "m", { flag_key: "bad" });
    await change(id, "rollback");
    for (const targetingKey of ["a", "b", "c", "d"])
      expect(await evaluate("bad", user(targetingKey))).toMatchObject({
        reason: "STATIC",
        value: 1,
        metadata: { linnet_reason: "rolled_back" },
      });
  });

  it("is the control by a rule for whom the experiment is not for", async () => {
    const { key, evaluate } = await newFlagOwner();
    const targeting = { attribute: "country", in: ["FR"] };
    await runningExperiment(key, "m", { flag_key: "french", targeting });
    for (const context of [{}, { country: "DE" }, { country: ["DE"] }, { country: { in: "FR" } }])
      expect(await evaluate("french", user("u", context))).toMatchObject({
        value: 1,
        reason: "TARGETING_MATCH",
        metadata: { linnet_reason: "not_targeted" },
      });
    expect(await evaluate("french", user("u", { country: "FR" }))).toMatchObject({
      reason: "SPLIT",
    });
  });

  it("is that of the newest experiment with its key that was started", async () => {
    const { key, evaluate, change } = await newFlagOwner();
    const first = await runningExperiment(key, "m", { flag_key: "again" });
    await change(first.id, "rollback");
    const second = await newExperiment(key, "m", { flag_key: "again" });
    const experiment_id = async () => (await evaluate("again")).metadata["experiment_id"];
    expect(await experiment_id()).toBe(first.id);
    await change(second.id, "start");
    await expect.poll(experiment_id, { timeout: 5_000 }).toBe(second.id);
  });
});

describe("what cannot be evaluated", () => {
  const context: [string, unknown, string][] = [
    ["no context", {}, "INVALID_CONTEXT"],
    ["a context that is null", { context: null }, "INVALID_CONTEXT"],
    ["a context that is a list", { context: [] }, "INVALID_CONTEXT"],
    ["a context that is a text", { context: "u" }, "INVALID_CONTEXT"],
    ["no targeting key", { context: {} }, "TARGETING_KEY_MISSING"],
    ["an empty targeting key", user(""), "TARGETING_KEY_MISSING"],
    ["a targeting key that is null", { context: { targetingKey: null } }, "TARGETING_KEY_MISSING"],
    ["a targeting key that is a number", { context: { targetingKey: 7 } }, "INVALID_CONTEXT"],
    ["a targeting key with a line break", user("a\nb"), "INVALID_CONTEXT"],
    ["a body that is a list", [], "PARSE_ERROR"],
    ["a body that is null", null, "PARSE_ERROR"],
  ];
  it.each(context)("is answered with 400 and its code: %s", async (_, json, errorCode) => {
    const one = await call<Failure>(single("ranker"), { key: owner.key, json });
    expect(one).toMatchObject({ status: 400, body: { key: "ranker", errorCode } });
    const all = await call<Failure>(BULK, { key: owner.key, json });
    expect(all).toMatchObject({ status: 400, body: { errorCode } });
    expect(all.body).not.toHaveProperty("key");
    for (const { headers, body } of [one, all]) {
      expect(headers.get("content-type")).toBe("application/json");
      expect(body.errorDetails).toMatch(/expected/);
    }
  });

  it.each(["", " ", "{", "{'a':1}", "\u0000", '{"context":{}}}'])(
    "is a body that is no JSON: %j",
    async (body) => {
      const reply = await call(single("ranker"), { key: owner.key, body });
      expect(reply).toMatchObject({
        status: 400,
        body: { key: "ranker", errorCode: "PARSE_ERROR" },
      });
    },
  );

  it("is a request without a body, whatever type it says that it has", async () => {
    for (const headers of [{}, { "content-type": "text/plain" }])
      expect(await call(single("ranker"), { key: owner.key, headers })).toMatchObject({
        status: 400,
        body: { errorCode: "PARSE_ERROR" },
      });
  });

  it("is a body of another type, or one that is too large", async () => {
    const body = JSON.stringify(user("u"));
    const headers = { "content-type": "text/plain" };
    await refused("content_type_unsupported", single("ranker"), { key: owner.key, body, headers });
    const large = user("u", { text: "x".repeat(70_000) });
    const { body: problem } = await refused("body_too_large", BULK, {
      key: owner.key,
      json: large,
    });
    expect(problem).toMatchObject({ errorDetails: problem.detail, errorCode: "GENERAL" });
    const larger = { key: owner.key, body: new Uint8Array(11_000_000).fill(32) };
    const { headers: type } = await refused("body_too_large", BULK, larger);
    expect(type.get("content-type")).toBe("application/json");
  });

  const missing = [
    "none",
    "Ranker",
    "a/b",
    "../v1",
    "%",
    "€",
    " ",
    "__proto__",
    "x".repeat(65),
    "x".repeat(4_000),
    newId("exp"),
  ];
  it.each(missing)("is a flag that does not exist: %s", async (flag) => {
    const reply = await call<Failure>(single(flag), { key: owner.key, json: user("u") });
    expect(reply).toMatchObject({
      status: 404,
      body: { key: flag, errorCode: "FLAG_NOT_FOUND", code: "experiment_not_found" },
    });
    expect(reply.headers.get("content-type")).toBe("application/json");
  });

  it("is a flag of somebody else, by its key and by its id", async () => {
    const other = await newFlagOwner();
    for (const flag of ["ranker", running.id]) {
      const reply = await call(single(flag), { key: other.key, json: user("u") });
      expect(reply).toMatchObject({ status: 404, body: { errorCode: "FLAG_NOT_FOUND" } });
    }
  });

  it("is a flag whose experiments were never started", async () => {
    const { key } = await newFlagOwner();
    await newExperiment(key, "m", { flag_key: "later" });
    expect(await call(single("later"), { key, json: user("u") })).toMatchObject({ status: 404 });
  });

  it("is anything that a wrong key asks for", async () => {
    const scopes = ALL_SCOPES.filter((scope) => scope !== "predict");
    const { key: without } = await newKey({ scopes });
    const { key: spent } = await newKey({ rate_limit: 1 });
    await call(BULK, { key: spent, json: user("u") });
    for (const [status, key] of [
      [401, undefined],
      [401, "sk_live_none"],
      [403, without],
      [429, spent],
    ] as const)
      for (const operation of [BULK, single("ranker")]) {
        const { headers, ...reply } = await call<Failure>(operation, { key, json: user("u") });
        expect(reply, operation).toMatchObject({
          status,
          body: { errorDetails: expect.stringMatching(/./) },
        });
        expect(reply.body).not.toHaveProperty("errorCode");
        expect(headers.get("content-type")).toBe("application/json");
        if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      }
  });

  it("is a path or a method that the protocol does not have", async () => {
    for (const operation of [
      "GET /ofrep",
      "POST /ofrep/v1/evaluate",
      "GET /ofrep/v1/configuration",
    ]) {
      const { headers, body } = await refused("route_not_found", operation, { key: owner.key });
      expect(headers.get("content-type")).toBe("application/json");
      expect(body).toMatchObject({ errorDetails: body.detail });
    }
    const { headers } = await refused("method_not_allowed", `GET ${BULK.slice(5)}`);
    expect(headers.get("allow")).toBe("POST");
  });

  it("is also a problem, in its own type for who asks for that", async () => {
    const headers = { accept: "application/problem+json" };
    const { headers: answered, body } = await refused("invalid_request", BULK, {
      key: owner.key,
      json: {},
      headers,
    });
    expect(answered.get("content-type")).toBe("application/problem+json");
    expect(body).toMatchObject({ errorCode: "INVALID_CONTEXT", errorDetails: body.detail });
  });
});

describe("all flags", () => {
  it("are those that were started: the newest of each key, and by id those without a key", async () => {
    const { key, evaluateAll, change } = await newFlagOwner();
    const old = await runningExperiment(key, "m", { flag_key: "a" });
    await change(old.id, "rollback");
    const named = await runningExperiment(key, "m", { flag_key: "a" });
    const unnamed = await runningExperiment(key, "m");
    await newExperiment(key, "m", { flag_key: "draft" });
    const { status, body, headers } = await evaluateAll();
    expect({ status, type: headers.get("content-type") }).toEqual({
      status: 200,
      type: "application/json",
    });
    expect(body.flags.map((flag) => flag.key)).toEqual([unnamed.id, "a"]);
    expect(body.flags[1]).toMatchObject({ metadata: { experiment_id: named.id } });
  });

  it("are the same as one by one", async () => {
    const { body } = await owner.evaluateAll();
    expect(body.flags).toEqual([await owner.evaluate("ranker")]);
  });

  it("are none for who has none", async () => {
    const { evaluateAll } = await newFlagOwner();
    expect((await evaluateAll()).body.flags).toEqual([]);
  });

  it("are answered with a strong tag, and with 304 to who has that answer", async () => {
    const { headers, body } = await owner.evaluateAll();
    const etag = headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    for (const held of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await call(BULK, {
        key: owner.key,
        json: user("u"),
        headers: { "if-none-match": held },
      });
      expect(again, held).toMatchObject({ status: 304, body: null });
      expect(again.headers.get("etag")).toBe(etag);
    }
    const other = { "if-none-match": '"other"' };
    const again = await call(BULK, { key: owner.key, json: user("u"), headers: other });
    expect(again).toMatchObject({ status: 200, body });
  });

  it("have another tag once anything changes", async () => {
    const { key, evaluateAll, change } = await newFlagOwner();
    const { id } = await runningExperiment(key, "m", { flag_key: "a" });
    const tags = [(await evaluateAll()).headers.get("etag")];
    for (const transition of ["pause", "resume", "rollback"]) {
      await change(id, transition);
      tags.push((await evaluateAll()).headers.get("etag"));
    }
    expect(new Set(tags).size).toBe(4);
  });
});
