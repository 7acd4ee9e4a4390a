import { createRoute } from "@hono/zod-openapi";
import { ExplainDriftBody } from "../../../../contract/explain-body.ts";
import { DriftExplanationView } from "../../../../contract/explanation.ts";
import { answerExplanation } from "../../explanations/answer-explanation.ts";
import { SVG_ANSWER } from "../../http/pictures.ts";
import { explainDrift as findDrift } from "../../explanations/explain-drift.ts";
import { EXPLAIN_PROBLEMS } from "../../explanations/explain-problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "explainDrift",
  tags: ["Explanations"],
  summary: "Tell whether a model goes by other features than it did",
  description:
    "Explains live rows and rows of a baseline, and compares the mean absolute contribution of each feature. As JSON, or as a picture with `Accept: image/svg+xml`.",
  method: "post",
  path: "/v1/explanations/drift",
  request: {
    body: { required: true, content: { "application/json": { schema: ExplainDriftBody } } },
  },
  responses: {
    200: {
      description: "What has changed",
      content: { "application/json": { schema: DriftExplanationView }, ...SVG_ANSWER },
    },
    ...securedProblems(...EXPLAIN_PROBLEMS),
  },
});

export const explainDrift = operation().openapi(route, async (c) => {
  const { row, cached } = await findDrift(c, c.req.valid("json"));
  return answerExplanation(c, row, cached, {});
});
