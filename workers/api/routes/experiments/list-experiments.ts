import { createRoute } from "@hono/zod-openapi";
import { ExperimentPage, ExperimentQuery } from "../../../../contract/experiment.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listExperiments as listExperimentRows } from "../../../../database/experiments.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";
import { summariseExperiment } from "../../experiments/view-experiment.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "listExperiments",
  tags: ["Experiments"],
  summary: "List your experiments",
  method: "get",
  path: "/v1/experiments",
  request: { query: ExperimentQuery },
  responses: {
    200: {
      description: "A page of experiments",
      content: { "application/json": { schema: ExperimentPage } },
    },
    ...securedProblems("invalid_request"),
  },
});

export const listExperiments = operation().openapi(route, async (c) => {
  const { limit, cursor, status, search, order } = c.req.valid("query");
  const { owner_id } = c.get("admission").principal;
  const query = { owner_id, status, search, order, after: cursor, limit: limit + 1 };
  const rows = await listExperimentRows(openDirectory(c.env.DB), query);
  return c.json(
    toPage(rows, limit, ({ id }) => id, summariseExperiment),
    200,
  );
});
