import { createRoute } from "@hono/zod-openapi";
import { DatasetPath } from "../../../../contract/dataset.ts";
import { Replay, ReplayTransformations } from "../../../../contract/transformation.ts";
import { DATA_FAULTS } from "../../datasets/dataset-problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { replay } from "../../transformations/replay.ts";
import { hasEnded, waitedFor } from "../../transformations/start-transformation.ts";
import { viewTransformation } from "../../transformations/view-transformation.ts";

const content = { "application/json": { schema: Replay } };

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "replayTransformations",
  tags: ["Transformations"],
  summary: "Do to other data what was done to make a version",
  description:
    "Every step that leads from one version to the target is carried out again with another version in its place; what else a step took is taken as it was.",
  method: "post",
  path: "/v1/datasets/{dataset}/replay",
  request: {
    params: DatasetPath,
    body: { required: true, content: { "application/json": { schema: ReplayTransformations } } },
  },
  responses: {
    201: { description: "All have ended: see their `status`", content },
    202: { description: "Some are queued or running: read them again", content },
    ...securedProblems(
      ...JSON_PROBLEMS,
      ...DATA_FAULTS,
      "dataset_not_found",
      "dataset_not_owned",
      "dataset_version_not_found",
    ),
  },
});

export const replayTransformations = operation().openapi(route, async (c) => {
  const body = c.req.valid("json");
  const begun = await replay(c, c.req.valid("param").dataset, body);
  const after = await waitedFor(c, begun, body.wait);
  return c.json(
    { transformations: after.map(viewTransformation) },
    after.every(hasEnded) ? 201 : 202,
  );
});
