import { createRoute } from "@hono/zod-openapi";
import { PredictionPath, PredictionView } from "../../../../contract/prediction.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { readPredictions, unknownPrediction } from "../../predictions/read-predictions.ts";
import { viewPrediction } from "../../predictions/view-prediction.ts";
import { ownedModel } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "getPrediction",
  tags: ["Predictions"],
  summary: "Read a kept prediction",
  method: "get",
  path: "/v1/models/{name}/predictions/{prediction_id}",
  request: { params: PredictionPath },
  responses: {
    200: {
      description: "The prediction",
      content: { "application/json": { schema: PredictionView } },
    },
    ...securedProblems("invalid_request", "model_not_found", "prediction_not_found"),
  },
});

export const getPrediction = operation().openapi(route, async (c) => {
  const { name, prediction_id } = c.req.valid("param");
  const { row } = await ownedModel(c, name);
  const [kept] = await readPredictions(c, row.id, [prediction_id]);
  if (!kept) throw unknownPrediction(prediction_id);
  return c.json(viewPrediction(name, kept), 200);
});
