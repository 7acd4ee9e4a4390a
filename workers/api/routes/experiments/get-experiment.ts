import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath, ExperimentView } from "../../../../contract/experiment.ts";
import type {
  ExperimentRefusal,
  ExperimentSnapshot,
} from "../../../../contract/experiment-lease.ts";
import type { Result } from "../../../../domain/result.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { experimentProblem } from "../../experiments/experiment-problem.ts";
import { viewExperiment } from "../../experiments/view-experiment.ts";
import { ownedExperiment } from "../../leases/experiment-leases.ts";

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
  const open = await ownedExperiment(c, id);
  const found: Result<ExperimentSnapshot, ExperimentRefusal> = await callActor(open, (actor) =>
    actor.describe(),
  );
  if (!found.ok) throw experimentProblem(id, found.error);
  return c.json(viewExperiment(found.value), 200);
});
