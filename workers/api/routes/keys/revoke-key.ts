import { createRoute } from "@hono/zod-openapi";
import { KeyPath, KeyView } from "../../../../contract/key.ts";
import { markRevoked } from "../../../../database/api-keys.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { notOwn } from "../../../../domain/keys/scopes.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { viewKey } from "../../keys/new-key.ts";
import { ApiProblem } from "../../http/problem.ts";
import { ownedKey } from "../../keys/owned-key.ts";
import { forgetKey } from "../../leases/key-leases.ts";

const route = createRoute({
  ...secured("keys:write"),
  operationId: "revokeKey",
  tags: ["Keys"],
  summary: "Revoke an API key",
  description:
    "For good, and everywhere within a second. Revoking a revoked key changes nothing. A key revokes only keys with no scope that it lacks.",
  method: "delete",
  path: "/v1/keys/{id}",
  request: { params: KeyPath },
  responses: {
    200: { description: "The revoked key", content: { "application/json": { schema: KeyView } } },
    ...securedProblems("invalid_request", "key_not_found"),
  },
});

export const revokeKey = operation().openapi(route, async (c) => {
  const row = await ownedKey(c, c.req.valid("param").id);
  const foreign = notOwn(c.get("admission").principal.scopes, row.scopes);
  if (foreign) {
    const detail = `the key has the scope '${foreign}', which this key lacks`;
    throw new ApiProblem("scope_missing", detail, { scope: foreign });
  }
  await callActor(
    () => c.env.KEY.getByName(row.id),
    (actor) => actor.revoke(),
  );
  forgetKey(row.id);
  const revoked_at = row.revoked_at ?? Date.now();
  await markRevoked(openDirectory(c.env.DB), row.id, revoked_at);
  return c.json(viewKey({ ...row, revoked_at }), 200);
});
