import { createRoute } from "@hono/zod-openapi";
import { DatasetVersionPath, DryRunQuery, Removal } from "../../../../contract/dataset.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { ownedDataset, selectorOf } from "../../datasets/owned-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "deleteDatasetVersion",
  tags: ["Datasets"],
  summary: "Delete a version",
  description:
    "Not the head, nor one that is pinned, tagged or used. Bytes that other versions share stay.",
  method: "delete",
  path: "/v1/datasets/{dataset}/versions/{version}",
  request: { params: DatasetVersionPath, query: DryRunQuery },
  responses: {
    200: {
      description: "What is gone, or would be",
      content: { "application/json": { schema: Removal } },
    },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_version_not_found",
      "dataset_not_owned",
      "dataset_version_in_use",
    ),
  },
});

export const deleteDatasetVersion = operation().openapi(route, async (c) => {
  const isDryRun = c.req.valid("query").dry_run === "true";
  const { dataset: ref, version } = c.req.valid("param");
  const { open } = await ownedDataset(c, ref);
  const { versions, bytes } = granted(
    await callActor(open, (dataset) => dataset.removeVersion(selectorOf(version), isDryRun)),
  );
  const ids = versions.map(({ version_id }) => version_id);
  return c.json({ dry_run: isDryRun, versions: ids, bytes }, 200);
});
