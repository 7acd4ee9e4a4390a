import { createRoute } from "@hono/zod-openapi";
import { DatasetPath, DatasetTags } from "../../../../contract/dataset.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { readableDataset } from "../../datasets/owned-dataset.ts";
import { instant } from "../../http/times.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "listDatasetTags",
  tags: ["Datasets"],
  summary: "List the tags of a dataset, by name",
  method: "get",
  path: "/v1/datasets/{dataset}/tags",
  request: { params: DatasetPath },
  responses: {
    200: { description: "The tags", content: { "application/json": { schema: DatasetTags } } },
    ...securedProblems("invalid_request", "dataset_not_found"),
  },
});

export const listDatasetTags = operation().openapi(route, async (c) => {
  const { open } = await readableDataset(c, c.req.valid("param").dataset);
  const tags = granted(await callActor(open, (dataset) => dataset.tags()));
  const items = tags.map(({ updated_at, ...tag }) => ({ ...tag, updated_at: instant(updated_at) }));
  return c.json({ items }, 200);
});
