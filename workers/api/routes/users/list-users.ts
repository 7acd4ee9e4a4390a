import { createRoute } from "@hono/zod-openapi";
import { PageQuery } from "../../../../contract/common.ts";
import { UserPage } from "../../../../contract/key.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listUsers as listUserRows } from "../../../../database/users.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";
import { instant } from "../../http/times.ts";

const route = createRoute({
  ...secured("admin"),
  operationId: "listUsers",
  tags: ["Users"],
  summary: "List the users, oldest first",
  method: "get",
  path: "/v1/users",
  request: { query: PageQuery },
  responses: {
    200: { description: "A page of users", content: { "application/json": { schema: UserPage } } },
    ...securedProblems("invalid_request"),
  },
});

export const listUsers = operation().openapi(route, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const rows = await listUserRows(openDirectory(c.env.DB), { after: cursor, limit: limit + 1 });
  const view = (row: (typeof rows)[number]) => ({ ...row, created_at: instant(row.created_at) });
  return c.json(
    toPage(rows, limit, ({ id }) => id, view),
    200,
  );
});
