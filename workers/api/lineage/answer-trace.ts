import type { Context } from "hono";
import * as z from "zod";
import type { TraceAnswer, TraceQuery } from "../../../contract/lineage-record.ts";
import { lineagePlot } from "../../../domain/lineage/plot/lineage-plot.ts";
import { accepts, SVG, SVG_HEADERS } from "../http/pictures.ts";
import type { AppEnv } from "../http/app-env.ts";
import { fromLineage } from "./owner-lineage.ts";
import { viewNode } from "./view-node.ts";

type Asked = Omit<TraceQuery, "cursor"> & {
  cursor?: number | undefined;
  as?: "json" | "svg" | undefined;
};

/** What lies upstream or downstream of a node, as JSON or as a picture. */
export async function answerTrace(
  c: Context<AppEnv>,
  direction: "upstream" | "downstream",
  node: string,
  { as, ...query }: Asked,
) {
  const answer = await fromLineage<TraceAnswer>(c, (lineage) =>
    direction === "upstream" ? lineage.upstream(node, query) : lineage.downstream(node, query),
  );
  if (as === "svg" || (as === undefined && accepts(c, SVG)))
    return c.body(lineagePlot(answer, { focus: node, direction }), 200, SVG_HEADERS);
  const { nodes, edges, truncated, why, next_cursor } = answer;
  return c.json(
    {
      nodes: nodes.map(viewNode),
      edges,
      truncated,
      why,
      next_cursor: next_cursor === null ? null : String(next_cursor),
    },
    200,
  );
}

export const TRACE_SVG = { [SVG]: { schema: z.string() } };
