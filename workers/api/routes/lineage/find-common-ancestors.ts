import { createRoute } from "@hono/zod-openapi";
import { CommonAncestorsQuery, CommonAncestorsView } from "../../../../contract/lineage.ts";
import type { AncestorAnswer } from "../../../../contract/lineage-record.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { fromLineage } from "../../lineage/owner-lineage.ts";
import { viewNode } from "../../lineage/view-node.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "findCommonAncestors",
  tags: ["Lineage"],
  summary: "Read what two things both come from",
  method: "get",
  path: "/v1/lineage/common-ancestors",
  request: { query: CommonAncestorsQuery },
  responses: {
    200: {
      description: "The common ancestors, nearest first",
      content: { "application/json": { schema: CommonAncestorsView } },
    },
    ...securedProblems("invalid_request", "lineage_node_not_found"),
  },
});

export const findCommonAncestors = operation().openapi(route, async (c) => {
  const { a, b } = c.req.valid("query");
  const answer = await fromLineage<AncestorAnswer>(c, (lineage) => lineage.commonAncestors(a, b));
  return c.json({ ...answer, ancestors: answer.ancestors.map(viewNode) }, 200);
});
