import { createRoute } from "@hono/zod-openapi";
import { RunPage, RunQuery } from "../../../../contract/run.ts";
import type { ListedRun } from "../../../../contract/lineage-record.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";
import { askLineage } from "../../lineage/owner-lineage.ts";
import { summariseRun } from "../../lineage/view-run.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "listRuns",
  tags: ["Runs"],
  summary: "List your runs, newest first",
  method: "get",
  path: "/v1/runs",
  request: { query: RunQuery },
  responses: {
    200: { description: "A page of runs", content: { "application/json": { schema: RunPage } } },
    ...securedProblems("invalid_request"),
  },
});

export const listRuns = operation().openapi(route, async (c) => {
  const { limit, cursor, search, status, node } = c.req.valid("query");
  const before = cursor === undefined ? undefined : Number(cursor);
  const query = { search, status, node_id: node, before, limit: limit + 1 };
  const runs = (await askLineage(c, (lineage) => lineage.listRuns(query))) as ListedRun[];
  return c.json(
    toPage(runs, limit, ({ sequence }) => String(sequence), summariseRun),
    200,
  );
});
