import { createRoute } from "@hono/zod-openapi";
import { AliasHistory, AliasPath } from "../../../../contract/model.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel } from "../../registry/owned-model.ts";
import { viewAliasHistory } from "../../registry/view-alias-history.ts";
import { modelProblem } from "../../leases/model-leases.ts";

const route = createRoute({
  ...secured("models:read"),
  operationId: "getAlias",
  tags: ["Models"],
  summary: "Where an alias points and where it has pointed, newest change first",
  method: "get",
  path: "/v1/models/{name}/aliases/{alias}",
  request: { params: AliasPath },
  responses: {
    200: { description: "The alias", content: { "application/json": { schema: AliasHistory } } },
    ...securedProblems("invalid_request", "model_not_found", "alias_not_found"),
  },
});

export const getAlias = operation().openapi(route, async (c) => {
  const { name, alias } = c.req.valid("param");
  const { open } = await ownedModel(c, name);
  const found = await callActor(open, (actor) => actor.describeAlias(alias));
  if (!found.ok) throw modelProblem(name, found.error);
  return c.json(viewAliasHistory(found.value), 200);
});
