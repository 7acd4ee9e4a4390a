import { createRoute } from "@hono/zod-openapi";
import { Budget, ExperimentChange, ExperimentPath } from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { changeExperiment } from "../../experiments/change-experiment.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "changeExperimentBudget",
  tags: ["Experiments"],
  summary: "Change how much harm the canaries may do",
  description:
    "A canary request is paid for before it is made, so the limit holds worldwide. An experiment that its budget has paused goes on when you resume it.",
  method: "put",
  path: "/v1/experiments/{id}/budget",
  request: {
    params: ExperimentPath,
    body: { required: true, content: { "application/json": { schema: Budget } } },
  },
  responses: {
    200: {
      description: "The experiment",
      content: { "application/json": { schema: ExperimentChange } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "experiment_not_found",
      "experiment_concluding",
      "experiment_transition_refused",
    ),
  },
});

export const changeBudget = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const budget = c.req.valid("json");
  const changed = await changeExperiment(c, id, (actor, by) => actor.changeBudget(budget, by));
  return c.json(changed, 200);
});
