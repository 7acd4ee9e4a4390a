import { createRoute } from "@hono/zod-openapi";
import { AliasHistory, AliasPath, MoveAlias } from "../../../../contract/model.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel } from "../../registry/owned-model.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { viewAliasHistory } from "../../registry/view-alias-history.ts";
import { modelProblem } from "../../leases/model-leases.ts";

const route = createRoute({
  ...secured("models:write"),
  operationId: "moveAlias",
  tags: ["Models"],
  summary: "Point an alias at a version",
  description:
    "With `expected_version` it is a compare-and-set: of two who move it from the same place, one is refused.",
  method: "put",
  path: "/v1/models/{name}/aliases/{alias}",
  request: {
    params: AliasPath,
    body: { required: true, content: { "application/json": { schema: MoveAlias } } },
  },
  responses: {
    200: { description: "The alias", content: { "application/json": { schema: AliasHistory } } },
    ...securedProblems(...JSON_PROBLEMS, "model_not_found", "version_not_found", "alias_moved"),
  },
});

export const moveAlias = operation().openapi(route, async (c) => {
  const { name, alias } = c.req.valid("param");
  const { version, expected_version } = c.req.valid("json");
  const { open } = await ownedModel(c, name);
  const by = c.get("admission").principal.key_id;
  const expected = expected_version === undefined ? null : [expected_version];
  const moved = await callActor(open, (actor) => actor.moveAlias({ alias, version, expected, by }));
  if (!moved.ok) throw modelProblem(name, moved.error);
  return c.json(viewAliasHistory(moved.value), 200);
});
