import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import {
  ExperimentPredictRequest,
  ExperimentPredictResponse,
} from "../../../../contract/experiment-traffic.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { inferenceProblem } from "../../prediction/inference-problem.ts";
import { PREDICT_PROBLEMS } from "../../prediction/predict-problems.ts";
import { KEEP_PROBLEMS, keepRun } from "../../predictions/keep-predictions.ts";
import { nestedOutputs, runInputs } from "../../prediction/run-model.ts";
import { decideRequest } from "../../leases/experiment-leases.ts";
import { noteExposed, noteServed } from "../../leases/served-outcomes.ts";

const route = createRoute({
  ...secured("predict"),
  operationId: "predictWithExperiment",
  tags: ["Experiments"],
  summary: "Run the model of the variant that this request gets",
  description:
    "The request is counted for its variant by itself. Report with the same `request_id` what came of it, and the report completes that count.",
  method: "post",
  path: "/v1/experiments/{id}/predict",
  request: {
    params: ExperimentPath,
    body: { required: true, content: { "application/json": { schema: ExperimentPredictRequest } } },
  },
  responses: {
    200: {
      description: "The outputs",
      content: { "application/json": { schema: ExperimentPredictResponse } },
    },
    ...securedProblems(
      ...PREDICT_PROBLEMS,
      ...KEEP_PROBLEMS,
      "model_not_found",
      "experiment_not_found",
      "experiment_not_started",
      "variant_unknown",
    ),
  },
});

export const predictWithExperiment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const { inputs, store, request_id = c.get("trace").request_id, ...asked } = c.req.valid("json");
  const unit = { request_id, ...asked };
  const decision = await decideRequest(c, id, unit);
  const { variant_id, model, model_id, version } = decision.variant;
  const { feeds, result, latency_ms } = await runInputs(c, decision.variant, inputs, store);
  const served = { request_id, variant_id, epoch: decision.epoch, success: result.ok, latency_ms };
  noteExposed(c, decision, unit);
  await noteServed(c, decision, { ...served, metrics: {} });
  if (!result.ok) throw inferenceProblem(result.error);
  const { outputs, timing } = result.value;
  const run = { model_id, version, experiment_id: id, variant_id, feeds, outputs };
  const kept = await keepRun(c, store ? "stored" : null, run);
  const { epoch, reason } = decision;
  const chosen = { request_id, variant_id, model, version, epoch, reason };
  const answer = { ...chosen, outputs: nestedOutputs(outputs), latency_ms, timing };
  return c.json({ ...answer, ...kept }, 200);
});
