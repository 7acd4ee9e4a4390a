import { createRoute } from "@hono/zod-openapi";
import { ModelPath } from "../../../../contract/model.ts";
import { PredictionListQuery, PredictionPage } from "../../../../contract/prediction.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";
import { summarisePrediction } from "../../predictions/view-prediction.ts";
import { ownedModel } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "listPredictions",
  tags: ["Predictions"],
  summary: "List the kept predictions of a model, newest first",
  method: "get",
  path: "/v1/models/{name}/predictions",
  request: { params: ModelPath, query: PredictionListQuery },
  responses: {
    200: {
      description: "A page of predictions, without their inputs and outputs",
      content: { "application/json": { schema: PredictionPage } },
    },
    ...securedProblems("invalid_request", "model_not_found"),
  },
});

export const listPredictions = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("param");
  const { limit, cursor, version, experiment_id } = c.req.valid("query");
  const { row } = await ownedModel(c, name);
  const rows = await callActor(
    () => c.env.PREDICTIONS.getByName(row.id),
    (log) => log.list({ version, experiment_id, before: cursor, limit: limit + 1 }),
  );
  return c.json(
    toPage(
      rows,
      limit,
      ({ prediction_id }) => prediction_id,
      (one) => summarisePrediction(name, one),
    ),
    200,
  );
});
