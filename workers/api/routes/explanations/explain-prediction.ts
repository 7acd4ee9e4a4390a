import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { ExplainBody } from "../../../../contract/explain-body.ts";
import { ExplanationView, PlotQuery } from "../../../../contract/explanation.ts";
import { JobView } from "../../../../contract/job.ts";
import { answerExplanation } from "../../explanations/answer-explanation.ts";
import { accepts, SVG_ANSWER } from "../../http/pictures.ts";
import { EVENT_STREAM, streamExplanation } from "../../explanations/stream-explanation.ts";
import { explainOrJob } from "../../explanations/explain-or-job.ts";
import { EXPLAIN_PROBLEMS } from "../../explanations/explain-problem.ts";
import { explainRows } from "../../explanations/explain-rows.ts";
import { readExplanation, workOf } from "../../explanations/read-explanation.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { acceptedJob } from "../../jobs/view-job.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "explainPrediction",
  tags: ["Explanations"],
  summary: "Explain what a model says of one row",
  description:
    "As JSON; as a picture with `Accept: image/svg+xml`; with `Accept: text/event-stream` as `estimate` events from coarse to fine and an `explanation` at the end. What is more work than an answer may do becomes a job (202), unless it is streamed.",
  method: "post",
  path: "/v1/explanations",
  request: {
    query: PlotQuery,
    body: { required: true, content: { "application/json": { schema: ExplainBody } } },
  },
  responses: {
    200: {
      description: "The explanation",
      content: {
        "application/json": { schema: ExplanationView },
        ...SVG_ANSWER,
        [EVENT_STREAM]: { schema: z.string() },
      },
    },
    202: { description: "The job", content: { "application/json": { schema: JobView } } },
    ...securedProblems(...EXPLAIN_PROBLEMS),
  },
});

export const explainPrediction = operation().openapi(route, async (c) => {
  const asked = await readExplanation(c, c.req.valid("json"));
  if (accepts(c, EVENT_STREAM)) return streamExplanation(c, asked);
  const { origin, keeping } = asked;
  const answer = await explainOrJob(c, asked.call, workOf(asked), (call) =>
    explainRows(c, call, [origin], keeping),
  );
  if ("later" in answer) return acceptedJob(c, answer.later);
  const [found] = answer.now;
  if (!found) throw new Error("a row was not explained");
  return answerExplanation(c, found.row, found.cached, c.req.valid("query"));
});
