import { createRoute } from "@hono/zod-openapi";
import { AsOf, DatasetVersionPath } from "../../../../contract/dataset.ts";
import { storedVersion } from "../../datasets/owned-dataset.ts";
import { OCTETS, sendFile } from "../../datasets/send-file.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "downloadDatasetVersion",
  tags: ["Datasets"],
  summary: "Download the file of a version, or a range of it",
  method: "get",
  path: "/v1/datasets/{dataset}/versions/{version}/content",
  request: { params: DatasetVersionPath, query: AsOf },
  responses: {
    200: { description: "The bytes; the ETag is their SHA-256", content: OCTETS },
    206: { description: "The range", content: OCTETS },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_version_not_found",
      "range_unsatisfiable",
    ),
  },
});

export const downloadDatasetVersion = operation().openapi(route, async (c) => {
  const params = c.req.valid("param");
  const stored = await storedVersion(c, params, c.req.valid("query").as_of);
  return sendFile(c, stored);
});
