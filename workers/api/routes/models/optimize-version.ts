import { createRoute } from "@hono/zod-openapi";
import { VersionPath } from "../../../../contract/model.ts";
import { OptimizeRequest, OptimizeResult } from "../../../../contract/optimize.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { COMPUTE_PROBLEMS } from "../../optimization/compute-problem.ts";
import { optimizeVersion as makeVersion } from "../../optimization/optimize-version.ts";
import { viewOptimized } from "../../optimization/view-optimized.ts";
import { DATA_PROBLEMS } from "../../prediction/predict-problems.ts";
import { ownedVersion, viewVersion } from "../../registry/owned-model.ts";

const answer = { content: { "application/json": { schema: OptimizeResult } } };

const route = createRoute({
  ...secured("models:write"),
  operationId: "optimizeVersion",
  tags: ["Models"],
  summary: "Make a smaller or faster version of a version",
  description:
    "Quantises, halves or rewrites the model, measures both on the data, and makes the new version where it passes the gate. The same result is the same version.",
  method: "post",
  path: "/v1/models/{name}/versions/{version}/optimize",
  request: {
    params: VersionPath,
    body: { required: true, content: { "application/json": { schema: OptimizeRequest } } },
  },
  responses: {
    200: { ...answer, description: "A dry run, or a version that has these bytes already" },
    201: { ...answer, description: "The new version, and both in numbers" },
    ...securedProblems(
      ...JSON_PROBLEMS,
      ...DATA_PROBLEMS,
      ...COMPUTE_PROBLEMS,
      "release_gate_failed",
      "model_not_found",
      "version_not_found",
    ),
  },
});

export const optimizeVersion = operation().openapi(route, async (c) => {
  const { name, version } = c.req.valid("param");
  const { target, found } = await ownedVersion(c, name, version);
  const { made, measured } = await makeVersion(c, target, found, c.req.valid("json"));
  const view = made && viewVersion(name, made.version);
  return c.json(viewOptimized(view, measured), made?.created === true ? 201 : 200);
});
