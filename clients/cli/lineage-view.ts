import type {
  ChainView,
  ImpactView,
  LineageNodeSummary,
  LineageNodeView,
  TraceView,
} from "@linnet/sdk";
import { counted, formatCount, formatTime } from "./format.ts";
import { type Column, renderFields, renderTable, type TableOptions } from "./table.ts";

const kindOf = ({ node_type }: Pick<LineageNodeSummary, "node_type">): string =>
  node_type.replaceAll("_", " ");

const columns: Column<LineageNodeSummary>[] = [
  { title: "kind", value: kindOf },
  { title: "name", flexible: true, value: ({ label }) => label },
  { title: "created (UTC)", value: ({ created_at }) => formatTime(created_at) },
  { title: "id", value: ({ node_id }) => node_id },
];

/** Nearest first, each as far to the right as it is steps away. */
export function renderTrace(view: TraceView, options: TableOptions): string {
  const { nodes, truncated, why, used_by_others } = view;
  const table = renderTable(
    [
      { title: "steps", align: "right", value: ({ depth }) => String(depth) },
      ...(columns as Column<TraceView["nodes"][number]>[]),
    ],
    nodes,
    options,
  );
  const others = renderTable(
    [
      { title: "kind", value: kindOf },
      { title: "uses", value: ({ version_id }) => version_id },
      { title: "id", value: ({ node_id }) => node_id },
    ],
    used_by_others,
    options,
  );
  return [
    table,
    ...(used_by_others.length > 0 ? [`used by others:\n\n${others}`] : []),
    ...(truncated ? [`there is more (${why}): add --depth, --limit or --all`] : []),
  ].join("\n\n");
}

export function renderNode(node: LineageNodeView, options: TableOptions): string {
  const { incoming_edges, outgoing_edges } = node;
  const facets = Object.keys(node.facets);
  return renderFields(
    [
      ["kind", kindOf(node)],
      ["name", node.label],
      ["id", node.node_id],
      ["created", node.created_at && formatTime(node.created_at)],
      ["made from", incoming_edges.join(", ")],
      ["used by", outgoing_edges.join(", ")],
      ["facets", facets.join(", ")],
    ],
    options,
  );
}

/** In the order in which they would be made again. */
export function renderChain({ nodes, truncated }: ChainView, options: TableOptions): string {
  const table = renderTable(columns, nodes, options);
  return truncated ? `${table}\n\nthe chain is longer than one answer` : table;
}

/** What would have to be made again, and why; of what is somebody else's only what it is. */
export function renderImpact(view: ImpactView, options: TableOptions): string {
  const { affected, used_by_others, counts, truncated } = view;
  const { run, model_version, experiment } = counts;
  const others = used_by_others.length;
  const line = [
    counted(model_version, "version of a model", "versions of models"),
    counted(run, "run"),
    counted(experiment, "experiment"),
  ].join(", ");
  const beyond = others === 0 ? "" : `, and ${formatCount(others)} of others that use your data`;
  if (affected.length + others === 0) return line;
  const theirs = used_by_others.map((use) => ({ ...use, label: "somebody else's" }));
  const table = renderTable(
    [
      { title: "kind", value: kindOf },
      { title: "name", flexible: true, value: ({ label }) => label },
      { title: "certain", value: ({ certain }) => (certain ? "yes" : "perhaps") },
      { title: "because of", flexible: true, value: ({ path }) => path.join(" → ") },
      { title: "id", value: ({ node_id }) => node_id },
    ],
    [...affected, ...theirs],
    options,
  );
  return `${line}${beyond}\n\n${table}${truncated ? "\n\nthere is more than one answer has" : ""}`;
}
