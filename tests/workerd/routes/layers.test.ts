import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type { LayerSummary, LayerView } from "../../../contract/layer.ts";
import { openDirectory } from "../../../database/directory.ts";
import { findExperiment, reserveExperiment } from "../../../database/experiments.ts";
import { reserveLayer } from "../../../database/layers.ts";
import type { ExperimentStatus, LayerShare } from "../../../domain/experiments/experiment.ts";
import { releaseLayer } from "../../../durable-objects/experiment/release-layer.ts";
import { claimLayer, heldOutOf } from "../../../workers/api/experiments/layer-share.ts";
import type { AppEnv } from "../../../workers/api/http/app-env.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { ApiProblem } from "../../../workers/api/http/problem.ts";
import { granted } from "../support/granted.ts";
import { newExperiment, newModel } from "../support/model-fixtures.ts";
import { during } from "../support/outage.ts";
import { call, keyOf, newKey, newUser, refused, succeeds } from "../support/platform.ts";

let key = "";
let owner_id = "";
beforeAll(async () => {
  owner_id = await newUser();
  ({ key } = await newKey({ owner_id }));
});

const put = (status: 200 | 201, name: string, json: object = {}) =>
  succeeds<LayerView>(status, `PUT /v1/layers/${name}`, { key, json });
const get = (name: string) => succeeds<LayerView>(200, `GET /v1/layers/${name}`, { key });

/** An experiment of the owner as the directory knows it; its actor is not named. */
async function listedExperiment(status: ExperimentStatus | "creating", age = 0) {
  const id = newId("exp");
  const at = Date.now() - age;
  await reserveExperiment(openDirectory(env.DB), {
    id,
    owner_id,
    name: "an experiment",
    description: "",
    status,
    consistency: "leased",
    flag_key: null,
    idempotency_key: null,
    request_hash: "",
    created_at: at,
    updated_at: at,
    started_at: null,
    ended_at: null,
  });
  return id;
}

/** What a route that calls it for this owner gets, or the code of the problem. */
async function inRoute<T>(
  work: (c: Parameters<typeof heldOutOf>[0]) => Promise<T>,
  owner = owner_id,
): Promise<T | { code: string; detail: string }> {
  const answers: (T | { code: string; detail: string })[] = [];
  const principal = { key_id: "key_caller", owner_id: owner, scopes: [] };
  const app = new Hono<AppEnv>().get("/", async (c) => {
    // Only who calls is read of an admission.
    c.set("admission", { principal } as unknown as AppEnv["Variables"]["admission"]);
    answers.push(await work(c));
    return c.body(null);
  });
  app.onError((error, c) => {
    if (!(error instanceof ApiProblem)) throw error;
    answers.push({ code: error.code, detail: error.message });
    return c.body(null);
  });
  await app.request("/", {}, env);
  const [answer] = answers;
  if (answer === undefined) throw new Error("nothing was answered");
  return answer;
}
const claim = (name: string, share: string, id: string, owner?: string) =>
  inRoute((c) => claimLayer(c, { name, share }, id), owner);
const sizesOf = (share: unknown) => (share as LayerShare).intervals.map(([from, to]) => to - from);

