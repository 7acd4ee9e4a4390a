import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import type { ExperimentView } from "../../../contract/experiment.ts";
import {
  newExperiment,
  newModel,
  runningExperiment,
  scaleModel,
} from "../support/model-fixtures.ts";
import { call, keyOf, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeEach(async () => {
  key = await keyOf();
  await newModel(key, "m", [scaleModel(1), scaleModel(2)]);
});
const remove = (id: string) => succeeds(204, `DELETE /v1/experiments/${id}`, { key });
const end = (id: string, how: string, json: object = {}) =>
  succeeds<ExperimentView>(200, `POST /v1/experiments/${id}/${how}`, { key, json });
const outcome = (variant_id: string) => ({
  outcomes: [{ request_id: "r", variant_id, success: true, latency_ms: 1 }],
});

it("a draft that is given up frees its versions and its name in lists", async () => {
  const { id } = await newExperiment(key, "m");
  await refused("version_in_use", "DELETE /v1/models/m/versions/2", { key });
  await remove(id);
  await refused("experiment_not_found", `GET /v1/experiments/${id}`, { key });
  expect(await succeeds(200, "GET /v1/experiments", { key })).toMatchObject({ items: [] });
  await succeeds(204, "DELETE /v1/models/m", { key });
});

it("one that runs or pauses must be ended first", async () => {
  const { id } = await runningExperiment(key, "m");
  await refused("experiment_active", `DELETE /v1/experiments/${id}`, { key });
  await end(id, "pause");
  await refused("experiment_active", `DELETE /v1/experiments/${id}`, { key });
  expect(await succeeds(200, `GET /v1/experiments/${id}`, { key })).toMatchObject({
    status: "paused",
  });
});

it("one that has ended keeps the version that it serves, and only that, until it is deleted", async () => {
  const { id } = await runningExperiment(key, "m");
  await end(id, "rollback");
  await succeeds(204, "DELETE /v1/models/m/versions/2", { key });
  await refused("version_in_use", "DELETE /v1/models/m/versions/1", { key });
  await remove(id);
  await succeeds(204, "DELETE /v1/models/m/versions/1", { key });
});

it("takes its counts along, and neither a repeat nor an eviction brings it back", async () => {
  const made = await runningExperiment(key, "m");
  await succeeds(200, `POST /v1/experiments/${made.id}/outcomes`, {
    key,
    json: outcome(made.control.variant_id),
  });
  await end(made.id, "rollback");
  await remove(made.id);
  const open = () => env.EXPERIMENT.getByName(made.id);
  await evictDurableObject(open());
  const left = await runInDurableObject(open(), (_, { storage }) =>
    storage.sql.exec("SELECT COUNT(*) AS rows FROM outcome").one(),
  );
  expect(left).toEqual({ rows: 0 });
  for (const path of [
    `DELETE /v1/experiments/${made.id}`,
    `GET /v1/experiments/${made.id}/metrics`,
  ])
    await refused("experiment_not_found", path, { key });
  const json = { request_id: "r2", inputs: { x: [1] } };
  await refused("experiment_not_found", `POST /v1/experiments/${made.id}/predict`, { key, json });
});

it("of a deletion and a start at the same time, one wins and the other is told so", async () => {
  const { id } = await newExperiment(key, "m");
  const replies = await Promise.all([
    call(`DELETE /v1/experiments/${id}`, { key }),
    call(`POST /v1/experiments/${id}/start`, { key }),
  ]);
  expect(replies.map(({ status }) => status).toSorted()).toEqual(
    replies[0]?.status === 204 ? [204, 404] : [200, 409],
  );
});
