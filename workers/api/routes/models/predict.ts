import { createRoute } from "@hono/zod-openapi";
import { ModelPath } from "../../../../contract/model.ts";
import { PredictQuery, PredictRequest, PredictResponse } from "../../../../contract/predict.ts";
import { takesRaw } from "../../../../domain/models/details.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { inferenceProblem } from "../../prediction/inference-problem.ts";
import { PREDICT_PROBLEMS } from "../../prediction/predict-problems.ts";
import {
  CHOSEN_BY_CALLER,
  KEEP_PROBLEMS,
  keepingOf,
  keepRun,
} from "../../predictions/keep-predictions.ts";
import { nestedOutputs, runInputs } from "../../prediction/run-model.ts";
import { leaseVersion } from "../../leases/model-leases.ts";

const route = createRoute({
  ...secured("predict"),
  operationId: "predict",
  tags: ["Inference"],
  summary: "Run a model",
  description:
    "Without `version` or `alias`: the alias `champion`, or the latest version where there is none. An input with preprocessing (`details` of the version) takes raw texts or images, one for each row, or its tensor as {shape, data}.",
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
      ...KEEP_PROBLEMS,
      "model_not_found",
      "version_not_found",
      "alias_not_found",
    ),
  },
});

export const predict = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("param");
  const { inputs, store } = c.req.valid("json");
  const { details, ...found } = await leaseVersion(c, name, c.req.valid("query"));
  const { model_id, version } = found;
  const keeping = keepingOf(c, found, store);
  const model = { ...found, prepares: takesRaw(details) };
  const { feeds, result, latency_ms } = await runInputs(c, model, inputs, keeping !== null);
  if (!result.ok) throw inferenceProblem(result.error);
  const { outputs, timing } = result.value;
  const run = { model_id, version, ...CHOSEN_BY_CALLER, feeds, outputs };
  const kept = await keepRun(c, keeping, run);
  const answer = { model: name, version, outputs: nestedOutputs(outputs), latency_ms, timing };
  return c.json({ ...answer, ...kept }, 200);
});
