import { createRoute } from "@hono/zod-openapi";
import { ModelPath } from "../../../../contract/model.ts";
import { PredictionPruneQuery, PrunedPredictions } from "../../../../contract/prediction.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel } from "../../registry/owned-model.ts";

const DAY_MS = 86_400_000;

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "prunePredictions",
  tags: ["Predictions"],
  summary: "Delete the kept predictions of a model, or the old ones",
  description: "Explanations that were made of them stay; they are deleted as such.",
  method: "delete",
  path: "/v1/models/{name}/predictions",
  request: { params: ModelPath, query: PredictionPruneQuery },
  responses: {
    200: {
      description: "How many are gone",
      content: { "application/json": { schema: PrunedPredictions } },
    },
    ...securedProblems("invalid_request", "model_not_found"),
  },
});

export const prunePredictions = operation().openapi(route, async (c) => {
  const { row } = await ownedModel(c, c.req.valid("param").name);
  const { older_than_days } = c.req.valid("query");
  const before = older_than_days === undefined ? null : Date.now() + 1 - older_than_days * DAY_MS;
  const deleted = await callActor(
    () => c.env.PREDICTIONS.getByName(row.id),
    (log) => log.removeBefore(before),
  );
  return c.json({ deleted }, 200);
});
