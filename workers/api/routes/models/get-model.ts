import { createRoute } from "@hono/zod-openapi";
import { ModelPath, ModelView } from "../../../../contract/model.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listAliases } from "../../../../database/models.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel, viewModel } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("models:read"),
  operationId: "getModel",
  tags: ["Models"],
  summary: "Get a model with its aliases",
  method: "get",
  path: "/v1/models/{name}",
  request: { params: ModelPath },
  responses: {
    200: { description: "The model", content: { "application/json": { schema: ModelView } } },
    ...securedProblems("invalid_request", "model_not_found"),
  },
});

export const getModel = operation().openapi(route, async (c) => {
  const { row } = await ownedModel(c, c.req.valid("param").name);
  return c.json(viewModel(row, await listAliases(openDirectory(c.env.DB), [row.id])), 200);
});
