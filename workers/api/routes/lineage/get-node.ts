import { createRoute } from "@hono/zod-openapi";
import { LineageNodeView, NodePath } from "../../../../contract/lineage.ts";
import type { NodeRecord } from "../../../../contract/lineage-record.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { fromLineage } from "../../lineage/owner-lineage.ts";
import { viewNode } from "../../lineage/view-node.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getLineageNode",
  tags: ["Lineage"],
  summary: "Get a node of the lineage with its edges",
  description: "The first 1,000 edges each way, and what OpenLineage has told of it.",
  method: "get",
  path: "/v1/lineage/{node}",
  request: { params: NodePath },
  responses: {
    200: { description: "The node", content: { "application/json": { schema: LineageNodeView } } },
    ...securedProblems("invalid_request", "lineage_node_not_found"),
  },
});

export const getLineageNode = operation().openapi(route, async (c) => {
  const { node } = c.req.valid("param");
  return c.json(viewNode(await fromLineage<NodeRecord>(c, (lineage) => lineage.node(node))), 200);
});
