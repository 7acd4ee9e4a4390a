import { createRoute } from "@hono/zod-openapi";
import { NodePath, TraceQuery, TraceView } from "../../../../contract/lineage.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { answerTrace, TRACE_SVG } from "../../lineage/answer-trace.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "traceDownstream",
  tags: ["Lineage"],
  summary: "Read what came of something",
  description:
    "Nearest first, as far as `depth` and `limit` go: `truncated` says whether there is more. As JSON, or as a picture with `as=svg` or `Accept: image/svg+xml`.",
  method: "get",
  path: "/v1/lineage/{node}/downstream",
  request: { params: NodePath, query: TraceQuery },
  responses: {
    200: {
      description: "The node and what is downstream of it",
      content: { "application/json": { schema: TraceView }, ...TRACE_SVG },
    },
    ...securedProblems("invalid_request", "lineage_node_not_found"),
  },
});

export const traceDownstream = operation().openapi(route, (c) =>
  answerTrace(c, "downstream", c.req.valid("param").node, c.req.valid("query")),
);
