import { createRoute } from "@hono/zod-openapi";
import { PredictionPath } from "../../../../contract/prediction.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { unknownPrediction } from "../../predictions/read-predictions.ts";
import { ownedModel } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "deletePrediction",
  tags: ["Predictions"],
  summary: "Delete a kept prediction",
  method: "delete",
  path: "/v1/models/{name}/predictions/{prediction_id}",
  request: { params: PredictionPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems("invalid_request", "model_not_found", "prediction_not_found"),
  },
});

export const deletePrediction = operation().openapi(route, async (c) => {
  const { name, prediction_id } = c.req.valid("param");
  const { row } = await ownedModel(c, name);
  const removed = await callActor(
    () => c.env.PREDICTIONS.getByName(row.id),
    (log) => log.remove([prediction_id]),
  );
  if (removed === 0) throw unknownPrediction(prediction_id);
  return c.body(null, 204);
});
