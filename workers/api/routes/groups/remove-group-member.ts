import { createRoute } from "@hono/zod-openapi";
import { GroupMemberPath } from "../../../../contract/group.ts";
import { removeMember } from "../../../../database/groups.ts";
import { notOwned, visibleGroup } from "../../groups/visible-group.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ApiProblem } from "../../http/problem.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "removeGroupMember",
  tags: ["Groups"],
  summary: "Take a user out of a group",
  description: "Members may take out themselves, its owner anybody.",
  method: "delete",
  path: "/v1/groups/{group}/members/{user_id}",
  request: { params: GroupMemberPath },
  responses: {
    204: { description: "The user is no member" },
    ...securedProblems(
      "invalid_request",
      "group_not_found",
      "group_not_owned",
      "group_member_not_found",
    ),
  },
});

export const removeGroupMember = operation().openapi(route, async (c) => {
  const { group, user_id } = c.req.valid("param");
  const { directory, row, managed } = await visibleGroup(c, group);
  if (!managed && user_id !== c.get("admission").principal.owner_id) throw notOwned(row);
  if (!(await removeMember(directory, row.id, user_id)))
    throw new ApiProblem("group_member_not_found", `${user_id} is no member of '${row.name}'`);
  return c.body(null, 204);
});
