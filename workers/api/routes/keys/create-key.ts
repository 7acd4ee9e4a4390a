import { createRoute } from "@hono/zod-openapi";
import { CreateKey, NewKey } from "../../../../contract/key.ts";
import { insertApiKey } from "../../../../database/api-keys.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { findUser } from "../../../../database/users.ts";
import { allows, notOwn } from "../../../../domain/keys/scopes.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { prepareKey, viewKey } from "../../keys/new-key.ts";
import { ApiProblem, JSON_PROBLEMS } from "../../http/problem.ts";

const DAY_MS = 86_400_000;

const route = createRoute({
  ...secured("keys:write"),
  operationId: "createKey",
  tags: ["Keys"],
  summary: "Create an API key",
  description:
    "The whole key is in this answer and never shown again. A key passes on only scopes of its own.",
  method: "post",
  path: "/v1/keys",
  request: { body: { required: true, content: { "application/json": { schema: CreateKey } } } },
  responses: {
    201: { description: "The key", content: { "application/json": { schema: NewKey } } },
    ...securedProblems(...JSON_PROBLEMS, "user_not_found"),
  },
});

export const createKey = operation().openapi(route, async (c) => {
  const { owner_id, expires_in_days, ...asked } = c.req.valid("json");
  const { principal } = c.get("admission");
  const foreign = notOwn(principal.scopes, asked.scopes);
  if (foreign)
    throw new ApiProblem(
      "scope_missing",
      `this key cannot pass on the scope '${foreign}', which it lacks`,
      { scope: foreign },
    );
  if (owner_id !== undefined && owner_id !== principal.owner_id) {
    if (!allows(principal.scopes, "admin"))
      throw new ApiProblem("scope_missing", "a key for another user needs the scope 'admin'", {
        scope: "admin",
      });
    if (!(await findUser(openDirectory(c.env.DB), owner_id)))
      throw new ApiProblem("user_not_found", `there is no user ${owner_id}`);
  }
  const expires_at = expires_in_days === undefined ? null : Date.now() + expires_in_days * DAY_MS;
  const order = { ...asked, owner_id: owner_id ?? principal.owner_id, expires_at };
  const { row, key } = await prepareKey(c.env, order);
  await insertApiKey(openDirectory(c.env.DB), row);
  return c.json({ ...viewKey(row), key }, 201);
});
