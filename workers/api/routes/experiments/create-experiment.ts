import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { IdempotencyKey } from "../../../../contract/common.ts";
import { CreateExperiment, ExperimentView } from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { defineExperiment } from "../../experiments/define-experiment.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { viewExperiment } from "../../experiments/view-experiment.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "createExperiment",
  tags: ["Experiments"],
  summary: "Define an experiment",
  description:
    "It begins as a draft. With an `Idempotency-Key` a repeated request answers with the first one's experiment.",
  method: "post",
  path: "/v1/experiments",
  request: {
    headers: z.object({ "idempotency-key": IdempotencyKey.optional() }),
    body: { required: true, content: { "application/json": { schema: CreateExperiment } } },
  },
  responses: {
    201: {
      description: "The experiment",
      content: { "application/json": { schema: ExperimentView } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "weights_invalid",
      "control_invalid",
      "variants_duplicate",
      "variants_incompatible",
      "allocation_invalid",
      "ramp_invalid",
      "bandit_invalid",
      "split_invalid",
      "targeting_invalid",
      "flag_key_taken",
      "layer_not_found",
      "layer_full",
      "model_not_found",
      "version_not_found",
      "idempotency_key_reused",
    ),
  },
});

export const createExperiment = operation().openapi(route, async (c) => {
  const idempotencyKey = c.req.valid("header")["idempotency-key"] ?? null;
  const snapshot = await defineExperiment(c, c.req.valid("json"), idempotencyKey);
  return c.json(viewExperiment(snapshot), 201);
});