describe("a layer", () => {
  it("is created, read, listed, changed and deleted", async () => {
    const made = await put(201, "checkout", { description: "the pages", holdout: "0.05" });
    expect(made).toMatchObject({ name: "checkout", description: "the pages", holdout: "0.05" });
    expect(made).toMatchObject({ free: "0.95", holders: [] });
    expect(await get("checkout")).toEqual(made);
    const { free: _, holders: __, ...summary } = made;
    const { items } = await succeeds<Page<LayerSummary>>(200, "GET /v1/layers", { key });
    expect(items).toContainEqual(summary);

    const changed = await put(200, "checkout", { holdout: "0.1" });
    expect(changed).toMatchObject({ id: made.id, description: "the pages", holdout: "0.1" });
    expect(await get("checkout")).toEqual(changed);
    expect(await succeeds(204, "DELETE /v1/layers/checkout", { key })).toBeNull();
    await refused("layer_not_found", "GET /v1/layers/checkout", { key });
    await refused("layer_not_found", "DELETE /v1/layers/checkout", { key });
  });

  it("holds nothing out and has no description unless it is told to", async () => {
    expect(await put(201, "bare")).toMatchObject({ description: "", holdout: "0", free: "1" });
  });

  it("is another one when its name is used again", async () => {
    const { id } = await put(201, "again", { holdout: "0.5" });
    await succeeds(204, "DELETE /v1/layers/again", { key });
    const second = await put(201, "again");
    expect(second.id).not.toBe(id);
    expect(second.holdout).toBe("0");
  });

  it("is made once by many who make it at the same time", async () => {
    const racers = [1, 2, 3, 4].map(() =>
      call<LayerView>("PUT /v1/layers/raced", { key, json: {} }),
    );
    const replies = await Promise.all(racers);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 201]);
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
  });

  it("has a name that another owner may use for a layer of its own", async () => {
    const mine = await put(201, "shared-name", { holdout: "0.5" });
    const other = { key: await keyOf(), json: {} };
    const theirs = await succeeds<LayerView>(201, "PUT /v1/layers/shared-name", other);
    expect(theirs).toMatchObject({ holdout: "0" });
    expect(await get("shared-name")).toEqual(mine);
  });

  it.each(["1.5", "-0.1", "5%", "0.0000000000001", "", 0.05])(
    "cannot hold out %j, and nothing is made",
    async (holdout) => {
      const { body } = await refused("invalid_request", "PUT /v1/layers/odd", {
        key,
        json: { holdout },
      });
      expect(body.errors).toMatchObject([{ pointer: "#/holdout" }]);
      await refused("layer_not_found", "GET /v1/layers/odd", { key });
    },
  );

  it("is listed page by page, newest first", async () => {
    const mine = await keyOf();
    const names = ["first", "second", "third", "fourth", "fifth"];
    for (const name of names)
      await succeeds(201, `PUT /v1/layers/${name}`, { key: mine, json: {} });
    const seen: string[] = [];
    let cursor = "";
    do {
      const path = `GET /v1/layers?limit=2${cursor && `&cursor=${cursor}`}`;
      const page = await succeeds<Page<LayerSummary>>(200, path, { key: mine });
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next_cursor ?? "";
    } while (cursor !== "");
    expect(seen).toEqual(names.toReversed());
  });
});

describe("a share of a layer", () => {
  it("is claimed, shown with its experiment, and free again after its release", async () => {
    const { id: layer_id } = await put(201, "claimed", { holdout: "0.1" });
    const experiment_id = await listedExperiment("running");
    const share = await claim("claimed", "0.3", experiment_id);
    expect(share).toMatchObject({ layer_id, name: "claimed", salt: layer_id });
    expect(sizesOf(share)).toEqual([300_000_000_000]);
    const holder = { experiment_id, share: "0.3", free_at: null };
    expect(await get("claimed")).toMatchObject({ holdout: "0.1", free: "0.6", holders: [holder] });

    const free_at = Date.now() + 60_000;
    await releaseLayer(env, layer_id, experiment_id, free_at);
    const released = { ...holder, free_at: new Date(free_at).toISOString() };
    expect(await get("claimed")).toMatchObject({ free: "0.6", holders: [released] });
  });

  it("is as much as was asked for, or refused with what is free", async () => {
    await put(201, "small", { holdout: "0.9" });
    const id = await listedExperiment("draft");
    expect(await claim("small", "0.100000000001", id)).toEqual({
      code: "layer_full",
      detail: "0.1 of layer 'small' is free",
    });
    expect(sizesOf(await claim("small", "0.1", id))).toEqual([100_000_000_000]);
    const { body } = await refused("layer_full", "PUT /v1/layers/small", {
      key,
      json: { holdout: "0.95" },
    });
    expect(body).toMatchObject({ detail: "0 of layer 'small' is free", free: "0" });
    expect(await get("small")).toMatchObject({ holdout: "0.9", free: "0" });
  });

  it("keeps its layer from being deleted", async () => {
    const { id: layer_id } = await put(201, "used");
    const id = await listedExperiment("running");
    await claim("used", "0.5", id);
    const { body } = await refused("layer_in_use", "DELETE /v1/layers/used", { key });
    expect(body).toMatchObject({ experiments: [id], detail: `still used by experiment ${id}` });
    await releaseLayer(env, layer_id, id, Date.now() + 60_000);
    await succeeds(204, "DELETE /v1/layers/used", { key });
  });

  it("cannot be nothing, or no decimal from 0 to 1", async () => {
    await put(201, "exact");
    const id = await listedExperiment("draft");
    for (const share of ["0", "0.0", "1.1", "a tenth", "0.0000000000001"])
      expect(await claim("exact", share, id)).toMatchObject({ code: "weights_invalid" });
    expect(await get("exact")).toMatchObject({ free: "1", holders: [] });
  });

  it("is of one's own layer only", async () => {
    await put(201, "private", { holdout: "0.1" });
    const stranger = await newUser();
    const missing = { code: "layer_not_found" };
    expect(await claim("private", "0.1", newId("exp"), stranger)).toMatchObject(missing);
    expect(await inRoute((c) => heldOutOf(c, "private"), stranger)).toMatchObject(missing);
    expect(sizesOf(await inRoute((c) => heldOutOf(c, "private")))).toEqual([100_000_000_000]);
    expect(await get("private")).toMatchObject({ holders: [] });
  });
});

