import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { AssignmentView, UnitQuery } from "../../../../contract/experiment-assignment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { explainUnit, viewAssignment } from "../../experiments/explain-unit.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "getAssignment",
  tags: ["Experiments"],
  summary: "Look up which variant a unit has",
  description: "It enrols nobody, counts nothing and spends no budget.",
  method: "get",
  path: "/v1/experiments/{id}/assignment",
  request: { params: ExperimentPath, query: UnitQuery },
  responses: {
    200: {
      description: "The assignment",
      content: { "application/json": { schema: AssignmentView } },
    },
    ...securedProblems("invalid_request", "experiment_not_found", "experiment_not_started"),
  },
});

export const getAssignment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(viewAssignment(await explainUnit(c, id, c.req.valid("query"))), 200);
});
