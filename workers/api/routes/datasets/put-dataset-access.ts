import { createRoute } from "@hono/zod-openapi";
import { DatasetGroupPath, DatasetView, GrantAccess } from "../../../../contract/dataset.ts";
import { GROUP_PROBLEMS } from "../../datasets/define-dataset.ts";
import { shareDataset } from "../../datasets/share-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "putDatasetAccess",
  tags: ["Datasets"],
  summary: "Share a dataset with a group",
  description:
    "The group has the role that is given, whichever it had; the access of others stays as it is.",
  method: "put",
  path: "/v1/datasets/{dataset}/access/{group}",
  request: {
    params: DatasetGroupPath,
    body: { required: true, content: { "application/json": { schema: GrantAccess } } },
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
    ),
  },
});

export const putDatasetAccess = operation().openapi(route, async (c) => {
  const { role } = c.req.valid("json");
  return c.json(await shareDataset(c, c.req.valid("param"), role), 200);
});
