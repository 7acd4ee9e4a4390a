import type { Context } from "hono";
import * as z from "zod";
import type { TraceAnswer, TraceQuery } from "../../../contract/lineage-record.ts";
import { lineagePlot, type PlottedLineage } from "../../../domain/lineage/plot/lineage-plot.ts";
import { accepts, SVG, SVG_HEADERS } from "../http/pictures.ts";
import type { AppEnv } from "../http/app-env.ts";
import { fromLineage } from "./owner-lineage.ts";
import { type SeenUse, usesOfOthers } from "./uses-of-others.ts";
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
  const others =
    direction === "upstream" ? { uses: [], truncated: false } : await usesOfOthers(c, answer.nodes);
  const used_by_others = others.uses.filter(
    ({ node_type }) => query.kinds?.includes(node_type) ?? true,
  );
  if (as === "svg" || (as === undefined && accepts(c, SVG)))
    return c.body(
      lineagePlot(withOthers(answer, used_by_others), { focus: node, direction }),
      200,
      SVG_HEADERS,
    );
  const { nodes, edges, next_cursor } = answer;
  const why = answer.why ?? (others.truncated ? "nodes" : null);
  const truncated = answer.truncated || others.truncated;
  return c.json(
    {
      nodes: nodes.map(viewNode),
      edges,
      truncated,
      why,
      next_cursor: next_cursor === null ? null : String(next_cursor),
      used_by_others,
    },
    200,
  );
}

/** As the picture shows it: with nodes that say nothing but what they are. */
function withOthers(answer: TraceAnswer, uses: readonly SeenUse[]): PlottedLineage {
  const others = new Map(
    uses.map(({ node_id, node_type }) => [
      node_id,
      { node_id, node_type, label: "somebody else's", created_at: 0, metadata: {} },
    ]),
  );
  return {
    nodes: [...answer.nodes, ...others.values()],
    edges: [
      ...answer.edges,
      ...uses.map(({ version_id, node_id }) => ({ from: version_id, to: node_id })),
    ],
    truncated: answer.truncated,
  };
}

export const TRACE_SVG = { [SVG]: { schema: z.string() } };
