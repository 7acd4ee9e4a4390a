import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { askExperiment } from "../../experiments/ask-experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { forgetLease } from "../../leases/experiment-leases.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "deleteExperiment",
  tags: ["Experiments"],
  summary: "Delete a draft or an experiment that has ended",
  description:
    "Its counts and events go with it, it serves no more requests, and the versions it used may be deleted.",
  method: "delete",
  path: "/v1/experiments/{id}",
  request: { params: ExperimentPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems("invalid_request", "experiment_not_found", "experiment_active"),
  },
});

export const deleteExperiment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  await askExperiment<null>(c, id, (actor) => actor.remove());
  forgetLease(id);
  return c.body(null, 204);
});
