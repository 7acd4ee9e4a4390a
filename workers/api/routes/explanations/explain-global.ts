import { createRoute } from "@hono/zod-openapi";
import { ExplainGlobalBody } from "../../../../contract/explain-body.ts";
import { GlobalExplanationView, GlobalPlotQuery } from "../../../../contract/explanation.ts";
import { JobView } from "../../../../contract/job.ts";
import { answerExplanation } from "../../explanations/answer-explanation.ts";
import { SVG_ANSWER } from "../../http/pictures.ts";
import { explainGlobal as explainAll } from "../../explanations/explain-global.ts";
import { EXPLAIN_PROBLEMS } from "../../explanations/explain-problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { acceptedJob } from "../../jobs/view-job.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "explainGlobal",
  tags: ["Explanations"],
  summary: "Explain what a model goes by, over many rows",
  description:
    "Importances, their stability, interactions, dependence on the features, and segments by prediction. As JSON, or as a picture with `Accept: image/svg+xml`. What is more work than a call may do becomes a job (202).",
  method: "post",
  path: "/v1/explanations/global",
  request: {
    query: GlobalPlotQuery,
    body: { required: true, content: { "application/json": { schema: ExplainGlobalBody } } },
  },
  responses: {
    200: {
      description: "The explanation",
      content: { "application/json": { schema: GlobalExplanationView }, ...SVG_ANSWER },
    },
    202: { description: "The job", content: { "application/json": { schema: JobView } } },
    ...securedProblems(...EXPLAIN_PROBLEMS),
  },
});

export const explainGlobal = operation().openapi(route, async (c) => {
  const answer = await explainAll(c, c.req.valid("json"));
  if ("later" in answer) return acceptedJob(c, answer.later);
  const { row, cached } = answer.now;
  return answerExplanation(c, row, cached, c.req.valid("query"));
});
