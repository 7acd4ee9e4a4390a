import { createRoute } from "@hono/zod-openapi";
import { GroupPath } from "../../../../contract/group.ts";
import { removeGroup } from "../../../../database/groups.ts";
import { managedGroup } from "../../groups/visible-group.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "deleteGroup",
  tags: ["Groups"],
  summary: "Delete a group",
  description:
    "Its members lose what was shared with it. A later group of its name has none of it.",
  method: "delete",
  path: "/v1/groups/{group}",
  request: { params: GroupPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems("invalid_request", "group_not_found", "group_not_owned"),
  },
});

export const deleteGroup = operation().openapi(route, async (c) => {
  const { directory, row } = await managedGroup(c, c.req.valid("param").group);
  await removeGroup(directory, row.id);
  return c.body(null, 204);
});
