import { figure, label, type LegendEntry } from "../../explain/plots/figure.ts";
import { counted } from "../../explain/plots/numerals.ts";
import { FONT, MARGIN, type Tone, WIDTH } from "../../explain/plots/style.ts";
import { coordinate, element, type Element, tooltip } from "../../explain/plots/svg.ts";
import type { LineageEdge, LineageNode, NodeKind } from "../lineage-node.ts";
import { layeredLayout, type Place } from "./layered-layout.ts";

export type PlottedLineage = {
  /** Nearest to the focus first: those behind are left out where there are too many. */
  nodes: readonly LineageNode[];
  edges: readonly LineageEdge[];
  /** Whether there is more than these. */
  truncated: boolean;
};
export type PlottedQuestion = { focus: string; direction: "upstream" | "downstream" };

const MOST_NODES = 60;
const MOST_EDGES = 300;
const BOX = { width: 148, height: 34 };
const COLUMN = 208;
const ROW = 48;
const STRIPE = 5;
const ARROW = 6;

const KINDS: Readonly<Record<NodeKind, { tone: Tone; name: string; opacity?: number }>> = {
  dataset_version: { tone: "lowers", name: "dataset version" },
  transformation: { tone: "amount", name: "transformation" },
  run: { tone: "axis", name: "run" },
  model_version: { tone: "raises", name: "model version" },
  experiment: { tone: "raises_text", name: "experiment", opacity: 0.55 },
  external_dataset: { tone: "lowers", name: "data outside", opacity: 0.45 },
  external_job: { tone: "before", name: "job outside" },
};

/** Data flows from left to right. An SVG of its own that follows the reader's light or dark mode. */
export function lineagePlot(graph: PlottedLineage, { focus, direction }: PlottedQuestion): string {
  const nodes = graph.nodes.slice(0, MOST_NODES);
  const shown = new Set(nodes.map(({ node_id }) => node_id));
  const among = graph.edges.filter(({ from, to }) => shown.has(from) && shown.has(to));
  const edges = among.slice(0, MOST_EDGES);
  const layout = layeredLayout([...shown], edges);
  const focused = nodes.find(({ node_id }) => node_id === focus)?.label ?? focus;
  const content = [
    ...layout.routes.map(({ through }) => drawEdge(through)),
    ...nodes.flatMap((node) => {
      const place = layout.places.get(node.node_id);
      return place ? [drawNode(node, place, node.node_id === focus)] : [];
    }),
  ];
  const others = nodes.length - 1;
  return figure({
    title: direction === "upstream" ? `What ${focused} was made from` : `What came of ${focused}`,
    subtitle: `${counted(Math.max(0, others), "further node")} ${direction}, data flows from left to right`,
    description: describe(nodes, edges),
    legend: legendOf(nodes),
    footnotes: footnotes(graph, nodes.length, among.length - edges.length),
    width: Math.max(WIDTH, 2 * MARGIN + (layout.layers - 1) * COLUMN + BOX.width),
    body: { content, height: Math.max(1, layout.rows) * ROW },
  });
}

const xOf = ({ layer }: Place): number => MARGIN + layer * COLUMN;
const yOf = ({ row }: Place): number => row * ROW + ROW / 2;

/** How much wider than others bold letters are. */
const BOLDER = 1.12;

function drawNode(node: LineageNode, place: Place, isFocus: boolean): Element {
  const { tone, name, opacity } = KINDS[node.node_type];
  const [x, y] = [xOf(place), yOf(place) - BOX.height / 2];
  const text = { x: x + STRIPE + 8, width: BOX.width - STRIPE - 14 };
  return element(
    "g",
    { class: "node" },
    tooltip(`${node.label}, ${name}, ${node.node_id}`),
    element("rect", { class: "paper", x, y, width: BOX.width, height: BOX.height, rx: 4 }),
    element("rect", {
      class: isFocus ? "line" : "axis line",
      x,
      y,
      width: BOX.width,
      height: BOX.height,
      rx: 4,
      "stroke-width": isFocus ? 2 : 1,
    }),
    element("rect", { class: tone, x, y, width: STRIPE, height: BOX.height, rx: 2, opacity }),
    label(node.label, { ...text, width: text.width / BOLDER, y: y + 15, class: "strong" }),
    label(name, { ...text, y: y + 28, class: "muted small", size: FONT.small }),
  );
}

/** From the right side of a box through its bends to the left side of another. */
function drawEdge(through: readonly Place[]): Element {
  const points = through.flatMap((place, at): [number, number][] => {
    const [left, y] = [xOf(place), yOf(place)];
    if (at === 0) return [[left + BOX.width, y]];
    if (at === through.length - 1) return [[left - ARROW, y]];
    // Straight where there are boxes above and below.
    return [
      [left, y],
      [left + BOX.width, y],
    ];
  });
  const [[x, y] = [0, 0]] = points.slice(-1);
  return element(
    "g",
    { class: "axis" },
    element("path", { class: "axis line", d: curveThrough(points) }),
    element("path", {
      class: "axis",
      d: `M${coordinate(x)} ${coordinate(y - ARROW / 2)}l${ARROW} ${ARROW / 2}l-${ARROW} ${ARROW / 2}z`,
    }),
  );
}

function curveThrough(points: readonly (readonly [number, number])[]): string {
  const [[x0, y0] = [0, 0], ...rest] = points;
  let [x, y] = [x0, y0];
  const curves = rest.map(([nextX, nextY]) => {
    const middle = coordinate((x + nextX) / 2);
    const curve = `C${middle} ${coordinate(y)} ${middle} ${coordinate(nextY)} ${coordinate(nextX)} ${coordinate(nextY)}`;
    [x, y] = [nextX, nextY];
    return curve;
  });
  return `M${coordinate(x0)} ${coordinate(y0)}${curves.join("")}`;
}

const legendOf = (nodes: readonly LineageNode[]): LegendEntry[] =>
  [...new Set(nodes.map(({ node_type }) => node_type))].map((kind) => {
    const { tone, name, opacity } = KINDS[kind];
    return { tone, text: name, ...(opacity !== undefined && { opacity }) };
  });

const MOST_DESCRIBED = 20;

function describe(nodes: readonly LineageNode[], edges: readonly LineageEdge[]): string {
  const labels = new Map(nodes.map(({ node_id, label }) => [node_id, label]));
  const said = edges
    .slice(0, MOST_DESCRIBED)
    .map(({ from, to }) => `${labels.get(from) ?? from} to ${labels.get(to) ?? to}`);
  const rest = edges.length - said.length;
  return said.length === 0
    ? "No edges."
    : `${said.join("; ")}${rest > 0 ? `; and ${counted(rest, "further edge")}` : ""}.`;
}

function footnotes(
  { nodes, truncated }: PlottedLineage,
  shown: number,
  hiddenEdges: number,
): string[] {
  const hidden = nodes.length - shown;
  return [
    ...(hidden > 0 ? [`${counted(hidden, "further node")} not shown.`] : []),
    ...(hiddenEdges > 0 ? [`${counted(hiddenEdges, "further edge")} not shown.`] : []),
    ...(truncated ? ["There is more beyond: ask with a greater depth or limit."] : []),
  ];
}
