import { createRoute } from "@hono/zod-openapi";
import { GroupPage, GroupQuery } from "../../../../contract/group.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listGroups as listGroupRows } from "../../../../database/groups.ts";
import { allows } from "../../../../domain/keys/scopes.ts";
import { summariseGroup } from "../../groups/visible-group.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "listGroups",
  tags: ["Groups"],
  summary: "List the groups that you own or are in, newest first",
  description: "With the scope `admin`: all groups.",
  method: "get",
  path: "/v1/groups",
  request: { query: GroupQuery },
  responses: {
    200: {
      description: "A page of groups",
      content: { "application/json": { schema: GroupPage } },
    },
    ...securedProblems("invalid_request"),
  },
});

export const listGroups = operation().openapi(route, async (c) => {
  const { limit, cursor, search } = c.req.valid("query");
  const { owner_id, scopes } = c.get("admission").principal;
  const user_id = allows(scopes, "admin") ? undefined : owner_id;
  const query = { user_id, search, before: cursor, limit: limit + 1 };
  const rows = await listGroupRows(openDirectory(c.env.DB), query);
  return c.json(
    toPage(rows, limit, ({ id }) => id, summariseGroup),
    200,
  );
});
