import { createRoute } from "@hono/zod-openapi";
import {
  ConcludeRequest,
  ExperimentChange,
  ExperimentPath,
} from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { changeExperiment } from "../../experiments/change-experiment.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "concludeExperiment",
  tags: ["Experiments"],
  summary: "End an experiment, with a winner or without",
  description:
    "The winner gets all traffic, and the experiment's alias moves to its version in the same step. Without a winner the control keeps all traffic. Repeating it changes nothing. `undo_token` takes it back with POST …/undo.",
  method: "post",
  path: "/v1/experiments/{id}/conclude",
  request: {
    params: ExperimentPath,
    body: { required: false, content: { "application/json": { schema: ConcludeRequest } } },
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
      "epoch_moved",
      "winner_unknown",
      "alias_moved",
    ),
  },
});

export const concludeExperiment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const { winning_variant_id: winner, expected_epoch } = c.req.valid("json");
  const changed = await changeExperiment(c, id, (actor, by) =>
    actor.change("conclude", { by, winner, expected_epoch }),
  );
  return c.json(changed, 200);
});
