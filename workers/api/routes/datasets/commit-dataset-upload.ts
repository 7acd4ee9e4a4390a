import { createRoute } from "@hono/zod-openapi";
import { UploadPath, UploadView } from "../../../../contract/dataset-upload.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { writableDataset } from "../../datasets/owned-dataset.ts";
import { viewUpload } from "../../datasets/view-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

/** A file of some megabytes has been read by then. */
const PATIENCE_MS = 5_000;
const STEP_MS = 100;

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "commitDatasetUpload",
  tags: ["Datasets"],
  summary: "Have the file read, and make it a version",
  method: "post",
  path: "/v1/datasets/{dataset}/uploads/{upload}/commit",
  request: { params: UploadPath },
  responses: {
    200: {
      description: "It is done, or was refused",
      content: { "application/json": { schema: UploadView } },
    },
    202: {
      description: "It is being read: ask for the upload until it is done",
      content: { "application/json": { schema: UploadView } },
    },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_option_invalid",
      "upload_incomplete",
      "dataset_upload_not_found",
      "dataset_not_owned",
    ),
  },
});

export const commitDatasetUpload = operation().openapi(route, async (c) => {
  const { dataset: ref, upload: id } = c.req.valid("param");
  const { row, open } = await writableDataset(c, ref);
  let upload = granted(await callActor(open, (dataset) => dataset.commit(id)));
  // By the clock: where one thread does everything, a question waits for the reading of the file.
  const until = Date.now() + PATIENCE_MS;
  while (upload.status === "checking" && Date.now() < until) {
    await scheduler.wait(STEP_MS);
    upload = granted(await callActor(open, (dataset) => dataset.upload(id)));
  }
  return c.json(viewUpload(row, upload), upload.status === "checking" ? 202 : 200);
});
