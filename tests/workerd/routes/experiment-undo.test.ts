import { beforeAll, describe, expect, it } from "vitest";
import type { ExperimentChange, ExperimentView } from "../../../contract/experiment.ts";
import type { RouteResponse } from "../../../contract/experiment-traffic.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import { newModel, runningExperiment, scaleModel } from "../support/model-fixtures.ts";
import { keyOf, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "m", [scaleModel(1), scaleModel(2), scaleModel(3)]);
});
const change = <T = ExperimentChange>(id: string, what: string, json?: object) =>
  succeeds<T>(200, `POST /v1/experiments/${id}/${what}`, { key, json });
const refusal = (code: ProblemCode, id: string, what: string, json?: object) =>
  refused(code, `POST /v1/experiments/${id}/${what}`, { key, json });
const view = (id: string) => succeeds<ExperimentView>(200, `GET /v1/experiments/${id}`, { key });
describe("POST /undo", () => {
  const concluded = async (alias: string) => {
    const { id, candidate } = await runningExperiment(key, "m", { alias });
    const winner = { winning_variant_id: candidate.variant_id, expected_epoch: 1 };
    const { undo_token = "" } = await change(id, "conclude", winner);
    return { id, candidate, undo_token, winner };
  };

  it("takes a conclusion back, and says the same when it is repeated", async () => {
    const { id, undo_token } = await concluded("undone");
    await succeeds(200, "GET /v1/models/m/aliases/undone", { key });
    const undone = await change(id, "undo", { undo_token });
    expect(undone).toMatchObject({ status: "running", epoch: 3, promotion: null, end_time: null });
    expect(undone.undo_token).toBeUndefined();
    await refused("alias_not_found", "GET /v1/models/m/aliases/undone", { key });
    expect(await change(id, "undo", { undo_token })).toMatchObject({ status: "running", epoch: 3 });
    const route = await change<RouteResponse>(id, "route", { request_id: "r" });
    expect(route).toMatchObject({ epoch: 3, reason: "assigned" });
  });

  it("is refused with another token, or when somebody moved the alias on", async () => {
    const { id, undo_token } = await concluded("moved-on");
    const other = await concluded("another");
    for (const token of ["x", other.undo_token])
      await refusal("undo_refused", id, "undo", { undo_token: token });
    for (const json of [{}, { undo_token: "" }, { undo_token: "x".repeat(101) }])
      await refusal("invalid_request", id, "undo", json);
    await succeeds(200, "PUT /v1/models/m/aliases/moved-on", { key, json: { version: 3 } });
    const { body } = await refusal("alias_moved", id, "undo", { undo_token });
    expect(body).toMatchObject({ found_version: 3 });
    expect(await view(id)).toMatchObject({ status: "concluded" });
  });

  it("is shown by no other answer than a conclusion's, and repeated by that", async () => {
    const { id, undo_token, winner } = await concluded("shown");
    expect(await view(id)).not.toHaveProperty("undo_token");
    expect(await change(id, "conclude", winner)).toMatchObject({ undo_token });
  });
});

it("a conclusion is refused in another epoch than was thought", async () => {
  const { id, candidate } = await runningExperiment(key, "m");
  const winner = { winning_variant_id: candidate.variant_id };
  await refusal("epoch_moved", id, "conclude", { ...winner, expected_epoch: 2 });
  await change(id, "rollback");
});
