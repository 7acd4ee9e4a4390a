import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import {
  ExperimentPredictRequest,
  ExperimentPredictResponse,
} from "../../../../contract/experiment-traffic.ts";
import { feedsFromJson } from "../../../../domain/tensors/feeds-from-json.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { inferenceProblem, inputProblem } from "../../prediction/inference-problem.ts";
import { PREDICT_PROBLEMS } from "../../prediction/predict-problems.ts";
import { nestedOutputs, runModel } from "../../prediction/run-model.ts";
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
      "experiment_not_found",
      "experiment_not_started",
      "variant_unknown",
    ),
  },
});

export const predictWithExperiment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const { inputs, request_id = c.get("trace").request_id, ...asked } = c.req.valid("json");
  const unit = { request_id, ...asked };
  const decision = await decideRequest(c, id, unit);
  const { variant_id, model, version, ref, signature } = decision.variant;
  const fed = feedsFromJson(signature, inputs);
  if (!fed.ok) throw inputProblem(fed.error);

  const { result, latency_ms } = await runModel(c, ref, fed.value.feeds);
  const served = { request_id, variant_id, epoch: decision.epoch, success: result.ok, latency_ms };
  noteExposed(c, decision, unit);
  await noteServed(c, decision, { ...served, metrics: {} });
  if (!result.ok) throw inferenceProblem(result.error);
  const { outputs, timing } = result.value;
  const { epoch, reason } = decision;
  const chosen = { request_id, variant_id, model, version, epoch, reason };
  return c.json({ ...chosen, outputs: nestedOutputs(outputs), latency_ms, timing }, 200);
});
