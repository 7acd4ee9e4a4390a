import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath, ReweighRequest, ReweighResult } from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { reweighExperiment } from "../../experiments/reweigh-experiment.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "reweighExperiment",
  tags: ["Experiments"],
  summary: "Change the weights, moving the fewest units",
  description:
    "A change back returns the same units. `dry_run` answers what it would move and changes nothing.",
  method: "post",
  path: "/v1/experiments/{id}/weights",
  request: {
    params: ExperimentPath,
    body: { required: true, content: { "application/json": { schema: ReweighRequest } } },
  },
  responses: {
    200: {
      description: "What moved, or would move",
      content: { "application/json": { schema: ReweighResult } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "experiment_not_found",
      "experiment_concluding",
      "experiment_transition_refused",
      "weights_invalid",
      "variant_unknown",
      "epoch_moved",
      "movement_too_large",
    ),
  },
});

export const reweigh = operation().openapi(route, async (c) =>
  c.json(await reweighExperiment(c, c.req.valid("param").id, c.req.valid("json")), 200),
);
