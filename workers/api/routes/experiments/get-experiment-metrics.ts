import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { MetricsReport } from "../../../../contract/experiment-report.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { readReport } from "../../experiments/read-report.ts";
import { viewMetrics } from "../../experiments/view-metrics.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "getExperimentMetrics",
  tags: ["Experiments"],
  summary: "The counts, rates and latencies of every variant",
  method: "get",
  path: "/v1/experiments/{id}/metrics",
  request: { params: ExperimentPath },
  responses: {
    200: { description: "The metrics", content: { "application/json": { schema: MetricsReport } } },
    ...securedProblems("invalid_request", "experiment_not_found"),
  },
});

export const getExperimentMetrics = operation().openapi(route, async (c) =>
  c.json(viewMetrics(await readReport(c, c.req.valid("param").id)), 200),
);
