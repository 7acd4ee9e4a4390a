import { createRoute } from "@hono/zod-openapi";
import { ListTransformations, TransformationList } from "../../../../contract/transformation.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listTransformations as listRows } from "../../../../database/transformations.ts";
import { readableDataset } from "../../datasets/owned-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";
import { summariseTransformation } from "../../transformations/view-transformation.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "listTransformations",
  tags: ["Transformations"],
  summary: "List the transformations that you have begun, newest first",
  method: "get",
  path: "/v1/transformations",
  request: { query: ListTransformations },
  responses: {
    200: {
      description: "A page of transformations",
      content: { "application/json": { schema: TransformationList } },
    },
    ...securedProblems("invalid_request", "dataset_not_found"),
  },
});

export const listTransformations = operation().openapi(route, async (c) => {
  const { limit, cursor, status, dataset } = c.req.valid("query");
  const { owner_id } = c.get("admission").principal;
  const dataset_id = dataset === undefined ? undefined : (await readableDataset(c, dataset)).row.id;
  const query = { owner_id, dataset_id, status, before: cursor, limit: limit + 1 };
  const rows = await listRows(openDirectory(c.env.DB), query);
  return c.json(
    toPage(rows, limit, ({ id }) => id, summariseTransformation),
    200,
  );
});
