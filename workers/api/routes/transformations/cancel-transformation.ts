import { createRoute } from "@hono/zod-openapi";
import {
  TransformationPath,
  TransformationStateView,
} from "../../../../contract/transformation.ts";
import type { TransformationDetails } from "../../../../contract/transformation-work.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ApiProblem } from "../../http/problem.ts";
import { ownedTransformation } from "../../transformations/start-transformation.ts";
import { unknownTransformation } from "../../transformations/transformation-problem.ts";
import { viewTransformation } from "../../transformations/view-transformation.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "cancelTransformation",
  tags: ["Transformations"],
  summary: "Cancel a transformation",
  description: "Versions that it has made by then stay.",
  method: "post",
  path: "/v1/transformations/{id}/cancel",
  request: { params: TransformationPath },
  responses: {
    200: {
      description: "The transformation",
      content: { "application/json": { schema: TransformationStateView } },
    },
    ...securedProblems("invalid_request", "transformation_not_found", "transformation_ended"),
  },
});

export const cancelTransformation = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const done = await callActor(await ownedTransformation(c, id), (actor) => actor.cancel());
  if (done.ok) return c.json(viewTransformation(done.value as TransformationDetails), 200);
  if (done.error.code === "transformation_not_found") throw unknownTransformation(id);
  const { status } = done.error;
  throw new ApiProblem("transformation_ended", `it has ${status}; it cannot be cancelled`, {
    status_of_transformation: status,
  });
});
