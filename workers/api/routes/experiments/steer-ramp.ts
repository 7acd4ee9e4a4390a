import { createRoute } from "@hono/zod-openapi";
import { ExperimentChange, ExperimentPath, RampRequest } from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { changeExperiment } from "../../experiments/change-experiment.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "steerRamp",
  tags: ["Experiments"],
  summary: "Approve, hold, release or move a ramp",
  description:
    "By itself a ramp goes on when its step has had its time and its outcomes, every guardrail is green, and somebody has approved where that is asked for.",
  method: "post",
  path: "/v1/experiments/{id}/ramp",
  request: {
    params: ExperimentPath,
    body: { required: true, content: { "application/json": { schema: RampRequest } } },
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
      "ramp_missing",
      "ramp_at_end",
    ),
  },
});

export const steerRamp = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const { action, reason } = c.req.valid("json");
  const changed = await changeExperiment(c, id, (actor, by) =>
    actor.steerRamp(action, { by, reason }),
  );
  return c.json(changed, 200);
});
