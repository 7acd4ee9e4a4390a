import { createRoute } from "@hono/zod-openapi";
import {
  ExperimentChange,
  ExperimentPath,
  RollbackRequest,
} from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { changeExperiment } from "../../experiments/change-experiment.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "rollbackExperiment",
  tags: ["Experiments"],
  summary: "Send everybody to the control, for good",
  description: "No decision goes to another variant after `effective_at`.",
  method: "post",
  path: "/v1/experiments/{id}/rollback",
  request: {
    params: ExperimentPath,
    body: { required: false, content: { "application/json": { schema: RollbackRequest } } },
  },
  responses: {
    200: {
      description: "The experiment",
      content: { "application/json": { schema: ExperimentChange } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "experiment_not_found",
      "experiment_transition_refused",
      "experiment_concluding",
    ),
  },
});

export const rollbackExperiment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const { reason } = c.req.valid("json");
  const changed = await changeExperiment(c, id, (actor, by) =>
    actor.change("rollback", { by, reason }),
  );
  return c.json(changed, 200);
});
