import { createRoute } from "@hono/zod-openapi";
import { DatasetPath, DryRunQuery, Removal } from "../../../../contract/dataset.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { ownedDataset } from "../../datasets/owned-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "deleteDataset",
  tags: ["Datasets"],
  summary: "Delete a dataset with all of its versions",
  description:
    "Refused while a model, a run, an experiment or a version of another dataset uses one of them. With `dry_run` nothing is deleted, and the answer or the problem says what would be.",
  method: "delete",
  path: "/v1/datasets/{dataset}",
  request: { params: DatasetPath, query: DryRunQuery },
  responses: {
    200: {
      description: "What is gone, or would be",
      content: { "application/json": { schema: Removal } },
    },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_not_owned",
      "dataset_in_use",
    ),
  },
});

export const deleteDataset = operation().openapi(route, async (c) => {
  const isDryRun = c.req.valid("query").dry_run === "true";
  const { open } = await ownedDataset(c, c.req.valid("param").dataset);
  const { versions, bytes } = granted(await callActor(open, (dataset) => dataset.remove(isDryRun)));
  const ids = versions.map(({ version_id }) => version_id);
  return c.json({ dry_run: isDryRun, versions: ids, bytes }, 200);
});
