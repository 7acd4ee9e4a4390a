import { createRoute } from "@hono/zod-openapi";
import { CreateGroup, GroupSummary } from "../../../../contract/group.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { insertGroup } from "../../../../database/groups.ts";
import { summariseGroup } from "../../groups/visible-group.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { newId } from "../../http/ids.ts";
import { ApiProblem, JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("datasets:write"),
  operationId: "createGroup",
  tags: ["Groups"],
  summary: "Create a group of users to share with",
  description: "It is yours, and you are its first member.",
  method: "post",
  path: "/v1/groups",
  request: { body: { required: true, content: { "application/json": { schema: CreateGroup } } } },
  responses: {
    201: { description: "The group", content: { "application/json": { schema: GroupSummary } } },
    ...securedProblems(...JSON_PROBLEMS, "group_name_taken"),
  },
});

export const createGroup = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("json");
  const { owner_id } = c.get("admission").principal;
  const row = { id: newId("grp"), name, owner_id, created_at: Date.now() };
  if (!(await insertGroup(openDirectory(c.env.DB), row)))
    throw new ApiProblem("group_name_taken", `a group named '${name}' exists`);
  return c.json(summariseGroup(row), 201);
});
