import { createRoute } from "@hono/zod-openapi";
import { PageQuery } from "../../../../contract/common.ts";
import { DatasetPath, DatasetVersionList } from "../../../../contract/dataset.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { readableDataset } from "../../datasets/owned-dataset.ts";
import { viewVersion } from "../../datasets/view-dataset.ts";
import { toPage } from "../../http/page.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "listDatasetVersions",
  tags: ["Datasets"],
  summary: "List the versions of a dataset, newest first",
  method: "get",
  path: "/v1/datasets/{dataset}/versions",
  request: { params: DatasetPath, query: PageQuery },
  responses: {
    200: {
      description: "A page of versions",
      content: { "application/json": { schema: DatasetVersionList } },
    },
    ...securedProblems("invalid_request", "dataset_not_found"),
  },
});

export const listDatasetVersions = operation().openapi(route, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const before = cursor === undefined ? undefined : Number(cursor) || 0;
  const { row, open } = await readableDataset(c, c.req.valid("param").dataset);
  const records = granted(await callActor(open, (dataset) => dataset.versions(before, limit + 1)));
  const cursorOf = ({ version_number }: (typeof records)[number]) => String(version_number);
  return c.json(
    toPage(records, limit, cursorOf, (record) => viewVersion(row, record)),
    200,
  );
});
