import { createRoute } from "@hono/zod-openapi";
import { KeyPage, KeyQuery } from "../../../../contract/key.ts";
import { listApiKeys } from "../../../../database/api-keys.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { allows } from "../../../../domain/keys/scopes.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { viewKey } from "../../keys/new-key.ts";
import { ApiProblem } from "../../http/problem.ts";
import { toPage } from "../../http/page.ts";

const route = createRoute({
  ...secured("keys:read"),
  operationId: "listKeys",
  tags: ["Keys"],
  summary: "List your API keys, newest first",
  method: "get",
  path: "/v1/keys",
  request: { query: KeyQuery },
  responses: {
    200: { description: "A page of keys", content: { "application/json": { schema: KeyPage } } },
    ...securedProblems("invalid_request"),
  },
});

export const listKeys = operation().openapi(route, async (c) => {
  const { limit, cursor, include_revoked, ...asked } = c.req.valid("query");
  const { principal } = c.get("admission");
  const owner_id = asked.owner_id ?? principal.owner_id;
  if (owner_id !== principal.owner_id && !allows(principal.scopes, "admin"))
    throw new ApiProblem("scope_missing", "another user's keys need the scope 'admin'", {
      scope: "admin",
    });
  const query = { owner_id, include_revoked, before: cursor, limit: limit + 1 };
  const rows = await listApiKeys(openDirectory(c.env.DB), query);
  return c.json(
    toPage(rows, limit, ({ id }) => id, viewKey),
    200,
  );
});
