import { createRoute } from "@hono/zod-openapi";
import { AsOf, DatasetVersionPath } from "../../../../contract/dataset.ts";
import { ExportQuery } from "../../../../contract/dataset-contents.ts";
import { DATA_FAULTS } from "../../datasets/dataset-problem.ts";
import { storedVersion } from "../../datasets/owned-dataset.ts";
import { OCTETS, sendExport } from "../../datasets/send-file.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "exportDatasetVersion",
  tags: ["Datasets"],
  summary: "Download a version in another format",
  method: "get",
  path: "/v1/datasets/{dataset}/versions/{version}/export",
  request: { params: DatasetVersionPath, query: AsOf.extend(ExportQuery.shape) },
  responses: {
    200: { description: "The file", content: OCTETS },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_version_not_found",
      ...DATA_FAULTS,
    ),
  },
});

export const exportDatasetVersion = operation().openapi(route, async (c) => {
  const { as_of, format } = c.req.valid("query");
  const stored = await storedVersion(c, c.req.valid("param"), as_of);
  return sendExport(c, stored, format);
});
