import { createRoute } from "@hono/zod-openapi";
import { OpenLineageAnswer, OpenLineageBody } from "../../../../contract/openlineage.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { takeEvents } from "../../lineage/take-events.ts";

/** The path of this API, and those that clients of OpenLineage know by themselves. */
const PATHS = [
  { operationId: "takeOpenLineage", path: "/v1/lineage/openlineage" },
  { operationId: "takeOpenLineageEvent", path: "/api/v1/lineage" },
  { operationId: "takeOpenLineageBatch", path: "/api/v1/lineage/batch" },
] as const;

const routeOf = ({ operationId, path }: (typeof PATHS)[number]) =>
  createRoute({
    ...secured("datasets:write"),
    operationId,
    tags: ["Lineage"],
    summary: "Tell of runs, jobs and data by OpenLineage events",
    description:
      "One event, or a list of up to 1,000, in any order and as often as they come. Data of the namespace `linnet`, by the name of a dataset or `models/` and the name of a model, with a facet `version`, is what Linnet holds. A list is kept but for the events that are refused.",
    method: "post",
    path,
    request: {
      body: { required: true, content: { "application/json": { schema: OpenLineageBody } } },
    },
    responses: {
      200: {
        description: "What was kept",
        content: { "application/json": { schema: OpenLineageAnswer } },
      },
      ...securedProblems(...JSON_PROBLEMS, "openlineage_invalid"),
    },
  });

export const takeOpenLineage = operation();
for (const each of PATHS)
  takeOpenLineage.openapi(routeOf(each), async (c) =>
    c.json(await takeEvents(c, c.req.valid("json")), 200),
  );
