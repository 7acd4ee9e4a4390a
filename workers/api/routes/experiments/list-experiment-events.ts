import { createRoute } from "@hono/zod-openapi";
import { ExperimentPath } from "../../../../contract/experiment.ts";
import { EventPage, EventQuery } from "../../../../contract/experiment-report.ts";
import type { ExperimentEvent } from "../../../../contract/experiment-lease.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";
import { instant } from "../../http/times.ts";
import { ownedExperiment } from "../../leases/experiment-leases.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "listExperimentEvents",
  tags: ["Experiments"],
  summary: "What has happened to an experiment, oldest first",
  method: "get",
  path: "/v1/experiments/{id}/events",
  request: { params: ExperimentPath, query: EventQuery },
  responses: {
    200: {
      description: "A page of events",
      content: { "application/json": { schema: EventPage } },
    },
    ...securedProblems("invalid_request", "experiment_not_found"),
  },
});

export const listExperimentEvents = operation().openapi(route, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const open = await ownedExperiment(c, c.req.valid("param").id);
  const events: ExperimentEvent[] = await callActor(open, (actor) =>
    actor.events(cursor, limit + 1),
  );
  const view = ({ at, ...event }: ExperimentEvent) => ({ ...event, at: instant(at) });
  return c.json(
    toPage(events, limit, ({ sequence }) => String(sequence), view),
    200,
  );
});
