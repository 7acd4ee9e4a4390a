import { createRoute } from "@hono/zod-openapi";
import { ImpactBody, ImpactView } from "../../../../contract/lineage.ts";
import type { ImpactAnswer } from "../../../../contract/lineage-record.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { fromLineage } from "../../lineage/owner-lineage.ts";
import { affectedOthers } from "../../lineage/uses-of-others.ts";
import { viewNode } from "../../lineage/view-node.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "findImpact",
  tags: ["Lineage"],
  summary: "Read what must be made again if versions or rows are withdrawn",
  description:
    "Runs, versions of models and experiments downstream of them, each with the shortest way as the reason; and what others have that uses data of yours, by id and kind.",
  method: "post",
  path: "/v1/lineage/impact",
  request: {
    body: { required: true, content: { "application/json": { schema: ImpactBody } } },
  },
  responses: {
    200: {
      description: "What is affected",
      content: { "application/json": { schema: ImpactView } },
    },
    ...securedProblems(...JSON_PROBLEMS, "lineage_node_not_found"),
  },
});

export const findImpact = operation().openapi(route, async (c) => {
  const body = c.req.valid("json");
  const ids = "version_ids" in body ? body.version_ids : [body.version_id];
  const rows = "rows" in body && body.rows !== undefined;
  const answer = await fromLineage<ImpactAnswer>(c, (lineage) => lineage.impact(ids, rows));
  const { affected, versions } = answer;
  const others = await affectedOthers(c, versions, rows);
  const count = (kind: string) => affected.filter(({ node_type }) => node_type === kind).length;
  const counts = {
    run: count("run"),
    model_version: count("model_version"),
    experiment: count("experiment"),
  };
  const used_by_others = others.affected;
  const truncated = answer.truncated || others.truncated;
  return c.json({ affected: affected.map(viewNode), used_by_others, counts, truncated }, 200);
});
