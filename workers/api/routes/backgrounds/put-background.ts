import { createRoute } from "@hono/zod-openapi";
import { BackgroundPath, BackgroundView, PutBackground } from "../../../../contract/background.ts";
import { keepBackground, viewBackground } from "../../explanations/put-background.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { DATA_PROBLEMS } from "../../prediction/predict-problems.ts";
import { ownedVersion } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "putBackground",
  tags: ["Explanations"],
  summary: "Keep rows that predictions of a version are compared with",
  description:
    "In the place of the set of this name, if there is one. The set `default` is taken by explanations that name none.",
  method: "put",
  path: "/v1/models/{name}/versions/{version}/backgrounds/{background}",
  request: {
    params: BackgroundPath,
    body: { required: true, content: { "application/json": { schema: PutBackground } } },
  },
  responses: {
    200: { description: "The set", content: { "application/json": { schema: BackgroundView } } },
    ...securedProblems(
      ...JSON_PROBLEMS,
      ...DATA_PROBLEMS,
      "explanation_invalid",
      "explanation_value_invalid",
      "background_missing",
      "model_not_found",
      "version_not_found",
    ),
  },
});

export const putBackground = operation().openapi(route, async (c) => {
  const { name, version, background } = c.req.valid("param");
  const { found } = await ownedVersion(c, name, version);
  const row = await keepBackground(c, found, background, c.req.valid("json"));
  return c.json(viewBackground(name, version, row), 200);
});
