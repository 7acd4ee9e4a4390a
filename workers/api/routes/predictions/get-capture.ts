import { createRoute } from "@hono/zod-openapi";
import { ModelPath } from "../../../../contract/model.ts";
import { CaptureView } from "../../../../contract/prediction.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { viewCapture } from "../../predictions/view-capture.ts";
import { ownedModel } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "getCapture",
  tags: ["Predictions"],
  summary: "Which share of a model's predictions is kept, and what is kept now",
  method: "get",
  path: "/v1/models/{name}/capture",
  request: { params: ModelPath },
  responses: {
    200: { description: "The setting", content: { "application/json": { schema: CaptureView } } },
    ...securedProblems("invalid_request", "model_not_found"),
  },
});

export const getCapture = operation().openapi(route, async (c) => {
  const { row, open } = await ownedModel(c, c.req.valid("param").name);
  const setting = await callActor(open, (actor) => actor.captureSetting());
  return c.json(await viewCapture(c, row, setting), 200);
});
