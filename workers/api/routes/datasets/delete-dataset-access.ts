import { createRoute } from "@hono/zod-openapi";
import { DatasetGroupPath, DatasetView } from "../../../../contract/dataset.ts";
import { unshareDataset } from "../../datasets/share-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "deleteDatasetAccess",
  tags: ["Datasets"],
  summary: "Share a dataset with a group no longer",
  description: "Of a group that has no access the answer is the same.",
  method: "delete",
  path: "/v1/datasets/{dataset}/access/{group}",
  request: { params: DatasetGroupPath },
  responses: {
    200: {
      description: "The dataset as it is now",
      content: { "application/json": { schema: DatasetView } },
    },
    ...securedProblems("invalid_request", "dataset_not_found", "dataset_not_owned"),
  },
});

export const deleteDatasetAccess = operation().openapi(route, async (c) =>
  c.json(await unshareDataset(c, c.req.valid("param")), 200),
);
