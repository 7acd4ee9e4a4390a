import { createRoute } from "@hono/zod-openapi";
import {
  ExperimentChange,
  ExperimentPath,
  ProposalRequest,
} from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { changeExperiment } from "../../experiments/change-experiment.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "answerProposal",
  tags: ["Experiments"],
  summary: "Decide on a rollback that waits for approval",
  description: "A dismissed proposal is not made again for `cool_down_seconds`.",
  method: "post",
  path: "/v1/experiments/{id}/proposal",
  request: {
    params: ExperimentPath,
    body: { required: true, content: { "application/json": { schema: ProposalRequest } } },
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
      "proposal_missing",
    ),
  },
});

export const answerProposal = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const { decision } = c.req.valid("json");
  const changed = await changeExperiment(c, id, (actor, by) => actor.answerProposal(decision, by));
  return c.json(changed, 200);
});
