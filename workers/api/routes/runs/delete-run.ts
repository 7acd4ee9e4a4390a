import { createRoute } from "@hono/zod-openapi";
import { RunPath } from "../../../../contract/run.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { deleteRun as remove } from "../../lineage/runs.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "deleteRun",
  tags: ["Runs"],
  summary: "Delete a run that nothing was made by",
  description: "It lets go of the versions that it used.",
  method: "delete",
  path: "/v1/runs/{run_id}",
  request: { params: RunPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems("invalid_request", "run_not_found", "run_in_use"),
  },
});

export const deleteRun = operation().openapi(route, async (c) => {
  await remove(c, c.req.valid("param").run_id);
  return c.body(null, 204);
});
