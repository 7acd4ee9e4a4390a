import { createRoute } from "@hono/zod-openapi";
import { ChangeRun, RunPath, RunView } from "../../../../contract/run.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { changeRun as change } from "../../lineage/runs.ts";
import { viewRun } from "../../lineage/view-run.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "changeRun",
  tags: ["Runs"],
  summary: "End a run, or add what it came to",
  description: "A status that has ended does not change; metrics and outputs may come later.",
  method: "patch",
  path: "/v1/runs/{run_id}",
  request: {
    params: RunPath,
    body: { required: true, content: { "application/json": { schema: ChangeRun } } },
  },
  responses: {
    200: { description: "The run", content: { "application/json": { schema: RunView } } },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "run_not_found",
      "dataset_not_found",
      "dataset_version_not_found",
      "model_not_found",
      "version_not_found",
      "run_ended",
      "run_too_large",
      "lineage_cycle",
      "lineage_too_large",
    ),
  },
});

export const changeRun = operation().openapi(route, async (c) =>
  c.json(viewRun(await change(c, c.req.valid("param").run_id, c.req.valid("json"))), 200),
);
