import { createRoute } from "@hono/zod-openapi";
import { DatasetVersionView, PutTag, TagPath } from "../../../../contract/dataset.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { selectorOf, writableDataset } from "../../datasets/owned-dataset.ts";
import { viewVersion } from "../../datasets/view-dataset.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "putDatasetTag",
  tags: ["Datasets"],
  summary: "Tag a version; a tag that is there moves",
  method: "put",
  path: "/v1/datasets/{dataset}/tags/{tag}",
  request: {
    params: TagPath,
    body: { required: true, content: { "application/json": { schema: PutTag } } },
  },
  responses: {
    200: {
      description: "The version",
      content: { "application/json": { schema: DatasetVersionView } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "dataset_not_found",
      "dataset_version_not_found",
      "dataset_not_owned",
    ),
  },
});

export const putDatasetTag = operation().openapi(route, async (c) => {
  const { dataset: ref, tag } = c.req.valid("param");
  const { row, open } = await writableDataset(c, ref);
  const selector = selectorOf(c.req.valid("json").version);
  const record = granted(await callActor(open, (dataset) => dataset.putTag(tag, selector)));
  return c.json(viewVersion(row, record), 200);
});
