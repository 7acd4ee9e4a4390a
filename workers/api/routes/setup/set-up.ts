import { createRoute } from "@hono/zod-openapi";
import { SetUp, SetUpResult } from "../../../../contract/key.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { insertFirstUser } from "../../../../database/users.ts";
import { operation } from "../../http/app-env.ts";
import { newId } from "../../http/ids.ts";
import { makeKey } from "../../http/new-key.ts";
import { ApiProblem, JSON_PROBLEMS, problemResponses } from "../../http/problem.ts";
import { instant } from "../../http/times.ts";

const FIRST_KEY_LIMIT = 1_000_000;

const route = createRoute({
  operationId: "setUp",
  tags: ["Users"],
  summary: "Create the first administrator and its key, once",
  description: "Needs the platform's `SETUP_TOKEN` as `authorization: Bearer …`.",
  security: [{ setupToken: [] }],
  method: "post",
  path: "/v1/setup",
  request: { body: { required: true, content: { "application/json": { schema: SetUp } } } },
  responses: {
    201: { description: "Both", content: { "application/json": { schema: SetUpResult } } },
    ...problemResponses(...JSON_PROBLEMS, "setup_refused", "already_set_up"),
  },
});

export const setUp = operation().openapi(route, async (c) => {
  if (!(await sameText(c.req.header("authorization") ?? "", `Bearer ${c.env.SETUP_TOKEN}`)))
    throw new ApiProblem("setup_refused", "send the setup token as 'authorization: Bearer …'");
  const { name } = c.req.valid("json");
  const user = { id: newId("usr"), name, created_at: Date.now() };
  if (!(await insertFirstUser(openDirectory(c.env.DB), user)))
    throw new ApiProblem("already_set_up", "ask an administrator for a key");
  const key = await makeKey(c.env, {
    owner_id: user.id,
    name: "first key",
    environment: "live",
    scopes: ["admin"],
    rate_limit: FIRST_KEY_LIMIT,
    expires_at: null,
  });
  return c.json({ user: { ...user, created_at: instant(user.created_at) }, key }, 201);
});

/** Compares digests, so that neither the length nor the first difference shows in the time. */
async function sameText(given: string, expected: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return crypto.subtle.timingSafeEqual(await digest(given), await digest(expected));
}
