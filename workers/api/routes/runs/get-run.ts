import { createRoute } from "@hono/zod-openapi";
import { RunPath, RunView } from "../../../../contract/run.ts";
import type { RunStanding } from "../../../../contract/lineage-record.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { fromLineage } from "../../lineage/owner-lineage.ts";
import { viewRun } from "../../lineage/view-run.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getRun",
  tags: ["Runs"],
  summary: "Get a run with what it used and made",
  method: "get",
  path: "/v1/runs/{run_id}",
  request: { params: RunPath },
  responses: {
    200: { description: "The run", content: { "application/json": { schema: RunView } } },
    ...securedProblems("invalid_request", "run_not_found"),
  },
});

export const getRun = operation().openapi(route, async (c) => {
  const { run_id } = c.req.valid("param");
  return c.json(
    viewRun(await fromLineage<RunStanding>(c, (lineage) => lineage.findRun(run_id))),
    200,
  );
});
