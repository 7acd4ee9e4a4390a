import { createRoute } from "@hono/zod-openapi";
import { DatasetPath } from "../../../../contract/dataset.ts";
import { BeginUpload, UploadView } from "../../../../contract/dataset-upload.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { DATA_FAULTS, granted } from "../../datasets/dataset-problem.ts";
import { writableDataset } from "../../datasets/owned-dataset.ts";
import { termsOf, VERSION_PROBLEMS } from "../../datasets/version-terms.ts";
import { viewUpload } from "../../datasets/view-dataset.ts";
import { newId } from "../../http/ids.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "beginDatasetUpload",
  tags: ["Datasets"],
  summary: "Begin a file that is sent in chunks",
  description:
    "Cut the file with content-defined chunks, declare them, send those that are missing, and commit. An upload waits a day.",
  method: "post",
  path: "/v1/datasets/{dataset}/uploads",
  request: {
    params: DatasetPath,
    body: { required: true, content: { "application/json": { schema: BeginUpload } } },
  },
  responses: {
    201: { description: "The upload", content: { "application/json": { schema: UploadView } } },
    ...securedProblems(...JSON_PROBLEMS, ...DATA_FAULTS, ...VERSION_PROBLEMS),
  },
});

export const beginDatasetUpload = operation().openapi(route, async (c) => {
  const { row, open } = await writableDataset(c, c.req.valid("param").dataset);
  const terms = await termsOf(c, open, c.req.valid("json"));
  const upload = granted(
    await callActor(open, (dataset) => dataset.beginUpload(newId("upl"), terms)),
  );
  return c.json(viewUpload(row, upload), 201);
});
