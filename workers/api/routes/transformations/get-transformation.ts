import { createRoute } from "@hono/zod-openapi";
import {
  TransformationPath,
  TransformationStateView,
} from "../../../../contract/transformation.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import {
  describeTransformation,
  ownedTransformation,
} from "../../transformations/start-transformation.ts";
import { viewTransformation } from "../../transformations/view-transformation.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getTransformation",
  tags: ["Transformations"],
  summary: "Read how far a transformation is, and what it has made",
  method: "get",
  path: "/v1/transformations/{id}",
  request: { params: TransformationPath },
  responses: {
    200: {
      description: "The transformation",
      content: { "application/json": { schema: TransformationStateView } },
    },
    ...securedProblems("invalid_request", "transformation_not_found"),
  },
});

export const getTransformation = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  await ownedTransformation(c, id);
  return c.json(viewTransformation(await describeTransformation(c, id)), 200);
});
