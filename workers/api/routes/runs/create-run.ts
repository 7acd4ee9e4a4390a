import { createRoute } from "@hono/zod-openapi";
import { CreateRun, RunView } from "../../../../contract/run.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { beginRun } from "../../lineage/runs.ts";
import { viewRun } from "../../lineage/view-run.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "createRun",
  tags: ["Runs"],
  summary: "Begin a training run, or tell of one that has ended",
  description:
    "It keeps the versions that it uses from being deleted. With a `run_id` of your own the same request again answers with the run as it is (200).",
  method: "post",
  path: "/v1/runs",
  request: { body: { required: true, content: { "application/json": { schema: CreateRun } } } },
  responses: {
    201: { description: "The run", content: { "application/json": { schema: RunView } } },
    200: {
      description: "The run that the same request began",
      content: { "application/json": { schema: RunView } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "dataset_not_found",
      "dataset_version_not_found",
      "model_not_found",
      "version_not_found",
      "run_id_taken",
      "lineage_cycle",
      "lineage_too_large",
    ),
  },
});

export const createRun = operation().openapi(route, async (c) => {
  const { run, created } = await beginRun(c, c.req.valid("json"));
  return c.json(viewRun(run), created ? 201 : 200);
});
