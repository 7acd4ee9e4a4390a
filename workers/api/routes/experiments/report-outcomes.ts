import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { OutcomesReport, ReportOutcomes } from "../../../../contract/experiment-traffic.ts";
import type { ExperimentRefusal, RecordedOutcomes } from "../../../../contract/experiment-lease.ts";
import type { Result } from "../../../../domain/result.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { experimentProblem } from "../../experiments/experiment-problem.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { forgetLease, ownedExperiment } from "../../leases/experiment-leases.ts";

const route = createRoute({
  ...secured("outcomes:write"),
  operationId: "reportOutcomes",
  tags: ["Experiments"],
  summary: "Report what came of requests",
  description:
    "Each `request_id` counts once, however often it is sent. What is accepted is durable. `status` tells whether a guardrail has rolled the experiment back.",
  method: "post",
  path: "/v1/experiments/{id}/outcomes",
  request: {
    params: ExperimentPath,
    body: { required: true, content: { "application/json": { schema: ReportOutcomes } } },
  },
  responses: {
    200: {
      description: "What was counted",
      content: { "application/json": { schema: OutcomesReport } },
    },
    ...securedProblems(...JSON_PROBLEMS, "experiment_not_found", "experiment_not_started"),
  },
});

export const reportOutcomes = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const outcomes = c.req
    .valid("json")
    .outcomes.map(({ metrics = {}, ...outcome }) => ({ ...outcome, metrics }));
  const open = await ownedExperiment(c, id);
  const answer: Result<RecordedOutcomes, ExperimentRefusal> = await callActor(open, (actor) =>
    actor.record(outcomes, "reported"),
  );
  if (!answer.ok) throw experimentProblem(id, answer.error);
  if (answer.value.status !== "running") forgetLease(id);
  return c.json(answer.value, 200);
});
