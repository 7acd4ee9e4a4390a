import { createRoute } from "@hono/zod-openapi";
import { AsOf, DatasetVersionDetails, DatasetVersionPath } from "../../../../contract/dataset.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { readableDataset, selectorOf } from "../../datasets/owned-dataset.ts";
import { viewVersion } from "../../datasets/view-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getDatasetVersion",
  tags: ["Datasets"],
  summary: "Read a version: by number, id, tag, or what was the head at a time",
  method: "get",
  path: "/v1/datasets/{dataset}/versions/{version}",
  request: { params: DatasetVersionPath, query: AsOf },
  responses: {
    200: {
      description: "The version",
      content: { "application/json": { schema: DatasetVersionDetails } },
    },
    ...securedProblems("invalid_request", "dataset_not_found", "dataset_version_not_found"),
  },
});

export const getDatasetVersion = operation().openapi(route, async (c) => {
  const { dataset: ref, version } = c.req.valid("param");
  const { row, open } = await readableDataset(c, ref);
  const selector = selectorOf(version, c.req.valid("query").as_of);
  const { record, inspection, used_by } = granted(
    await callActor(open, (dataset) => dataset.inspected(selector)),
  );
  const { schema, warnings } = inspection;
  return c.json({ ...viewVersion(row, record), schema, warnings, used_by }, 200);
});
