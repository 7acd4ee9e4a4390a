import { createRoute } from "@hono/zod-openapi";
import { DatasetVersionPath, DatasetVersionView } from "../../../../contract/dataset.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { selectorOf, writableDataset } from "../../datasets/owned-dataset.ts";
import { viewVersion } from "../../datasets/view-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "unpinDatasetVersion",
  tags: ["Datasets"],
  summary: "Unpin a version",
  method: "delete",
  path: "/v1/datasets/{dataset}/versions/{version}/pin",
  request: { params: DatasetVersionPath },
  responses: {
    200: {
      description: "The version",
      content: { "application/json": { schema: DatasetVersionView } },
    },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_version_not_found",
      "dataset_not_owned",
    ),
  },
});

export const unpinDatasetVersion = operation().openapi(route, async (c) => {
  const { dataset: ref, version } = c.req.valid("param");
  const { row, open } = await writableDataset(c, ref);
  const record = granted(
    await callActor(open, (dataset) => dataset.pin(selectorOf(version), false)),
  );
  return c.json(viewVersion(row, record), 200);
});
