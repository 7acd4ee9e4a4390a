import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { RouteRequest, RouteResponse } from "../../../../contract/experiment-traffic.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { decideRequest } from "../../leases/experiment-leases.ts";
import { noteExposed } from "../../leases/served-outcomes.ts";

const route = createRoute({
  ...secured("predict"),
  operationId: "routeRequest",
  tags: ["Experiments"],
  summary: "Ask which variant a request gets",
  description:
    "For callers that run the model themselves. A user keeps its variant unless `sticky` is false. A user counts as exposed from here on; to look one up without that, use `/assignment`.",
  method: "post",
  path: "/v1/experiments/{id}/route",
  request: {
    params: ExperimentPath,
    body: { required: true, content: { "application/json": { schema: RouteRequest } } },
  },
  responses: {
    200: {
      description: "The decision",
      content: { "application/json": { schema: RouteResponse } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "experiment_not_found",
      "experiment_not_started",
      "variant_unknown",
    ),
  },
});

export const routeRequest = operation().openapi(route, async (c) => {
  const unit = c.req.valid("json");
  const decision = await decideRequest(c, c.req.valid("param").id, unit);
  noteExposed(c, decision, unit);
  const { epoch, reason } = decision;
  const { variant_id, model, version } = decision.variant;
  return c.json({ variant_id, model, version, epoch, reason }, 200);
});
