import { createRoute } from "@hono/zod-openapi";
import { DatasetPath } from "../../../../contract/dataset.ts";
import {
  CreateTransformation,
  TransformationStateView,
} from "../../../../contract/transformation.ts";
import { DATA_FAULTS } from "../../datasets/dataset-problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { readOrder } from "../../transformations/read-order.ts";
import {
  hasEnded,
  startTransformation,
  waitedFor,
} from "../../transformations/start-transformation.ts";
import { viewTransformation } from "../../transformations/view-transformation.ts";

const content = { "application/json": { schema: TransformationStateView } };

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "createTransformation",
  tags: ["Transformations"],
  summary: "Make versions of others",
  description:
    "The parameters are checked against the columns of the sources before anything is begun. Each version is recorded with what made it, and can be made again from that.",
  method: "post",
  path: "/v1/datasets/{dataset}/transformations",
  request: {
    params: DatasetPath,
    body: { required: true, content: { "application/json": { schema: CreateTransformation } } },
  },
  responses: {
    201: { description: "It has ended: see its `status`", content },
    202: { description: "It is queued or running: read it again", content },
    ...securedProblems(
      ...JSON_PROBLEMS,
      ...DATA_FAULTS,
      "dataset_not_found",
      "dataset_not_owned",
      "dataset_version_not_found",
    ),
  },
});

export const createTransformation = operation().openapi(route, async (c) => {
  const body = c.req.valid("json");
  const order = await readOrder(c, c.req.valid("param").dataset, body);
  const begun = await startTransformation(c, order);
  const [after = begun] = await waitedFor(c, [begun], body.wait);
  c.header("location", `/v1/transformations/${begun.transformation_id}`);
  return c.json(viewTransformation(after), hasEnded(after) ? 201 : 202);
});
