import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type { KeyUsage, KeyView, NewKey, UserView } from "../../../contract/key.ts";
import { traces } from "../support/model-fixtures.ts";
import { ALL_SCOPES, call, newKey, newUser, refused, succeeds } from "../support/platform.ts";

let admin = "";
let key = "";
let owner = "";
beforeAll(async () => {
  ({ key: admin } = await newKey({ scopes: ["admin"] }));
  owner = await newUser();
  ({ key } = await newKey({ owner_id: owner }));
});
const create = (json: object, as = key) =>
  succeeds<NewKey>(201, "POST /v1/keys", { key: as, json });

describe("a key", () => {
  it("is created, works, is listed without its secret, and is revoked for good", async () => {
    const made = await create({ name: "mine", scopes: ["models:read"], environment: "test" });
    expect(made).toMatchObject({ owner_id: owner, rate_limit: 1_000, expires_at: null });
    expect(made.key).toMatch(/^sk_test_[0-9a-z]{74}$/);
    expect(made.key.startsWith(made.prefix)).toBe(true);
    await succeeds(200, "GET /v1/models", { key: made.key });

    const { key: secret, ...listed } = made;
    const { items } = await succeeds<Page<KeyView>>(200, "GET /v1/keys", { key });
    expect(items).toContainEqual(listed);
    expect(JSON.stringify(items)).not.toContain(secret.slice(-48));

    const revoked = await succeeds<KeyView>(200, `DELETE /v1/keys/${made.id}`, { key });
    expect(revoked.revoked_at).not.toBeNull();
    await refused("key_revoked", "GET /v1/models", { key: secret });
    expect(await succeeds(200, `DELETE /v1/keys/${made.id}`, { key })).toEqual(revoked);
    const left = await succeeds<Page<KeyView>>(200, "GET /v1/keys", { key });
    expect(left.items.map(({ id }) => id)).not.toContain(made.id);
    const all = await succeeds<Page<KeyView>>(200, "GET /v1/keys?include_revoked=true", { key });
    expect(all.items).toContainEqual(revoked);
  });

  it("expires after the days it was given", async () => {
    const { expires_at, created_at } = await create({
      name: "short",
      scopes: ["predict"],
      expires_in_days: 1,
    });
    const life = Date.parse(expires_at ?? "") - Date.parse(created_at);
    expect(Math.abs(life - 86_400_000)).toBeLessThan(10_000);
  });

  it("passes on only scopes of its own, and keys for others only as administrator", async () => {
    const { key: small } = await create({ name: "small", scopes: ["keys:write", "predict"] });
    const ask = (json: object, as: string) => ({ key: as, json: { name: "k", ...json } });
    for (const scope of ["admin", "models:read"]) {
      const sent = ask({ scopes: ["predict", scope] }, small);
      expect((await refused("scope_missing", "POST /v1/keys", sent)).body).toMatchObject({ scope });
    }
    const theirs = { scopes: ["predict"], owner_id: await newUser() };
    const sent = ask(theirs, key);
    expect((await refused("scope_missing", "POST /v1/keys", sent)).body).toMatchObject({
      scope: "admin",
    });
    expect(await create({ name: "k", ...theirs }, admin)).toMatchObject(theirs);
    // Whether a user exists is an administrator's to know.
    const none = { scopes: ["predict"], owner_id: "usr_00000000000000000000000000" };
    await refused("scope_missing", "POST /v1/keys", ask(none, key));
    await refused("user_not_found", "POST /v1/keys", ask(none, admin));
  });

  it("of anybody may be read and revoked by an administrator", async () => {
    const { id, key: theirs } = await newKey();
    await succeeds(200, `GET /v1/keys/${id}/usage`, { key: admin });
    await succeeds(200, `DELETE /v1/keys/${id}`, { key: admin });
    await refused("key_revoked", "GET /v1/models", { key: theirs });
  });

  it("tells how it was used, once its isolates have", async () => {
    const { id, key: used } = await newKey();
    for (const path of ["/v1/models", "/v1/models/none"]) await call(`GET ${path}`, { key: used });
    await env.KEY.getByName(id).settle({ unused: [], requests: 4, errors: 1, total_ms: 10 });
    const usage = await succeeds<KeyUsage>(200, `GET /v1/keys/${id}/usage?hours=2`, { key: used });
    expect(usage).toMatchObject({ key_id: id, hours: 2, total_requests: 4, error_rate: 0.25 });
    expect(usage.avg_response_time_ms).toBe(2.5);
    expect(usage.by_hour).toMatchObject([{ requests: 4, errors: 1, avg_response_time_ms: 2.5 }]);
    for (const hours of ["0", "721", "x", "1.5"])
      await refused("invalid_request", `GET /v1/keys/${id}/usage?hours=${hours}`, { key: used });
    const { id: unused } = await newKey({ owner_id: owner });
    expect(await succeeds(200, `GET /v1/keys/${unused}/usage`, { key })).toMatchObject({
      hours: 24,
      total_requests: 0,
      error_rate: null,
      by_hour: [],
    });
  });

  it("is listed page by page, and no page shifts while keys are added", async () => {
    const user = await newUser();
    const { key: mine } = await newKey({ owner_id: user });
    const made = [];
    for (let at = 0; at < 5; at += 1) made.push((await newKey({ owner_id: user })).id);
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = await succeeds<Page<KeyView>>(
        200,
        `GET /v1/keys?limit=2${cursor && `&cursor=${cursor}`}`,
        { key: mine },
      );
      seen.push(...page.items.map(({ id }) => id));
      await newKey({ owner_id: user });
      cursor = page.next_cursor ?? "";
    } while (cursor !== "");
    expect(seen.slice(0, 5)).toEqual(made.toReversed());
    expect(seen).toHaveLength(6);
    for (const garbage of ["x", "%00", "key_"])
      await succeeds(200, `GET /v1/keys?cursor=${garbage}`, { key: mine });
    await refused("invalid_request", `GET /v1/keys?cursor=${"x".repeat(201)}`, { key: mine });
    await refused("invalid_request", "GET /v1/keys?include_revoked=perhaps", { key: mine });
  });

  it("is taken from x-api-key as well, and from the bearer token first", async () => {
    await succeeds(200, "GET /v1/models", { headers: { "x-api-key": key } });
    const headers = { authorization: `bearer  ${key}`, "x-api-key": "garbage" };
    await succeeds(200, "GET /v1/models", { headers });
    for (const authorization of [key, `Token ${key}`, `Bearer ${key} ${key}`])
      await refused("key_missing", "GET /v1/models", { headers: { authorization } });
  });

  const wrong: [string, unknown][] = [
    ["name", ""],
    ["name", "x".repeat(101)],
    ["name", "a\u0000"],
    ["name", "\ud800"],
    ["scopes", []],
    ["scopes", ["__proto__"]],
    ["scopes", ["models:*"]],
    ["scopes", "admin"],
    ["scopes", [...ALL_SCOPES, "predict", "predict"]],
    ["rate_limit", 0],
    ["rate_limit", -1],
    ["rate_limit", 1.5],
    ["rate_limit", "10"],
    ["rate_limit", 100_000_001],
    ["expires_in_days", 0],
    ["expires_in_days", 3_651],
    ["owner_id", "usr_x"],
    ["owner_id", null],
    ["environment", "prod"],
  ];
  it.each(wrong)("is not made with %s %j", async (field, value) => {
    const before = await traces();
    const json = { name: "k", scopes: ["predict"], [field]: value };
    await refused("invalid_request", "POST /v1/keys", { key, json });
    expect(await traces()).toEqual(before);
  });
});

describe("users", () => {
  it("are added and listed page by page by an administrator", async () => {
    const made: UserView[] = [];
    for (const name of ["Ada", "Ada", "Émilie 😀"])
      made.push(await succeeds(201, "POST /v1/users", { key: admin, json: { name } }));
    expect(new Set(made.map(({ id }) => id)).size).toBe(3);
    const seen: UserView[] = [];
    let cursor = "";
    do {
      const page = await succeeds<Page<UserView>>(
        200,
        `GET /v1/users?limit=2${cursor && `&cursor=${cursor}`}`,
        { key: admin },
      );
      seen.push(...page.items);
      cursor = page.next_cursor ?? "";
    } while (cursor !== "");
    expect(seen.slice(-3)).toEqual(made);
    for (const name of ["", "x".repeat(101), "a\nb", "\udfff", 1, null])
      await refused("invalid_request", "POST /v1/users", { key: admin, json: { name } });
  });
});
