import { createRoute } from "@hono/zod-openapi";
import { ModelDataBody, ModelDataView } from "../../../../contract/lineage.ts";
import { VersionPath } from "../../../../contract/model.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { nameData } from "../../lineage/model-data.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "putModelData",
  tags: ["Lineage"],
  summary: "Say which data a version of a model came from",
  description:
    "In the place of what was said before; runs that have made it stay. These versions of datasets cannot be deleted while the model's version is there.",
  method: "put",
  path: "/v1/models/{name}/versions/{version}/data",
  request: {
    params: VersionPath,
    body: { required: true, content: { "application/json": { schema: ModelDataBody } } },
  },
  responses: {
    200: {
      description: "What it came from",
      content: { "application/json": { schema: ModelDataView } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      "model_not_found",
      "version_not_found",
      "dataset_not_found",
      "dataset_version_not_found",
      "run_not_found",
      "lineage_cycle",
      "lineage_too_large",
    ),
  },
});

export const putModelData = operation().openapi(route, async (c) => {
  const { name, version } = c.req.valid("param");
  return c.json(await nameData(c, name, version, c.req.valid("json")), 200);
});
