import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { IdempotencyKey } from "../../../../contract/common.ts";
import { DatasetPath, DatasetVersionView } from "../../../../contract/dataset.ts";
import { PutVersionQuery } from "../../../../contract/dataset-upload.ts";
import { DATA_FAULTS } from "../../datasets/dataset-problem.ts";
import { writableDataset } from "../../datasets/owned-dataset.ts";
import { putFile } from "../../datasets/put-file.ts";
import { OCTETS } from "../../datasets/send-file.ts";
import { VERSION_PROBLEMS } from "../../datasets/version-terms.ts";
import { viewCommitted } from "../../datasets/view-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "putDatasetVersion",
  tags: ["Datasets"],
  summary: "Add a version with one request",
  description:
    "The file as the body, with its content-length: up to 100 MB. It is inspected while it arrives.",
  method: "put",
  path: "/v1/datasets/{dataset}/versions",
  request: {
    params: DatasetPath,
    query: PutVersionQuery,
    headers: z.object({ "idempotency-key": IdempotencyKey.optional() }),
    body: { required: true, content: OCTETS },
  },
  responses: {
    200: {
      description: "This content was a version already, and is the head again",
      content: { "application/json": { schema: DatasetVersionView } },
    },
    201: {
      description: "The version, which is the head now",
      content: { "application/json": { schema: DatasetVersionView } },
    },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "body_too_large",
      "idempotency_key_reused",
      "length_required",
      "content_type_unsupported",
      ...DATA_FAULTS,
      ...VERSION_PROBLEMS,
    ),
  },
});

export const putDatasetVersion = operation().openapi(route, async (c) => {
  const { row, open } = await writableDataset(c, c.req.valid("param").dataset);
  const committed = await putFile(c, { row, open }, c.req.valid("query"));
  return c.json(viewCommitted(row, committed), committed.created ? 201 : 200);
});
