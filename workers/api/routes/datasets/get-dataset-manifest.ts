import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { AsOf, DatasetVersionPath } from "../../../../contract/dataset.ts";
import { manifestBytes } from "../../../../domain/datasets/chunks/manifest.ts";
import type { TransformationRecord } from "../../../../domain/datasets/transformations/transformation.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { readableDataset, selectorOf } from "../../datasets/owned-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getDatasetManifest",
  tags: ["Datasets"],
  summary: "Read what a version is made of",
  method: "get",
  path: "/v1/datasets/{dataset}/versions/{version}/manifest",
  request: { params: DatasetVersionPath, query: AsOf },
  responses: {
    200: {
      description: "Canonical JSON whose SHA-256 is `manifest_sha256`",
      content: { "application/vnd.linnet.manifest": { schema: z.string() } },
    },
    ...securedProblems("invalid_request", "dataset_not_found", "dataset_version_not_found"),
  },
});

export const getDatasetManifest = operation().openapi(route, async (c) => {
  const { dataset: ref, version } = c.req.valid("param");
  const { row, open } = await readableDataset(c, ref);
  const selector = selectorOf(version, c.req.valid("query").as_of);
  const { record, segments } = granted(
    await callActor(open, (dataset) => dataset.segments(selector)),
  );
  const { dataset_id, read_options, schema_hash, row_count, size_bytes, content_hash } = record;
  const manifest = manifestBytes({
    dataset_id,
    format: row.format,
    read_options,
    schema_hash,
    row_count,
    size_bytes,
    content_hash,
    segments,
    parents: record.parent_version_ids,
    transformation: record.transformation as TransformationRecord | null,
  });
  return c.body(new TextDecoder().decode(manifest), 200, {
    "content-type": "application/vnd.linnet.manifest",
  });
});
