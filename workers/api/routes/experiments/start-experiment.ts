import { createRoute } from "@hono/zod-openapi";
import { ExperimentChange, ExperimentPath } from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { changeExperiment } from "../../experiments/change-experiment.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "startExperiment",
  tags: ["Experiments"],
  summary: "Start a draft",
  description: "Traffic is split by the weights from now on.",
  method: "post",
  path: "/v1/experiments/{id}/start",
  request: { params: ExperimentPath },
  responses: {
    200: {
      description: "The experiment",
      content: { "application/json": { schema: ExperimentChange } },
    },
    ...securedProblems(
      "invalid_request",
      "experiment_not_found",
      "experiment_transition_refused",
      "experiment_concluding",
    ),
  },
});

export const startExperiment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const changed = await changeExperiment(c, id, (actor, by) => actor.change("start", { by }));
  return c.json(changed, 200);
});
