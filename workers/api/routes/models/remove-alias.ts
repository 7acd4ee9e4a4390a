import { createRoute } from "@hono/zod-openapi";
import { AliasPath } from "../../../../contract/model.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel } from "../../registry/owned-model.ts";
import { modelProblem } from "../../leases/model-leases.ts";

const route = createRoute({
  ...secured("models:write"),
  operationId: "removeAlias",
  tags: ["Models"],
  summary: "Remove an alias; its history is kept",
  method: "delete",
  path: "/v1/models/{name}/aliases/{alias}",
  request: { params: AliasPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems("invalid_request", "model_not_found", "alias_not_found"),
  },
});

export const removeAlias = operation().openapi(route, async (c) => {
  const { name, alias } = c.req.valid("param");
  const { open } = await ownedModel(c, name);
  const by = c.get("admission").principal.key_id;
  const removed = await callActor(open, (actor) => actor.removeAlias(alias, by));
  if (!removed.ok) throw modelProblem(name, removed.error);
  return c.body(null, 204);
});
