import { createRoute } from "@hono/zod-openapi";
import { TagPath } from "../../../../contract/dataset.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { writableDataset } from "../../datasets/owned-dataset.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "deleteDatasetTag",
  tags: ["Datasets"],
  summary: "Take a tag away",
  method: "delete",
  path: "/v1/datasets/{dataset}/tags/{tag}",
  request: { params: TagPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_not_owned",
      "dataset_tag_not_found",
    ),
  },
});

export const deleteDatasetTag = operation().openapi(route, async (c) => {
  const { dataset: ref, tag } = c.req.valid("param");
  const { open } = await writableDataset(c, ref);
  granted(await callActor(open, (dataset) => dataset.removeTag(tag)));
  return c.body(null, 204);
});
