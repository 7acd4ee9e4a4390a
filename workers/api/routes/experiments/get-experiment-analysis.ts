import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { AnalysisQuery, AnalysisReport } from "../../../../contract/experiment-report.ts";
import { analyse } from "../../../../domain/experiments/analysis.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { againstControl, readReport } from "../../experiments/read-report.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "getExperimentAnalysis",
  tags: ["Experiments"],
  summary: "Whether a variant differs from the control",
  description:
    "A two-proportion z-test for rates, Welch's t-test otherwise, for the primary metric or the one you name. The p-value holds for one look at a sample size fixed before.",
  method: "get",
  path: "/v1/experiments/{id}/analysis",
  request: { params: ExperimentPath, query: AnalysisQuery },
  responses: {
    200: {
      description: "The analysis",
      content: { "application/json": { schema: AnalysisReport } },
    },
    ...securedProblems("invalid_request", "experiment_not_found"),
  },
});

export const getExperimentAnalysis = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const { definition, state, variants: reports } = await readReport(c, id);
  const { confidence_level, minimum_sample_size, primary_metric, guardrail_metrics } = definition;
  const metric = c.req.valid("query").metric ?? primary_metric;
  const { control, variants } = againstControl(reports);
  const analysis = analyse({
    control,
    variants,
    metric,
    confidenceLevel: confidence_level,
    minimumSampleSize: minimum_sample_size,
    guardrails: guardrail_metrics,
  });
  const { status } = state;
  return c.json(
    { experiment_id: id, status, metric, confidence_level, minimum_sample_size, ...analysis },
    200,
  );
});
