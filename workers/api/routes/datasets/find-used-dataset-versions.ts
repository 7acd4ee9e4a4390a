import { createRoute } from "@hono/zod-openapi";
import { DatasetPath } from "../../../../contract/dataset.ts";
import { UsedVersionsQuery, UsedVersionsView } from "../../../../contract/lineage.ts";
import { readableDataset } from "../../datasets/owned-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { versionsUsed } from "../../lineage/versions-used.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "findUsedDatasetVersions",
  tags: ["Datasets"],
  summary: "Find the versions that a run, a model's version or an experiment used",
  description:
    "What was recorded with the run, or with the model's version, and all that it was made from. Of an experiment: what the models of its variants used.",
  method: "get",
  path: "/v1/datasets/{dataset}/versions-used",
  request: { params: DatasetPath, query: UsedVersionsQuery },
  responses: {
    200: {
      description: "The versions",
      content: { "application/json": { schema: UsedVersionsView } },
    },
    ...securedProblems("invalid_request", "dataset_not_found", "lineage_node_not_found"),
  },
});

export const findUsedDatasetVersions = operation().openapi(route, async (c) => {
  const held = await readableDataset(c, c.req.valid("param").dataset);
  return c.json(await versionsUsed(c, held, c.req.valid("query").by), 200);
});
