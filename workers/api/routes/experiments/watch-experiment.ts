import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ApiProblem } from "../../http/problem.ts";
import { ownedExperiment } from "../../leases/experiment-leases.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "watchExperiment",
  tags: ["Experiments"],
  summary: "Watch an experiment over a WebSocket",
  description:
    "Sends the experiment as it stands when it opens and after changes, at most four times a second. A browser, which cannot set headers, sends its key as the subprotocols `linnet.live.v1` and `linnet.key.<key>`.",
  method: "get",
  path: "/v1/experiments/{id}/live",
  request: { params: ExperimentPath },
  responses: {
    101: { description: "The connection is a WebSocket" },
    ...securedProblems(
      "invalid_request",
      "experiment_not_found",
      "upgrade_required",
      "streams_too_many",
    ),
  },
});

export const watchExperiment = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const open = await ownedExperiment(c, id);
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket")
    throw new ApiProblem("upgrade_required", "open this address as a WebSocket");
  const answer = await open().fetch(c.req.raw);
  if (answer.status === 404)
    throw new ApiProblem("experiment_not_found", `you have no experiment ${id}`);
  if (answer.status === 429)
    throw new ApiProblem("streams_too_many", "close a connection that watches this experiment");
  // The actor's own headers cannot be added to.
  return new Response(answer.body, answer);
});
