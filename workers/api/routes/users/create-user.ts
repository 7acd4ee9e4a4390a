import { createRoute } from "@hono/zod-openapi";
import { CreateUser, UserView } from "../../../../contract/key.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { insertUser } from "../../../../database/users.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { newId } from "../../http/ids.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { instant } from "../../http/times.ts";

const route = createRoute({
  ...secured("admin"),
  operationId: "createUser",
  tags: ["Users"],
  summary: "Add a user",
  description:
    "A user owns models, experiments and keys. Give it a key with POST /v1/keys and its `owner_id`.",
  method: "post",
  path: "/v1/users",
  request: { body: { required: true, content: { "application/json": { schema: CreateUser } } } },
  responses: {
    201: { description: "The user", content: { "application/json": { schema: UserView } } },
    ...securedProblems(...JSON_PROBLEMS),
  },
});

export const createUser = operation().openapi(route, async (c) => {
  const row = { id: newId("usr"), name: c.req.valid("json").name, created_at: Date.now() };
  await insertUser(openDirectory(c.env.DB), row);
  return c.json({ ...row, created_at: instant(row.created_at) }, 201);
});
