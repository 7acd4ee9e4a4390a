import { createRoute } from "@hono/zod-openapi";
import { ExplainBatchBody } from "../../../../contract/explain-body.ts";
import { ExplanationList } from "../../../../contract/explanation.ts";
import { JobView } from "../../../../contract/job.ts";
import { explainBatch as explainAll } from "../../explanations/explain-batch.ts";
import { EXPLAIN_PROBLEMS } from "../../explanations/explain-problem.ts";
import { viewExplanation } from "../../explanations/view-explanation.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { acceptedJob } from "../../jobs/view-job.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "explainBatch",
  tags: ["Explanations"],
  summary: "Explain many rows",
  description:
    "Those that are cached are not computed again. What is more work than a call may do becomes a job (202), which explains the rows by and by.",
  method: "post",
  path: "/v1/explanations/batch",
  request: {
    body: { required: true, content: { "application/json": { schema: ExplainBatchBody } } },
  },
  responses: {
    200: {
      description: "The explanations, in the order of the rows",
      content: { "application/json": { schema: ExplanationList } },
    },
    202: { description: "The job", content: { "application/json": { schema: JobView } } },
    ...securedProblems(...EXPLAIN_PROBLEMS),
  },
});

export const explainBatch = operation().openapi(route, async (c) => {
  const answer = await explainAll(c, c.req.valid("json"));
  if ("later" in answer) return acceptedJob(c, answer.later);
  return c.json({ items: answer.now.map(({ row, cached }) => viewExplanation(row, cached)) }, 200);
});
