import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath, ExperimentView } from "../../../../contract/experiment.ts";
import type { ExperimentSnapshot } from "../../../../contract/experiment-lease.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { askExperiment } from "../../experiments/ask-experiment.ts";
import { viewExperiment } from "../../experiments/view-experiment.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "getExperiment",
  tags: ["Experiments"],
  summary: "Get an experiment",
  method: "get",
  path: "/v1/experiments/{id}",
  request: { params: ExperimentPath },
  responses: {
    200: {
      description: "The experiment",
      content: { "application/json": { schema: ExperimentView } },
    },
    ...securedProblems("invalid_request", "experiment_not_found"),
  },
});

export const getExperiment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const found = await askExperiment<ExperimentSnapshot>(c, id, (actor) => actor.describe());
  return c.json(viewExperiment(found), 200);
});
