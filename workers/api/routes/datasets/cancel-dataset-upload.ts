import { createRoute } from "@hono/zod-openapi";
import { UploadPath } from "../../../../contract/dataset-upload.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { writableDataset } from "../../datasets/owned-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "cancelDatasetUpload",
  tags: ["Datasets"],
  summary: "Give an upload up",
  method: "delete",
  path: "/v1/datasets/{dataset}/uploads/{upload}",
  request: { params: UploadPath },
  responses: {
    204: { description: "Nothing of it is left but what other versions share" },
    ...securedProblems("invalid_request", "dataset_not_found", "dataset_not_owned"),
  },
});

export const cancelDatasetUpload = operation().openapi(route, async (c) => {
  const { dataset: ref, upload } = c.req.valid("param");
  const { open } = await writableDataset(c, ref);
  await callActor(open, (dataset) => dataset.cancelUpload(upload));
  return c.body(null, 204);
});