describe("a share of an experiment that is no more", () => {
  const MINUTE = 60_000;

  it("is given to who needs it, if the experiment was never finished", async () => {
    await put(201, "half-made");
    const dead = await listedExperiment("creating", 11 * MINUTE);
    await claim("half-made", "0.8", dead);
    expect(sizesOf(await claim("half-made", "0.5", await listedExperiment("draft")))).toHaveLength(
      1,
    );
    expect(await findExperiment(openDirectory(env.DB), dead)).toBeUndefined();
  });

  it("stays for a creation of the last ten minutes", async () => {
    await put(201, "in-the-making");
    await claim("in-the-making", "0.8", await listedExperiment("creating", 9 * MINUTE));
    const answer = await claim("in-the-making", "0.5", await listedExperiment("draft"));
    expect(answer).toMatchObject({ code: "layer_full" });
  });

  it("stays for an experiment of which only the directory does not know that it is there", async () => {
    await put(201, "lagging");
    await newModel(key, "lagging-model");
    const { id } = await newExperiment(key, "lagging-model");
    await env.DB.prepare("UPDATE experiment SET status = 'creating', created_at = 0 WHERE id = ?")
      .bind(id)
      .run();
    await claim("lagging", "0.8", id);
    const answer = await claim("lagging", "0.5", await listedExperiment("draft"));
    expect(answer).toMatchObject({ code: "layer_full" });
    expect(await get("lagging")).toMatchObject({ holders: [{ experiment_id: id, free_at: null }] });
  });

  it("stays while the longest lease lasts, if the experiment may have run", async () => {
    await put(201, "gone");
    await claim("gone", "0.8", newId("exp"));
    const next = await listedExperiment("draft");
    const detail =
      "0.2 of layer 'gone' is free, and 0.8 more once the leases of the experiments that ended are over";
    expect(await claim("gone", "0.5", next)).toEqual({ code: "layer_full", detail });
    vi.setSystemTime(Date.now() + MINUTE);
    try {
      expect(sizesOf(await claim("gone", "0.5", next))).toEqual([500_000_000_000]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("does not keep its layer from being deleted", async () => {
    await put(201, "forsaken");
    await claim("forsaken", "0.8", newId("exp"));
    await succeeds(204, "DELETE /v1/layers/forsaken", { key });
  });
});

describe("a layer that was left half done", () => {
  const reserved = async (name: string) => {
    const id = newId("lyr");
    const times = { created_at: 1_000, updated_at: 1_000 };
    const row = { id, owner_id, name, description: "", holdout: "0", ...times };
    await reserveLayer(openDirectory(env.DB), row);
    return id;
  };

  it("by its creation is finished by the next", async () => {
    const id = await reserved("unfinished");
    await refused("layer_not_found", "GET /v1/layers/unfinished", { key });
    expect(await put(201, "unfinished", { holdout: "0.2" })).toMatchObject({ id });
    expect(await get("unfinished")).toMatchObject({ id, holdout: "0.2" });
  });

  it("by its creation can be deleted", async () => {
    await reserved("unwanted");
    await succeeds(204, "DELETE /v1/layers/unwanted", { key });
    await refused("layer_not_found", "DELETE /v1/layers/unwanted", { key });
  });

  it("by its removal leaves its name free, though the directory still has it", async () => {
    const { id } = await put(201, "lingering", { holdout: "0.3" });
    await during("D1", () => granted(env.LAYER.getByName(id).remove(id)));
    await refused("layer_not_found", "GET /v1/layers/lingering", { key });
    const second = await put(201, "lingering");
    expect(second.id).not.toBe(id);
    expect(await get("lingering")).toEqual(second);
  });
});
