import { createRoute } from "@hono/zod-openapi";
import { SetUp, SetUpResult } from "../../../../contract/key.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { insertFirstUser } from "../../../../database/users.ts";
import { operation } from "../../http/app-env.ts";
import { newId } from "../../http/ids.ts";
import { type KeyOrder, prepareKey, viewKey } from "../../keys/new-key.ts";
import { ApiProblem, JSON_PROBLEMS, problemResponses } from "../../http/problem.ts";
import { instant } from "../../http/times.ts";

const FIRST_KEY: Omit<KeyOrder, "owner_id"> = {
  name: "first key",
  environment: "live",
  scopes: ["admin"],
  rate_limit: 1_000_000,
  expires_at: null,
};

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
  await checkToken(c.env.SETUP_TOKEN, c.req.header("authorization") ?? "");
  const { name } = c.req.valid("json");
  const user = { id: newId("usr"), name, created_at: Date.now() };
  const { row, key } = await prepareKey(c.env, { ...FIRST_KEY, owner_id: user.id });
  if (!(await insertFirstUser(openDirectory(c.env.DB), user, row)))
    throw new ApiProblem("already_set_up", "ask an administrator for a key");
  const administrator = { ...user, created_at: instant(user.created_at) };
  return c.json({ user: administrator, key: { ...viewKey(row), key } }, 201);
});

/** A platform without a token cannot be set up: an absent secret must not be one to guess. */
async function checkToken(token: string | undefined, authorization: string): Promise<void> {
  if (token && (await sameText(authorization, `Bearer ${token}`))) return;
  throw new ApiProblem("setup_refused", "send the setup token as 'authorization: Bearer …'");
}

/** Compares digests, so that neither the length nor the first difference shows in the time. */
async function sameText(given: string, expected: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return crypto.subtle.timingSafeEqual(await digest(given), await digest(expected));
}
