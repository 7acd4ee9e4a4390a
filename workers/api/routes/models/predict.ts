import { createRoute } from "@hono/zod-openapi";
import { ModelPath } from "../../../../contract/model.ts";
import { PredictQuery, PredictRequest, PredictResponse } from "../../../../contract/predict.ts";
import { feedsFromJson } from "../../../../domain/tensors/feeds-from-json.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { inferenceProblem, inputProblem } from "../../prediction/inference-problem.ts";
import { PREDICT_PROBLEMS } from "../../prediction/predict-problems.ts";
import { nestedOutputs, runModel } from "../../prediction/run-model.ts";
import { leaseVersion } from "../../leases/model-leases.ts";

const route = createRoute({
  ...secured("predict"),
  operationId: "predict",
  tags: ["Inference"],
  summary: "Run a model",
  description:
    "Without `version` or `alias`: the alias `champion`, or the latest version where there is none.",
  method: "post",
  path: "/v1/models/{name}/predict",
  request: {
    params: ModelPath,
    query: PredictQuery,
    body: { required: true, content: { "application/json": { schema: PredictRequest } } },
  },
  responses: {
    200: {
      description: "The outputs",
      content: { "application/json": { schema: PredictResponse } },
    },
    ...securedProblems(
      ...PREDICT_PROBLEMS,
      "model_not_found",
      "version_not_found",
      "alias_not_found",
    ),
  },
});

export const predict = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("param");
  const { version, ref, signature } = await leaseVersion(c, name, c.req.valid("query"));
  const fed = feedsFromJson(signature, c.req.valid("json").inputs);
  if (!fed.ok) throw inputProblem(fed.error);
  const { result, latency_ms } = await runModel(c, ref, fed.value.feeds);
  if (!result.ok) throw inferenceProblem(result.error);
  const { outputs, timing } = result.value;
  return c.json({ model: name, version, outputs: nestedOutputs(outputs), latency_ms, timing }, 200);
});
