import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type { AliasHistory, ModelView, VersionView } from "../../../contract/model.ts";
import {
  newExperiment,
  newModel,
  OCTETS,
  scaleModel,
  traces,
  upload,
} from "../support/model-fixtures.ts";
import { call, keyOf, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeAll(async () => {
  key = await keyOf();
});

const sha256 = async (bytes: Uint8Array) =>
  Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
const put = (name: string, body: Uint8Array) =>
  call<VersionView>(`PUT /v1/models/${name}/versions`, { key, body, headers: OCTETS });

describe("a model", () => {
  it("is created, read, listed and deleted", async () => {
    const json = { name: "a.model-1", description: "first\n\tthen second" };
    const made = await succeeds<ModelView>(201, "POST /v1/models", { key, json });
    expect(made).toMatchObject({ ...json, latest_version: null, aliases: [] });
    expect(await succeeds(200, "GET /v1/models/a.model-1", { key })).toEqual(made);
    const { items } = await succeeds<Page<ModelView>>(200, "GET /v1/models", { key });
    expect(items).toContainEqual(made);
    expect(await succeeds(204, "DELETE /v1/models/a.model-1", { key })).toBeNull();
    await refused("model_not_found", "GET /v1/models/a.model-1", { key });
    await refused("model_not_found", "DELETE /v1/models/a.model-1", { key });
  });

  it("has a name that nobody else of its owner's has, and that is free again once it is gone", async () => {
    const { id } = await newModel(key, "taken", []);
    const before = await traces();
    await refused("model_name_taken", "POST /v1/models", { key, json: { name: "taken" } });
    expect(await traces()).toEqual(before);
    await newModel(await keyOf(), "taken", []);
    await succeeds(204, "DELETE /v1/models/taken", { key });
    expect((await newModel(key, "taken", [])).id).not.toBe(id);
  });

  it("is made once by two who make it at the same time", async () => {
    const json = { name: "raced" };
    const both = await Promise.all([1, 2].map(() => call("POST /v1/models", { key, json })));
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
  });

  it("takes its versions, aliases and bytes along when it is deleted", async () => {
    const before = await traces();
    await newModel(key, "whole");
    await succeeds(200, "PUT /v1/models/whole/aliases/old", { key, json: { version: 1 } });
    const { body } = await refused("model_in_use", "DELETE /v1/models/whole", { key });
    expect(body).toMatchObject({ aliases: ["old"], experiments: [] });
    await succeeds(204, "DELETE /v1/models/whole/aliases/old", { key });
    await succeeds(204, "DELETE /v1/models/whole", { key });
    expect(await traces()).toEqual(before);
  });

  it("is found by part of its name or description, wildcards meaning themselves", async () => {
    const mine = await keyOf();
    for (const [name, description] of [
      ["alpha", "rates 100% of loans"],
      ["beta", "Rates 100 loans"],
      ["gamma_x", "nothing"],
    ])
      await succeeds(201, "POST /v1/models", { key: mine, json: { name, description } });
    const found = async (search: string) =>
      (
        await succeeds<Page<ModelView>>(
          200,
          `GET /v1/models?order=name&search=${encodeURIComponent(search)}`,
          { key: mine },
        )
      ).items.map(({ name }) => name);
    expect(await found("RATES")).toEqual(["alpha", "beta"]);
    expect(await found("100%")).toEqual(["alpha"]);
    expect(await found("_")).toEqual(["gamma_x"]);
    expect(await found("\\")).toEqual([]);
    expect(await found("a")).toEqual(["alpha", "beta", "gamma_x"]);
    expect(await found("")).toEqual(["alpha", "beta", "gamma_x"]);
    expect(await found("x".repeat(64))).toEqual([]);
    expect(await found("'; DROP TABLE model; --")).toEqual([]);
  });

  it("is listed in each order, page by page, and no page shifts while models are added", async () => {
    const mine = await keyOf();
    const made = ["m3", "m1", "m4", "m2", "m5"];
    for (const name of made) await newModel(mine, name, []);
    const expected = { newest: made.toReversed(), oldest: made, name: made.toSorted() };
    for (const [order, names] of Object.entries(expected)) {
      const seen: string[] = [];
      let cursor = "";
      do {
        const query = `limit=2&order=${order}${cursor && `&cursor=${cursor}`}`;
        const page = await succeeds<Page<ModelView>>(200, `GET /v1/models?${query}`, { key: mine });
        expect(page.items.length).toBeLessThanOrEqual(2);
        seen.push(...page.items.map(({ name }) => name));
        cursor = page.next_cursor ?? "";
        // Comes before what was read in two orders and after it in the third.
        const name = `a-${order}-${seen.length}`;
        const added = order !== "oldest" && cursor !== "";
        if (added) await newModel(mine, name, []);
        if (added && order === "name")
          await succeeds(204, `DELETE /v1/models/${name}`, { key: mine });
      } while (cursor !== "");
      expect(
        seen.filter((name) => made.includes(name)),
        order,
      ).toEqual(names);
      expect(new Set(seen).size).toBe(seen.length);
    }
  });
});

describe("a version", () => {
  it("is uploaded, read, listed, downloaded and deleted", async () => {
    await newModel(key, "versioned", []);
    const bytes = scaleModel(3);
    const version = await succeeds<VersionView>(
      201,
      "PUT /v1/models/versioned/versions?description=a%20first",
      { key, body: bytes, headers: OCTETS },
    );
    expect(version).toMatchObject({
      model: "versioned",
      version: 1,
      sha256: await sha256(bytes),
      size_bytes: bytes.length,
      description: "a first",
      inputs: [{ name: "x", type: "float32", shape: ["n"] }],
      outputs: [{ name: "y", type: "float32", shape: ["n"] }],
    });
    expect(await succeeds(200, "GET /v1/models/versioned/versions/1", { key })).toEqual(version);
    const listed = await succeeds(200, "GET /v1/models/versioned/versions", { key });
    expect(listed).toEqual({ items: [version], next_cursor: null });
    const file = await call("GET /v1/models/versioned/versions/1/content", { key });
    expect(file.body).toEqual(bytes);
    expect(file.headers.get("etag")).toBe(`"${version.sha256}"`);
    expect(file.headers.get("content-length")).toBe(String(bytes.length));
    expect(file.headers.get("content-disposition")).toBe('attachment; filename="versioned-1.onnx"');
    await succeeds(204, "DELETE /v1/models/versioned/versions/1", { key });
    for (const path of ["", "/content"])
      await refused("version_not_found", `GET /v1/models/versioned/versions/1${path}`, { key });
    await refused("version_not_found", "DELETE /v1/models/versioned/versions/1", { key });
    expect((await upload(key, "versioned", bytes)).version).toBe(2);
  });

  it("is the same when the same bytes are sent again", async () => {
    await newModel(key, "again", []);
    const first = await put("again", scaleModel(4));
    const { objects } = await env.MODELS.list();
    const second = await put("again", scaleModel(4));
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual(first.body);
    expect((await env.MODELS.list()).objects.map((each) => each.key)).toEqual(
      objects.map((each) => each.key),
    );
  });

  it("is one when the same bytes are sent at the same time", async () => {
    await newModel(key, "together", []);
    const before = await traces();
    const replies = await Promise.all([1, 2, 3, 4].map(() => put("together", scaleModel(5))));
    for (const { status, body } of replies) {
      expect([200, 201]).toContain(status);
      expect(body).toEqual(replies[0]?.body);
    }
    const after = await traces();
    expect(after.objects.length).toBe(before.objects.length + 1);
    expect(after.versions).toBe((before.versions ?? 0) + 1);
  });

  it("gets the next number when other bytes are sent at the same time", async () => {
    await newModel(key, "apart", []);
    const replies = await Promise.all([6, 7, 8].map((factor) => put("apart", scaleModel(factor))));
    expect(replies.map(({ body }) => body.version).toSorted()).toEqual([1, 2, 3]);
    const pages: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query = `limit=1${cursor && `&cursor=${cursor}`}`;
      const page: Page<VersionView> = await succeeds(
        200,
        `GET /v1/models/apart/versions?${query}`,
        { key },
      );
      pages.push(...page.items.map(({ version }) => version));
      cursor = page.next_cursor;
    }
    expect(pages).toEqual([3, 2, 1]);
  });

  it("is kept while an alias points at it", async () => {
    await newModel(key, "pointed");
    await succeeds(200, "PUT /v1/models/pointed/aliases/champion", { key, json: { version: 1 } });
    const { body } = await refused("version_in_use", "DELETE /v1/models/pointed/versions/1", {
      key,
    });
    expect(body).toMatchObject({ aliases: ["champion"], experiments: [] });
    await succeeds(204, "DELETE /v1/models/pointed/versions/2", { key });
    expect(await succeeds(200, "GET /v1/models/pointed", { key })).toMatchObject({
      latest_version: 1,
    });
  });

  it("whose bytes storage has lost says so, and asks for a retry", async () => {
    const { id } = await newModel(key, "lost", [scaleModel(9)]);
    await env.MODELS.delete(`models/${id}/${await sha256(scaleModel(9))}`);
    await refused("model_bytes_missing", "GET /v1/models/lost/versions/1/content", { key });
  });
});

