import { createRoute } from "@hono/zod-openapi";
import { ExperimentChange, ExperimentPath, UndoRequest } from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { changeExperiment } from "../../experiments/change-experiment.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "undoConclusion",
  tags: ["Experiments"],
  summary: "Take the last conclusion back",
  description:
    "Alias, status and table are as they were before it, by compare-and-set: it is refused when the alias has moved on or a version has been deleted.",
  method: "post",
  path: "/v1/experiments/{id}/undo",
  request: {
    params: ExperimentPath,
    body: { required: true, content: { "application/json": { schema: UndoRequest } } },
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
      "undo_refused",
      "alias_moved",
    ),
  },
});

export const undoConclusion = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const { undo_token } = c.req.valid("json");
  const changed = await changeExperiment(c, id, (actor, by) => actor.undo(undo_token, by));
  return c.json(changed, 200);
});
