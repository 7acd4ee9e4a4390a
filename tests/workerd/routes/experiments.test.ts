import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type { ExperimentChange, ExperimentSummary } from "../../../contract/experiment.ts";
import type { EventView } from "../../../contract/experiment-report.ts";
import type {
  ExperimentPredictResponse,
  RouteResponse,
} from "../../../contract/experiment-traffic.ts";
import type { AliasHistory } from "../../../contract/model.ts";
import {
  newExperiment,
  newModel,
  runningExperiment,
  scaleModel,
} from "../support/model-fixtures.ts";
import { call, keyOf, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "m", [scaleModel(1), scaleModel(2), scaleModel(3)]);
});
const change = (id: string, transition: string, json?: object) =>
  succeeds<ExperimentChange>(200, `POST /v1/experiments/${id}/${transition}`, { key, json });

describe("an experiment", () => {
  it("begins as a draft with the defaults of what was left out", async () => {
    const made = await newExperiment(key, "m");
    expect(made).toMatchObject({
      name: "an experiment",
      description: "",
      status: "draft",
      epoch: 0,
      allocation_strategy: "percentage",
      minimum_sample_size: 1_000,
      confidence_level: 0.95,
      primary_metric: "conversion_rate",
      guardrail_metrics: [],
      rollback: {
        rule: "always_valid",
        false_rollback_rate: 0.05,
        error_rate_threshold: 0.05,
        error_degradation_threshold: 0.1,
        latency_degradation_threshold: 0.2,
        min_requests: 100,
        guardrail_margins: {},
        compare_with: "control",
        mode: "automatic",
        cool_down_seconds: 300,
        no_data: { after_seconds: 3_600, action: "hold" },
      },
      flag_key: null,
      ramp: null,
      bandit: null,
      hash: { algorithm: "linnet" },
      targeting: null,
      layer: null,
      holdout: null,
      budget: { max_requests: null, max_errors: null },
      proposal: null,
      consistency: "leased",
      lease_ms: 1_000,
      alias: "champion",
      start_time: null,
      end_time: null,
      winning_variant_id: null,
      promotion: null,
    });
    expect(made.variants).toMatchObject([
      { name: "m@1", model: "m", version: 1, traffic_weight: "0.5", is_control: true },
      { name: "m@2", model: "m", version: 2, traffic_weight: "0.5", is_control: false },
    ]);
    expect(await succeeds(200, `GET /v1/experiments/${made.id}`, { key })).toEqual(made);
  });

  it("lives from start to end, and tells each step", async () => {
    const { id } = await newExperiment(key, "m", { consistency: "strict" });
    const states = [
      await change(id, "start"),
      await change(id, "pause"),
      await change(id, "resume"),
      await change(id, "rollback", { reason: "complaints" }),
    ];
    expect(states.map(({ status, epoch }) => [status, epoch])).toEqual([
      ["running", 1],
      ["paused", 2],
      ["running", 3],
      ["rolled_back", 4],
    ]);
    for (const { effective_at, updated_at } of states) expect(effective_at).toBe(updated_at);
    expect(states[3]).toMatchObject({ reason: "complaints" });
    expect(states[3]?.end_time).toBe(states[3]?.updated_at);

    const types: string[] = [];
    let cursor: string | null = "0";
    while (cursor !== null) {
      const page: Page<EventView> = await succeeds(
        200,
        `GET /v1/experiments/${id}/events?limit=2&cursor=${cursor}`,
        { key },
      );
      types.push(...page.items.map(({ type }) => type));
      cursor = page.next_cursor;
    }
    expect(types).toEqual(["created", "started", "paused", "resumed", "rolled_back"]);
    for (const garbage of ["x", "-1", "1.5", "1e400", "9007199254740993"])
      await refused("invalid_request", `GET /v1/experiments/${id}/events?cursor=${garbage}`, {
        key,
      });
  });

  it("refuses what its status does not allow, and says what it allows", async () => {
    const { id } = await newExperiment(key, "m");
    for (const transition of ["pause", "resume", "rollback", "conclude"]) {
      const path = `POST /v1/experiments/${id}/${transition}`;
      const { body } = await refused("experiment_transition_refused", path, { key });
      expect(body).toMatchObject({ experiment_status: "draft", allowed: ["start"] });
    }
    await change(id, "start");
    await refused("experiment_transition_refused", `POST /v1/experiments/${id}/start`, { key });
    const { undo_token } = await change(id, "conclude");
    // A repetition of what has been done is answered as the first one was.
    expect(await change(id, "conclude")).toMatchObject({ status: "concluded", undo_token });
    for (const transition of ["start", "pause", "resume", "rollback"]) {
      const path = `POST /v1/experiments/${id}/${transition}`;
      const { body } = await refused("experiment_transition_refused", path, { key });
      expect(body).toMatchObject({ experiment_status: "concluded", allowed: [] });
    }
  });

  it("changed by two in the same way is changed once", async () => {
    const { id } = await newExperiment(key, "m");
    const both = await Promise.all(
      [1, 2].map(() => call(`POST /v1/experiments/${id}/start`, { key })),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect(await succeeds(200, `GET /v1/experiments/${id}`, { key })).toMatchObject({ epoch: 1 });
  });

  it("keeps its versions until it serves them no more", async () => {
    const mine = await keyOf();
    await newModel(mine, "kept");
    const { id } = await runningExperiment(mine, "kept");
    for (const path of ["/v1/models/kept", "/v1/models/kept/versions/2"]) {
      const code = path.endsWith("2") ? "version_in_use" : "model_in_use";
      const { body } = await refused(code, `DELETE ${path}`, { key: mine });
      expect(body).toMatchObject({ experiments: [id], aliases: [] });
    }
    await succeeds(200, `POST /v1/experiments/${id}/rollback`, { key: mine });
    await succeeds(204, "DELETE /v1/models/kept/versions/2", { key: mine });
    await succeeds(200, `GET /v1/experiments/${id}`, { key: mine });
  });
});

describe("a conclusion", () => {
  it("moves the alias to the winner", async () => {
    const { id, candidate } = await runningExperiment(key, "m", { alias: "best" });
    const { variant_id } = candidate;
    const ended = await change(id, "conclude", { winning_variant_id: variant_id });
    const promotion = { model: "m", alias: "best", version: 2, previous_version: null };
    expect(ended).toMatchObject({ status: "concluded", winning_variant_id: variant_id, promotion });
    const alias = await succeeds<AliasHistory>(200, "GET /v1/models/m/aliases/best", { key });
    expect(alias.history).toMatchObject([{ version: 2, by: id }]);
    const routed = await succeeds<RouteResponse>(200, `POST /v1/experiments/${id}/route`, {
      key,
      json: { request_id: "r" },
    });
    expect(routed).toMatchObject({ version: 2, reason: "concluded" });
  });

  it("names a winner that the experiment has", async () => {
    const { id } = await runningExperiment(key, "m");
    for (const winning_variant_id of ["", "none", "__proto__"])
      await refused("winner_unknown", `POST /v1/experiments/${id}/conclude`, {
        key,
        json: { winning_variant_id },
      });
    await change(id, "rollback");
  });

  it("does not take an alias away from a version that is not part of the experiment", async () => {
    const { id, candidate } = await runningExperiment(key, "m", { alias: "theirs" });
    await succeeds(200, "PUT /v1/models/m/aliases/theirs", { key, json: { version: 3 } });
    const { body } = await refused("alias_moved", `POST /v1/experiments/${id}/conclude`, {
      key,
      json: { winning_variant_id: candidate.variant_id },
    });
    expect(body).toMatchObject({ found_version: 3 });
    expect(await change(id, "conclude")).toMatchObject({ status: "concluded", promotion: null });
  });

  it("under way stands in the way of every other change", async () => {
    const { id, candidate } = await runningExperiment(key, "m", { alias: "slow" });
    // As if the actor had died after it wrote the intention and before the alias moved.
    await runInDurableObject(env.EXPERIMENT.getByName(id), async (_, { storage }) => {
      const conclusion = { winning_variant_id: candidate.variant_id, by: "key" };
      storage.sql.exec("UPDATE experiment SET conclusion = ?", JSON.stringify(conclusion));
    });
    await evictDurableObject(env.EXPERIMENT.getByName(id));
    for (const transition of ["start", "pause", "resume", "rollback", "conclude"])
      await refused("experiment_concluding", `POST /v1/experiments/${id}/${transition}`, { key });
  });
});

describe("a request of an experiment", () => {
  it("is not decided before the experiment has started", async () => {
    const { id } = await newExperiment(key, "m");
    const json = { request_id: "r" };
    await refused("experiment_not_started", `POST /v1/experiments/${id}/route`, { key, json });
    await refused("experiment_not_started", `POST /v1/experiments/${id}/predict`, {
      key,
      json: { inputs: { x: [1] } },
    });
  });

  it.each(["strict", "leased"])(
    "keeps a user's variant and goes to the control when paused (%s)",
    async (consistency) => {
      const { id, control } = await runningExperiment(key, "m", { consistency });
      const ask = (json: object) =>
        succeeds<RouteResponse>(200, `POST /v1/experiments/${id}/route`, { key, json });
      const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
      const routes = async () =>
        Promise.all(users.map((user_id) => ask({ request_id: crypto.randomUUID(), user_id })));
      const first = await routes();
      expect(new Set(first.map(({ version }) => version))).toEqual(new Set([1, 2]));
      expect(await routes()).toEqual(first);
      const alone = await Promise.all(
        users.map((request_id) => ask({ request_id, user_id: "one", sticky: false })),
      );
      expect(new Set(alone.map(({ version }) => version))).toEqual(new Set([1, 2]));
      await change(id, "pause");
      for (const { variant_id, reason, epoch } of await routes())
        expect({ variant_id, reason, epoch }).toEqual({
          variant_id: control.variant_id,
          reason: "paused",
          epoch: 2,
        });
    },
  );

  it("is predicted by the model of its variant, under its own id or the request's", async () => {
    const { id } = await runningExperiment(key, "m", { consistency: "strict" });
    const path = `POST /v1/experiments/${id}/predict`;
    for (const request_id of ["first", "second", "é😀"]) {
      const json = { request_id, inputs: { x: [5] } };
      const reply = await succeeds<ExperimentPredictResponse>(200, path, { key, json });
      expect(reply).toMatchObject({ request_id, model: "m", epoch: 1, reason: "assigned" });
      expect(reply.outputs).toEqual({ y: [5 * reply.version] });
    }
    const { body, headers } = await call<ExperimentPredictResponse>(path, {
      key,
      json: { inputs: { x: [5] } },
    });
    expect(body.request_id).toBe(headers.get("x-request-id"));
    await refused("input_missing", path, { key, json: { inputs: {} } });
    await refused("input_unknown", path, { key, json: { inputs: { x: [1], z: [1] } } });
    await refused("input_type", path, { key, json: { inputs: { x: ["1"] } } });
    await refused("input_shape", path, { key, json: { inputs: { x: 1 } } });
  });
});

describe("the list of experiments", () => {
  it("is filtered, searched, ordered and paged, and shows no half-made experiment", async () => {
    const mine = await keyOf();
    await newModel(mine, "listed");
    const names = ["red one", "blue", "red two", "green"];
    const ids: Record<string, string> = {};
    for (const name of names) ids[name] = (await newExperiment(mine, "listed", { name })).id;
    await succeeds(200, `POST /v1/experiments/${ids["blue"]}/start`, { key: mine });
    await env.DB.prepare(
      `INSERT INTO experiment SELECT 'exp_00000000000000000000000000', owner_id, 'half', '', 'creating',
         consistency, NULL, '', 0, 0, NULL, NULL, NULL FROM experiment WHERE id = ?`,
    )
      .bind(ids["blue"])
      .run();
    const list = async (query: string) => {
      const seen: string[] = [];
      let cursor = "";
      do {
        const page = await succeeds<Page<ExperimentSummary>>(
          200,
          `GET /v1/experiments?${query}${cursor && `&cursor=${cursor}`}`,
          { key: mine },
        );
        seen.push(...page.items.map(({ name }) => name));
        cursor = page.next_cursor ?? "";
        if (cursor) await newExperiment(mine, "listed", { name: "later" });
      } while (cursor !== "" && seen.length < 20);
      return seen;
    };
    expect(await list("limit=2")).toEqual(names.toReversed());
    expect(await list("limit=2&order=oldest&search=e")).toEqual(
      expect.arrayContaining(["red one", "blue", "red two", "green"]),
    );
    expect((await list("limit=100&order=oldest")).slice(0, 4)).toEqual(names);
    expect(await list("status=running")).toEqual(["blue"]);
    expect(await list("status=draft&search=RED")).toEqual(["red two", "red one"]);
    expect(await list("status=concluded")).toEqual([]);
    expect(await list(`search=${"x".repeat(64)}`)).toEqual([]);
    expect(await list("search=half")).toEqual([]);
    const half = "GET /v1/experiments/exp_00000000000000000000000000";
    await refused("experiment_not_found", half, { key: mine });
    for (const query of ["status=creating", "status=", "order=name", `search=${"x".repeat(65)}`])
      await refused("invalid_request", `GET /v1/experiments?${query}`, { key: mine });
    for (const cursor of ["garbage", "exp_", "%00", "'", "9"])
      await succeeds(200, `GET /v1/experiments?cursor=${cursor}`, { key: mine });
  });
});
