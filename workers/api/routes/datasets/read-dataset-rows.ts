import { createRoute } from "@hono/zod-openapi";
import type * as z from "zod";
import { AsOf, DatasetVersionPath } from "../../../../contract/dataset.ts";
import { RowsQuery, RowsView } from "../../../../contract/dataset-contents.ts";
import { DATA_FAULTS, worked } from "../../datasets/dataset-problem.ts";
import { storedVersion } from "../../datasets/owned-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "readDatasetRows",
  tags: ["Datasets"],
  summary: "Read rows of a version",
  method: "get",
  path: "/v1/datasets/{dataset}/versions/{version}/rows",
  request: { params: DatasetVersionPath, query: AsOf.extend(RowsQuery.shape) },
  responses: {
    200: { description: "The rows as JSON", content: { "application/json": { schema: RowsView } } },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_version_not_found",
      ...DATA_FAULTS,
    ),
  },
});

export const readDatasetRows = operation().openapi(route, async (c) => {
  const { as_of, from, limit, columns } = c.req.valid("query");
  const { file } = await storedVersion(c, c.req.valid("param"), as_of);
  const range = { from, limit, ...(columns !== undefined && { columns: columns.split(",") }) };
  const found = worked<object>(await c.env.DATA.rows(file, range)) as Omit<
    z.output<typeof RowsView>,
    "next_from"
  >;
  const next_from = found.rows.length === limit ? from + limit : null;
  return c.json({ ...found, next_from }, 200);
});
