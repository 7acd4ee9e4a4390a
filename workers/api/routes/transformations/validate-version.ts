import { createRoute } from "@hono/zod-openapi";
import { DatasetVersionPath } from "../../../../contract/dataset.ts";
import { Reproducibility, ValidateVersion } from "../../../../contract/transformation.ts";
import { DATA_FAULTS } from "../../datasets/dataset-problem.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { findRecord } from "../../transformations/asked-version.ts";
import { validateVersion as validate } from "../../transformations/validate.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "validateDatasetVersion",
  tags: ["Transformations"],
  summary: "Find out whether a version can be made again",
  description:
    "Tells which sources and steps are missing. Where none is, every step is carried out again, and the bytes that come out are compared; nothing of them is kept.",
  method: "post",
  path: "/v1/datasets/{dataset}/versions/{version}/validate",
  request: {
    params: DatasetVersionPath,
    body: { required: true, content: { "application/json": { schema: ValidateVersion } } },
  },
  responses: {
    200: {
      description: "What was found",
      content: { "application/json": { schema: Reproducibility } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      ...DATA_FAULTS,
      "dataset_not_found",
      "dataset_version_not_found",
    ),
  },
});

export const validateVersion = operation().openapi(route, async (c) => {
  const { version_id } = await findRecord(c, c.req.valid("param"));
  return c.json(await validate(c, version_id, c.req.valid("json")), 200);
});
