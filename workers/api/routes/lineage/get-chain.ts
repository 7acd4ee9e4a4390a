import { createRoute } from "@hono/zod-openapi";
import { ChainView, NodePath } from "../../../../contract/lineage.ts";
import type { ChainAnswer } from "../../../../contract/lineage-record.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { fromLineage } from "../../lineage/owner-lineage.ts";
import { viewNode } from "../../lineage/view-node.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getReproducibilityChain",
  tags: ["Lineage"],
  summary: "Read all that something was made from, in the order to do it again in",
  description:
    "Roots first, each step behind what it needs. Where it is `truncated`, it is too long to be one answer: 1,000 nodes.",
  method: "get",
  path: "/v1/lineage/{node}/chain",
  request: { params: NodePath },
  responses: {
    200: { description: "The chain", content: { "application/json": { schema: ChainView } } },
    ...securedProblems("invalid_request", "lineage_node_not_found", "lineage_cycle"),
  },
});

export const getReproducibilityChain = operation().openapi(route, async (c) => {
  const { node } = c.req.valid("param");
  const chain = await fromLineage<ChainAnswer>(c, (lineage) => lineage.chain(node));
  return c.json({ ...chain, nodes: chain.nodes.map(viewNode) }, 200);
});
