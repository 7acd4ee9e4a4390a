import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { OutcomesReport, ReportOutcomes } from "../../../../contract/experiment-traffic.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { forgetLease, leaseRouting } from "../../leases/experiment-leases.ts";
import { sendOutcomes } from "../../leases/served-outcomes.ts";

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
  const lease = await leaseRouting(c, id);
  const answer = await sendOutcomes(c.env, lease, { outcomes, exposures: [], source: "reported" });
  if (answer.status !== lease.table.status) forgetLease(id);
  return c.json(answer, 200);
});
