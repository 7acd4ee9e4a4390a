import { createRoute } from "@hono/zod-openapi";
import { ModelPath } from "../../../../contract/model.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel } from "../../registry/owned-model.ts";
import { deleteUnlessUsed } from "../../registry/delete-unless-used.ts";

const route = createRoute({
  ...secured("models:write"),
  operationId: "deleteModel",
  tags: ["Models"],
  summary: "Delete a model and all its versions",
  description: "Refused while an alias or an experiment that has not ended uses it.",
  method: "delete",
  path: "/v1/models/{name}",
  request: { params: ModelPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems("invalid_request", "model_not_found", "model_in_use"),
  },
});

export const deleteModel = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("param");
  const { row, open } = await ownedModel(c, name);
  const { id, owner_id } = row;
  await deleteUnlessUsed(c, name, open, (actor) => actor.deleteModel(id, owner_id));
  return c.body(null, 204);
});
