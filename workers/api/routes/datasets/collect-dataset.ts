import { createRoute } from "@hono/zod-openapi";
import { Collect, Collected, DatasetPath } from "../../../../contract/dataset.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { ownedDataset } from "../../datasets/owned-dataset.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "collectDataset",
  tags: ["Datasets"],
  summary: "Remove the versions that nothing keeps",
  description:
    "What the head, pins, tags, models, runs, experiments and other versions need stays, whatever its age; of the rest the retention rule of the dataset decides.",
  method: "post",
  path: "/v1/datasets/{dataset}/collect",
  request: {
    params: DatasetPath,
    body: { required: true, content: { "application/json": { schema: Collect } } },
  },
  responses: {
    200: {
      description: "What is gone or would be, and why the rest stays",
      content: { "application/json": { schema: Collected } },
    },
    ...securedProblems(...JSON_PROBLEMS, "dataset_not_found", "dataset_not_owned"),
  },
});

export const collectDataset = operation().openapi(route, async (c) => {
  const { dry_run } = c.req.valid("json");
  const { open } = await ownedDataset(c, c.req.valid("param").dataset);
  const collected = granted(await callActor(open, (dataset) => dataset.collect(dry_run)));
  return c.json({ dry_run, ...collected }, 200);
});
