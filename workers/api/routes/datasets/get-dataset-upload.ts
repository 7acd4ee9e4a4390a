import { createRoute } from "@hono/zod-openapi";
import { UploadPath, UploadView } from "../../../../contract/dataset-upload.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { writableDataset } from "../../datasets/owned-dataset.ts";
import { viewUpload } from "../../datasets/view-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "getDatasetUpload",
  tags: ["Datasets"],
  summary: "Read how an upload stands",
  method: "get",
  path: "/v1/datasets/{dataset}/uploads/{upload}",
  request: { params: UploadPath },
  responses: {
    200: { description: "The upload", content: { "application/json": { schema: UploadView } } },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_upload_not_found",
      "dataset_not_owned",
    ),
  },
});

export const getDatasetUpload = operation().openapi(route, async (c) => {
  const { dataset: ref, upload: id } = c.req.valid("param");
  const { row, open } = await writableDataset(c, ref);
  const upload = granted(await callActor(open, (dataset) => dataset.upload(id)));
  return c.json(viewUpload(row, upload), 200);
});
