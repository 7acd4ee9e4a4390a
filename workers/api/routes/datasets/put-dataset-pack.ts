import { createRoute } from "@hono/zod-openapi";
import { StoredPack, UploadPath } from "../../../../contract/dataset-upload.ts";
import { packPrefix } from "../../../../contract/dataset-record.ts";
import { FRAME_BYTES } from "../../../../domain/datasets/chunks/pack-frame.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { boundedFile } from "../../datasets/bounded-file.ts";
import { DATA_FAULTS, datasetProblem, granted, worked } from "../../datasets/dataset-problem.ts";
import { writableDataset } from "../../datasets/owned-dataset.ts";
import { OCTETS } from "../../datasets/send-file.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "putDatasetPack",
  tags: ["Datasets"],
  summary: "Send chunks of a file",
  description:
    "A frame of at most 4,096 chunks and 16 MiB; repeating it changes nothing. Each chunk is checked against its hash when the file is declared by them.",
  method: "put",
  path: "/v1/datasets/{dataset}/uploads/{upload}/packs",
  request: { params: UploadPath, body: { required: true, content: OCTETS } },
  responses: {
    200: {
      description: "What was stored",
      content: { "application/json": { schema: StoredPack } },
    },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "body_too_large",
      "length_required",
      "content_type_unsupported",
      ...DATA_FAULTS,
      "dataset_upload_not_found",
      "dataset_not_owned",
    ),
  },
});

export const putDatasetPack = operation().openapi(route, async (c) => {
  const { dataset: ref, upload } = c.req.valid("param");
  const { row, open } = await writableDataset(c, ref);
  // Nothing is stored that no upload tells of.
  if (!(await callActor(open, (dataset) => dataset.takesChunks(upload))))
    throw datasetProblem({ code: "upload_not_found" });
  const { body, size_bytes } = boundedFile(c, FRAME_BYTES);
  const prefix = packPrefix(row.id, upload);
  const pack = worked(await c.env.DATA.storePack(body, size_bytes, prefix));
  granted(await callActor(open, (dataset) => dataset.addPack(upload, pack)));
  return c.json({ chunks: pack.chunks.length, size_bytes: pack.size_bytes }, 200);
});
