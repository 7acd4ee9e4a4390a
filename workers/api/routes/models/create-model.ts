import { createRoute } from "@hono/zod-openapi";
import { CreateModel, ModelView } from "../../../../contract/model.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { insertModel } from "../../../../database/models.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { newId } from "../../http/ids.ts";
import { viewModel } from "../../registry/owned-model.ts";
import { ApiProblem, JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("models:write"),
  operationId: "createModel",
  tags: ["Models"],
  summary: "Create a model, a name for versions to come",
  method: "post",
  path: "/v1/models",
  request: { body: { required: true, content: { "application/json": { schema: CreateModel } } } },
  responses: {
    201: { description: "The model", content: { "application/json": { schema: ModelView } } },
    ...securedProblems(...JSON_PROBLEMS, "model_name_taken"),
  },
});

export const createModel = operation().openapi(route, async (c) => {
  const { name, description } = c.req.valid("json");
  const { owner_id } = c.get("admission").principal;
  const now = Date.now();
  const times = { created_at: now, updated_at: now };
  const row = { id: newId("mdl"), owner_id, name, description, latest_version: null, ...times };
  if (!(await insertModel(openDirectory(c.env.DB), row)))
    throw new ApiProblem(
      "model_name_taken",
      `you have a model named '${name}'; upload a version to it`,
    );
  return c.json(viewModel(row, []), 201);
});
