import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { ExplainedAssignment, UnitQuery } from "../../../../contract/experiment-assignment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { explainUnit, viewExplanation } from "../../experiments/explain-unit.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "explainAssignment",
  tags: ["Experiments"],
  summary: "Why a unit has its variant",
  description:
    "The hash and position of the unit, the interval of the ledger that it falls into, and the epoch. It enrols nobody.",
  method: "get",
  path: "/v1/experiments/{id}/explain",
  request: { params: ExperimentPath, query: UnitQuery },
  responses: {
    200: {
      description: "The assignment",
      content: { "application/json": { schema: ExplainedAssignment } },
    },
    ...securedProblems("invalid_request", "experiment_not_found", "experiment_not_started"),
  },
});

export const explainAssignment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const query = c.req.valid("query");
  return c.json(viewExplanation(await explainUnit(c, id, query), query.unit), 200);
});
