import { createRoute } from "@hono/zod-openapi";
import {
  type OpenLineageEvents,
  OpenLineageEvents as Events,
  OpenLineageQuery,
} from "../../../../contract/openlineage.ts";
import {
  type ToldChain,
  writeEvents,
} from "../../../../domain/lineage/openlineage/write-events.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { fromLineage } from "../../lineage/owner-lineage.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getOpenLineage",
  tags: ["Lineage"],
  summary: "Read a node and all that it was made from as OpenLineage events",
  description:
    "Events of OpenLineage 2-0-2 in the order in which it happened (where a cycle leaves none, that of time), to be sent on to another catalogue. What machine learning needs beyond its facets is in facets that begin with `linnet_`.",
  method: "get",
  path: "/v1/lineage/openlineage",
  request: { query: OpenLineageQuery },
  responses: {
    200: { description: "The events", content: { "application/json": { schema: Events } } },
    ...securedProblems("invalid_request", "lineage_node_not_found"),
  },
});

export const getOpenLineage = operation().openapi(route, async (c) => {
  const { node } = c.req.valid("query");
  const chain = await fromLineage<ToldChain>(c, (lineage) => lineage.describeChain(node));
  const { origin } = new URL(c.req.url);
  const events = writeEvents(chain, { origin }) as OpenLineageEvents["events"];
  return c.json({ events, truncated: chain.truncated }, 200);
});
