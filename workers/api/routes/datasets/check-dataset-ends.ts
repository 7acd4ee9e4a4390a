import { createRoute } from "@hono/zod-openapi";
import { CheckedEnds, EndsQuery, UploadPath } from "../../../../contract/dataset-upload.ts";
import { ENDS_BYTES } from "../../../../domain/datasets/file-ends.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { boundedFile } from "../../datasets/bounded-file.ts";
import { DATA_FAULTS, granted, worked } from "../../datasets/dataset-problem.ts";
import { writableDataset } from "../../datasets/owned-dataset.ts";
import { OCTETS } from "../../datasets/send-file.ts";
import { VERSION_PROBLEMS } from "../../datasets/version-terms.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "checkDatasetEnds",
  tags: ["Datasets"],
  summary: "Have both ends of a file checked before it is sent",
  description:
    "The first bytes of the file and its last, 2 MiB at most together: what they show to be wrong is refused as it would be at the commit. Nothing is stored, and the commit reads the whole file all the same.",
  method: "post",
  path: "/v1/datasets/{dataset}/uploads/{upload}/ends",
  request: { params: UploadPath, query: EndsQuery, body: { required: true, content: OCTETS } },
  responses: {
    200: {
      description: "Nothing is wrong as far as these bytes tell",
      content: { "application/json": { schema: CheckedEnds } },
    },
    ...securedProblems(
      "invalid_request",
      "body_too_large",
      "length_required",
      "content_type_unsupported",
      "dataset_upload_not_found",
      ...DATA_FAULTS,
      ...VERSION_PROBLEMS,
    ),
  },
});

export const checkDatasetEnds = operation().openapi(route, async (c) => {
  const { dataset: ref, upload } = c.req.valid("param");
  const { head } = c.req.valid("query");
  const { open } = await writableDataset(c, ref);
  const expected = granted(await callActor(open, (dataset) => dataset.expected(upload)));
  const { body } = boundedFile(c, ENDS_BYTES);
  return c.json(worked(await c.env.DATA.checkEnds(body, { ...expected, head })), 200);
});
