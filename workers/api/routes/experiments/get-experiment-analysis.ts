import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { AnalysisQuery, AnalysisReport } from "../../../../contract/experiment-report.ts";
import { analyse } from "../../../../domain/experiments/analysis.ts";
import { formatWeight } from "../../../../domain/experiments/weight.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ApiProblem } from "../../http/problem.ts";
import { instant } from "../../http/times.ts";
import { readReport } from "../../experiments/read-report.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "getExperimentAnalysis",
  tags: ["Experiments"],
  summary: "Whether a variant differs from the control",
  description:
    "For the primary metric or the one you name: a textbook test, which holds for one look at a sample size fixed before, and `sequential`, which holds however often you look. The evidence of the guardrails and of the sample ratio, and the epochs that all of it is stratified by, are there too.",
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
  const query = c.req.valid("query");
  const report = await readReport(c, id);
  const { definition, state } = report;
  const { minimum_sample_size } = definition;
  const metric = query.metric ?? definition.primary_metric;
  const confidence_level = query.confidence_level ?? definition.confidence_level;
  const analysis = analyse(definition, report, { ...query, metric, confidence_level });
  if (!analysis.ok) {
    const { pointer, detail } = analysis.error;
    throw new ApiProblem("invalid_request", detail, { errors: [{ pointer, detail }] });
  }
  const epochs = report.epochs.map(({ epoch, at, status, weights }) => ({
    epoch,
    at: instant(at),
    status,
    weights: Object.fromEntries(
      definition.variants.map(({ variant_id }, index) => [
        variant_id,
        formatWeight(weights[index] ?? 0),
      ]),
    ),
  }));
  const asked = { experiment_id: id, status: state.status, metric, confidence_level };
  return c.json({ ...asked, minimum_sample_size, ...analysis.value, epochs }, 200);
});
