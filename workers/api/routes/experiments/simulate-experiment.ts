import { createRoute } from "@hono/zod-openapi";
import { SimulateRequest, SimulationReport } from "../../../../contract/experiment-plan.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { simulatePlan } from "../../experiments/simulate-plan.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "simulateExperiment",
  tags: ["Experiments"],
  summary: "Play a planned experiment against synthetic traffic",
  description:
    "How long it would take to roll back, how many requests the canary would have harmed by then, and how often it would err. The same plan and seed give the same answer.",
  method: "post",
  path: "/v1/experiments/simulate",
  request: {
    body: { required: true, content: { "application/json": { schema: SimulateRequest } } },
  },
  responses: {
    200: {
      description: "What came of the replications",
      content: { "application/json": { schema: SimulationReport } },
    },
    ...securedProblems(...JSON_PROBLEMS),
  },
});

export const simulateExperiment = operation().openapi(route, (c) =>
  c.json(simulatePlan(c.req.valid("json")), 200),
);
