import { createRoute } from "@hono/zod-openapi";
import { CreateDataset, DatasetView } from "../../../../contract/dataset.ts";
import { defineDataset, GROUP_PROBLEMS } from "../../datasets/define-dataset.ts";
import { viewDataset } from "../../datasets/view-dataset.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "createDataset",
  tags: ["Datasets"],
  summary: "Make a dataset",
  method: "post",
  path: "/v1/datasets",
  request: { body: { required: true, content: { "application/json": { schema: CreateDataset } } } },
  responses: {
    201: {
      description: "The dataset, without a version yet",
      content: { "application/json": { schema: DatasetView } },
    },
    ...securedProblems(...JSON_PROBLEMS, ...GROUP_PROBLEMS, "dataset_name_taken", "schema_invalid"),
  },
});

export const createDataset = operation().openapi(route, async (c) => {
  const body = c.req.valid("json");
  const { row, access } = await defineDataset(c, body);
  return c.json(viewDataset(row, access), 201);
});
