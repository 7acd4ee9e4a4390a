import { createRoute } from "@hono/zod-openapi";
import { DatasetPath, DatasetView } from "../../../../contract/dataset.ts";
import { listAccess } from "../../../../database/datasets.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { readableDataset } from "../../datasets/owned-dataset.ts";
import { viewDataset } from "../../datasets/view-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getDataset",
  tags: ["Datasets"],
  summary: "Read a dataset",
  method: "get",
  path: "/v1/datasets/{dataset}",
  request: { params: DatasetPath },
  responses: {
    200: { description: "The dataset", content: { "application/json": { schema: DatasetView } } },
    ...securedProblems("invalid_request", "dataset_not_found"),
  },
});

export const getDataset = operation().openapi(route, async (c) => {
  const { row } = await readableDataset(c, c.req.valid("param").dataset);
  const access = await listAccess(openDirectory(c.env.DB), [row.id]);
  return c.json(viewDataset(row, access), 200);
});
