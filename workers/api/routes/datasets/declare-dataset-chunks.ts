import { createRoute } from "@hono/zod-openapi";
import { DeclareChunks, DeclaredChunks, UploadPath } from "../../../../contract/dataset-upload.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { writableDataset } from "../../datasets/owned-dataset.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "declareDatasetChunks",
  tags: ["Datasets"],
  summary: "Declare chunks of a file, and learn which are to be sent",
  method: "post",
  path: "/v1/datasets/{dataset}/uploads/{upload}/chunks",
  request: {
    params: UploadPath,
    body: { required: true, content: { "application/json": { schema: DeclareChunks } } },
  },
  responses: {
    200: {
      description: "The missing ones",
      content: { "application/json": { schema: DeclaredChunks } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "dataset_not_found",
      "dataset_option_invalid",
      "dataset_upload_not_found",
      "dataset_not_owned",
    ),
  },
});

export const declareDatasetChunks = operation().openapi(route, async (c) => {
  const { dataset: ref, upload } = c.req.valid("param");
  const { at, chunks } = c.req.valid("json");
  const { open } = await writableDataset(c, ref);
  const missing = granted(await callActor(open, (dataset) => dataset.declare(upload, at, chunks)));
  return c.json({ missing }, 200);
});
