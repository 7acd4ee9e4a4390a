import { createRoute } from "@hono/zod-openapi";
import type * as z from "zod";
import { AsOf, DatasetVersionPath } from "../../../../contract/dataset.ts";
import { PreviewQuery, PreviewView } from "../../../../contract/dataset-contents.ts";
import { DATA_FAULTS, worked } from "../../datasets/dataset-problem.ts";
import { storedVersion } from "../../datasets/owned-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "previewDataset",
  tags: ["Datasets"],
  summary: "Look at some rows of each class",
  method: "get",
  path: "/v1/datasets/{dataset}/versions/{version}/preview",
  request: { params: DatasetVersionPath, query: AsOf.extend(PreviewQuery.shape) },
  responses: {
    200: {
      description: "The first rows of each class, and how many it has",
      content: { "application/json": { schema: PreviewView } },
    },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_version_not_found",
      ...DATA_FAULTS,
    ),
  },
});

export const previewDataset = operation().openapi(route, async (c) => {
  const { as_of, by, per_class } = c.req.valid("query");
  const { file } = await storedVersion(c, c.req.valid("param"), as_of);
  const preview = worked(await c.env.DATA.rowsPerClass(file, by, per_class));
  return c.json(preview as z.output<typeof PreviewView>, 200);
});
