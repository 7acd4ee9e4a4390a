import { createRoute } from "@hono/zod-openapi";
import type { ComputeError, Inspection } from "../../../../contract/compute.ts";
import { VersionPath } from "../../../../contract/model.ts";
import { InspectQuery, InspectResult } from "../../../../contract/optimize.ts";
import type { Result } from "../../../../domain/result.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { COMPUTE_PROBLEMS, computeProblem } from "../../optimization/compute-problem.ts";
import { ownedVersion } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("models:read"),
  operationId: "inspectVersion",
  tags: ["Models"],
  summary: "Look into the ONNX file of a version",
  description: "Its operators, weights, cost of a run, and what is against the rules of ONNX.",
  method: "get",
  path: "/v1/models/{name}/versions/{version}/inspect",
  request: { params: VersionPath, query: InspectQuery },
  responses: {
    200: {
      description: "What the model is made of",
      content: { "application/json": { schema: InspectResult } },
    },
    ...securedProblems(
      "invalid_request",
      ...COMPUTE_PROBLEMS,
      "model_not_found",
      "version_not_found",
    ),
  },
});

export const inspectVersion = operation().openapi(route, async (c) => {
  const { name, version } = c.req.valid("param");
  const { batch } = c.req.valid("query");
  const { found } = await ownedVersion(c, name, version);
  const options = batch === undefined ? {} : { batch };
  const answer = (await c.env.COMPUTE.inspect(found.ref, options, c.get("trace"))) as Result<
    Inspection,
    ComputeError
  >;
  if (!answer.ok) throw computeProblem(answer.error);
  const { summary, problems } = answer.value;
  return c.json({ model: name, version, ...summary, problems }, 200);
});
