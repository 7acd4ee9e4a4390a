import { createRoute } from "@hono/zod-openapi";
import { GroupPath, GroupView } from "../../../../contract/group.ts";
import { listMembers } from "../../../../database/groups.ts";
import { summariseGroup, viewMember, visibleGroup } from "../../groups/visible-group.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getGroup",
  tags: ["Groups"],
  summary: "Get a group with its members",
  method: "get",
  path: "/v1/groups/{group}",
  request: { params: GroupPath },
  responses: {
    200: { description: "The group", content: { "application/json": { schema: GroupView } } },
    ...securedProblems("invalid_request", "group_not_found"),
  },
});

export const getGroup = operation().openapi(route, async (c) => {
  const { directory, row } = await visibleGroup(c, c.req.valid("param").group);
  const members = await listMembers(directory, row.id);
  return c.json({ ...summariseGroup(row), members: members.map(viewMember) }, 200);
});
