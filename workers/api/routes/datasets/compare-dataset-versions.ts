import { createRoute } from "@hono/zod-openapi";
import { DatasetPath } from "../../../../contract/dataset.ts";
import { CompareQuery, Comparison } from "../../../../contract/dataset-contents.ts";
import { compareVersions } from "../../datasets/compare-versions.ts";
import { DATA_FAULTS } from "../../datasets/dataset-problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "compareDatasetVersions",
  tags: ["Datasets"],
  summary: "Compare two versions",
  description:
    "Chunks that both have are skipped where the format allows it, so that the work follows the change.",
  method: "get",
  path: "/v1/datasets/{dataset}/compare",
  request: { params: DatasetPath, query: CompareQuery },
  responses: {
    200: {
      description: "Columns, statistics and rows that differ",
      content: { "application/json": { schema: Comparison } },
    },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_version_not_found",
      ...DATA_FAULTS,
    ),
  },
});

export const compareDatasetVersions = operation().openapi(route, async (c) => {
  const { dataset: ref } = c.req.valid("param");
  return c.json(await compareVersions(c, ref, c.req.valid("query")), 200);
});