describe("an alias", () => {
  const at = "/v1/models/aliased/aliases/champion";
  beforeAll(() => newModel(key, "aliased"));

  it("points at a version, moves, tells its history and goes", async () => {
    await refused("alias_not_found", `GET ${at}`, { key });
    await refused("alias_not_found", `DELETE ${at}`, { key });
    await refused("version_not_found", `PUT ${at}`, { key, json: { version: 3 } });
    for (const version of [1, 2, 2]) await succeeds(200, `PUT ${at}`, { key, json: { version } });
    const { aliases } = await succeeds<ModelView>(200, "GET /v1/models/aliased", { key });
    const alias = await succeeds<AliasHistory>(200, `GET ${at}`, { key });
    expect(aliases).toEqual([{ alias: "champion", version: 2, updated_at: alias.updated_at }]);
    await succeeds(204, `DELETE ${at}`, { key });
    await succeeds(200, `PUT ${at}`, { key, json: { version: 1 } });
    const { history } = await succeeds<AliasHistory>(200, `GET ${at}`, { key });
    expect(history.map(({ version, previous_version }) => [version, previous_version])).toEqual([
      [1, null],
      [null, 2],
      [2, 1],
      [1, null],
    ]);
  });

  it("moved again after the answer was lost is found moved, and its history has one move", async () => {
    const path = "/v1/models/aliased/aliases/repeated";
    const json = { version: 1, expected_version: null };
    for (const _ of [1, 2]) {
      const { history } = await succeeds<AliasHistory>(200, `PUT ${path}`, { key, json });
      expect(history).toHaveLength(1);
    }
  });

  it("moved by two from the same place goes to one of them", async () => {
    const path = "/v1/models/aliased/aliases/raced";
    const move = (version: number, expected_version: number | null) =>
      call(`PUT ${path}`, { key, json: { version, expected_version } });
    const first = await Promise.all([move(1, null), move(2, null)]);
    expect(first.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const { version } = await succeeds<AliasHistory>(200, `GET ${path}`, { key });
    const other = version === 1 ? 2 : 1;
    const json = { version: other, expected_version: other };
    const { body } = await refused("alias_moved", `PUT ${path}`, { key, json });
    expect(body).toMatchObject({ found_version: version });
  });
});

it("a version that very many experiments use is still refused to be deleted, naming them", async () => {
  const { id } = await newModel(key, "popular", [scaleModel(1), scaleModel(2)]);
  const { id: experiment } = await newExperiment(key, "popular");
  const actor = env.MODEL.getByName(id);
  const ghosts = Array.from({ length: 150 }, (_, index) => `exp_ghost${index}`);
  for (const ghost of ghosts) await actor.claim(ghost, 1);
  // Claims of experiments that are none are dropped on the way; D1 binds 100 parameters at most.
  const { body } = await refused("version_in_use", "DELETE /v1/models/popular/versions/1", { key });
  expect(body).toMatchObject({ experiments: [experiment] });
});
