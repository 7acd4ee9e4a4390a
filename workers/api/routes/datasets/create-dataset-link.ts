import { createRoute } from "@hono/zod-openapi";
import { AsOf, DatasetVersionPath } from "../../../../contract/dataset.ts";
import { CreateLink, LinkView } from "../../../../contract/dataset-contents.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { signDownload } from "../../datasets/download-token.ts";
import { granterOf, readableDataset, selectorOf } from "../../datasets/owned-dataset.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { instant } from "../../http/times.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "createDatasetLink",
  tags: ["Datasets"],
  summary: "Make a link that downloads a version without a key until it expires",
  method: "post",
  path: "/v1/datasets/{dataset}/versions/{version}/links",
  request: {
    params: DatasetVersionPath,
    query: AsOf,
    body: { required: true, content: { "application/json": { schema: CreateLink } } },
  },
  responses: {
    201: {
      description: "The link; it takes ranges",
      content: { "application/json": { schema: LinkView } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "invalid_request",
      "dataset_not_found",
      "dataset_version_not_found",
    ),
  },
});

export const createDatasetLink = operation().openapi(route, async (c) => {
  const { format = null, expires_in_s } = c.req.valid("json");
  const { dataset: ref, version } = c.req.valid("param");
  const { row, open } = await readableDataset(c, ref);
  const selector = selectorOf(version, c.req.valid("query").as_of);
  const { version_number } = granted(await callActor(open, (dataset) => dataset.find(selector)));
  const expires_at = Date.now() + 1_000 * expires_in_s;
  const granted_by = await granterOf(c, row);
  const token = await signDownload(
    { dataset_id: row.id, version_number, format, granted_by, expires_at },
    c.env.KEY_CHECKSUM_SECRET,
  );
  const url = new URL(`/v1/downloads/${token}`, c.req.url).href;
  return c.json({ url, expires_at: instant(expires_at) }, 201);
});
