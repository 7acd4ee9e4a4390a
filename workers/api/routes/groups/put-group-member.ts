import { createRoute } from "@hono/zod-openapi";
import { GroupMember, GroupMemberPath } from "../../../../contract/group.ts";
import { findMember, insertMember } from "../../../../database/groups.ts";
import { findUser } from "../../../../database/users.ts";
import { managedGroup, viewMember } from "../../groups/visible-group.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ApiProblem } from "../../http/problem.ts";

/** A group is read as a whole. */
const MOST_MEMBERS = 1_000;

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "putGroupMember",
  tags: ["Groups"],
  summary: "Make a user a member of a group",
  description: "A user who is one stays it.",
  method: "put",
  path: "/v1/groups/{group}/members/{user_id}",
  request: { params: GroupMemberPath },
  responses: {
    200: { description: "The member", content: { "application/json": { schema: GroupMember } } },
    ...securedProblems(
      "invalid_request",
      "group_not_found",
      "group_not_owned",
      "user_not_found",
      "group_full",
    ),
  },
});

export const putGroupMember = operation().openapi(route, async (c) => {
  const { group, user_id } = c.req.valid("param");
  const { directory, row } = await managedGroup(c, group);
  if (!(await findUser(directory, user_id)))
    throw new ApiProblem("user_not_found", `there is no user ${user_id}`);
  const added = { group_id: row.id, user_id, added_at: Date.now() };
  await insertMember(directory, added, MOST_MEMBERS);
  const member = await findMember(directory, row.id, user_id);
  if (!member) throw new ApiProblem("group_full", `'${row.name}' has ${MOST_MEMBERS} members`);
  return c.json(viewMember(member), 200);
});
