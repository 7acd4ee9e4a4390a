import { createRoute } from "@hono/zod-openapi";
import { DatasetPath, DatasetView } from "../../../../contract/dataset.ts";
import { listAccess } from "../../../../database/datasets.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { ownedDataset } from "../../datasets/owned-dataset.ts";
import { viewDataset } from "../../datasets/view-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "archiveDataset",
  tags: ["Datasets"],
  summary: "Take no more versions; everything can be read as before",
  method: "post",
  path: "/v1/datasets/{dataset}/archive",
  request: { params: DatasetPath },
  responses: {
    200: {
      description: "The dataset as it is now",
      content: { "application/json": { schema: DatasetView } },
    },
    ...securedProblems("invalid_request", "dataset_not_found", "dataset_not_owned"),
  },
});

export const archiveDataset = operation().openapi(route, async (c) => {
  const { row, open } = await ownedDataset(c, c.req.valid("param").dataset);
  const { archived_at, updated_at } = granted(
    await callActor(open, (dataset) => dataset.archive(true)),
  );
  const access = await listAccess(openDirectory(c.env.DB), [row.id]);
  return c.json(viewDataset({ ...row, archived_at, updated_at }, access), 200);
});
