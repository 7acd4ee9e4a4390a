import { createRoute } from "@hono/zod-openapi";
import { ChangeDataset, DatasetPath, DatasetView } from "../../../../contract/dataset.ts";
import { GROUP_PROBLEMS, redefineDataset } from "../../datasets/define-dataset.ts";
import { viewDataset } from "../../datasets/view-dataset.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "changeDataset",
  tags: ["Datasets"],
  summary: "Change a dataset",
  method: "patch",
  path: "/v1/datasets/{dataset}",
  request: {
    params: DatasetPath,
    body: { required: true, content: { "application/json": { schema: ChangeDataset } } },
  },
  responses: {
    200: {
      description: "The dataset as it is now",
      content: { "application/json": { schema: DatasetView } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      ...GROUP_PROBLEMS,
      "dataset_not_found",
      "dataset_not_owned",
      "dataset_name_taken",
    ),
  },
});

export const changeDataset = operation().openapi(route, async (c) => {
  const { dataset } = c.req.valid("param");
  const { row, access } = await redefineDataset(c, dataset, c.req.valid("json"));
  return c.json(viewDataset(row, access), 200);
});
