import type { AttentionLayer } from "../explanation.ts";
import { figure, label, type Drawn } from "./figure.ts";
import { counted } from "./numerals.ts";
import { cannotPlot, headingOf, type PlottedExplanation } from "./plotted-explanation.ts";
import { pngUrl, type Rgba } from "./png.ts";
import { extentOf } from "./scale.ts";
import { FONT, MARGIN, PIXEL_COLOURS, WIDTH } from "./style.ts";
import { element, type Element } from "./svg.ts";

const MOST_LAYERS = 12;
const MOST_HEADS = 8;
const HEADS_IN_ROW = 4;
const MEAN_SIZE = 208;
const HEAD_SIZE = 94;
const GAP = 20;
const HEADING = 24;
const HEADS_LEFT = MARGIN + MEAN_SIZE + 56;
/** Cells of a panel in either direction; where there are more, means of neighbours. */
const MOST_CELLS = { mean: 128, head: 64 };

/** For each layer how much each query attends to each key: the mean over the heads, and the heads beside it. */
export function attention(explained: PlottedExplanation): string {
  const layers = explained.attention;
  if (layers === null || layers.length === 0)
    throw cannotPlot("attention", "its method was not 'attention'");
  const shown = layers.slice(0, MOST_LAYERS);
  const hidden = layers.length - shown.length;
  return figure({
    ...headingOf(explained, "How much each query (row) attends to each key (column)"),
    description: `Attention of ${counted(layers.length, "layer")}: ${shown.map(layerInWords).join("; ")}.`,
    footnotes: [
      "Each panel is scaled to its own greatest weight.",
      ...(hidden > 0
        ? [`${counted(hidden, "further layer")} not shown; ask for one by its name.`]
        : []),
    ],
    body: drawLayers(shown),
  });
}

const layerInWords = ({ name, heads, queries, keys }: AttentionLayer): string =>
  `${name} has ${counted(heads, "head")} of ${counted(queries, "query", "queries")} and ${counted(keys, "key")}`;

function drawLayers(layers: readonly AttentionLayer[]): Drawn {
  let top = 0;
  const content = layers.flatMap((layer) => {
    const drawn = drawLayer(layer);
    const group = element("g", { transform: `translate(0 ${top})` }, ...drawn.content);
    top += drawn.height + GAP;
    return [group];
  });
  return { content, height: top - GAP };
}

function drawLayer(layer: AttentionLayer): Drawn {
  const { name, heads, queries, keys, weights } = layer;
  const size = queries * keys;
  const shown = heads === 1 ? 0 : Math.min(heads, MOST_HEADS);
  const head = (at: number): number[] => weights.slice(at * size, (at + 1) * size);
  const heading = `${name} · ${counted(heads, "head")}, ${queries} × ${keys}${heads > shown && shown > 0 ? `; the first ${shown} heads` : ""}`;
  const rows = Math.ceil(shown / HEADS_IN_ROW);
  return {
    content: [
      label(heading, { x: MARGIN, y: 12, width: WIDTH - 2 * MARGIN, class: "strong" }),
      ...panel(meanOf(layer), layer, {
        x: MARGIN + 14,
        y: HEADING,
        size: MEAN_SIZE,
        most: MOST_CELLS.mean,
      }),
      axisWord("query", MARGIN + 8, HEADING + MEAN_SIZE / 2, true),
      axisWord(
        heads === 1 ? "key" : "key (mean of the heads)",
        MARGIN + 14 + MEAN_SIZE / 2,
        HEADING + MEAN_SIZE + 14,
      ),
      ...Array.from({ length: shown }, (_, at) => {
        const x = HEADS_LEFT + (at % HEADS_IN_ROW) * (HEAD_SIZE + 16);
        const y = HEADING + Math.floor(at / HEADS_IN_ROW) * (HEAD_SIZE + GAP);
        return [
          ...panel(head(at), layer, { x, y, size: HEAD_SIZE, most: MOST_CELLS.head }),
          axisWord(`head ${at}`, x + HEAD_SIZE / 2, y + HEAD_SIZE + 14),
        ];
      }).flat(),
    ],
    height: Math.max(HEADING + MEAN_SIZE, HEADING + rows * (HEAD_SIZE + GAP) - GAP) + 18,
  };
}

function axisWord(text: string, x: number, y: number, isUpright = false): Element {
  return element(
    "text",
    {
      class: "muted small",
      x,
      y,
      "text-anchor": "middle",
      "font-size": FONT.small,
      transform: isUpright ? `rotate(-90 ${x} ${y})` : undefined,
    },
    text,
  );
}

/** heads x queries x keys to queries x keys. */
function meanOf({ heads, queries, keys, weights }: AttentionLayer): Float64Array {
  const means = new Float64Array(queries * keys);
  for (let head = 0; head < heads; head += 1)
    for (let at = 0; at < means.length; at += 1)
      means[at] = (means[at] ?? 0) + (weights[head * means.length + at] ?? 0) / heads;
  return means;
}

type Panel = { x: number; y: number; size: number; most: number };

function panel(
  weights: ArrayLike<number>,
  { queries, keys }: AttentionLayer,
  { x, y, size, most }: Panel,
): Element[] {
  const [width, height] = [Math.min(keys, most), Math.min(queries, most)];
  const cells = pooled(weights, queries, keys, height, width);
  const greatest = Math.max(0, ...extentOf(cells));
  const place = { x, y, width: size, height: size };
  const pixels = {
    width,
    height,
    colour: { palette: PALETTE },
    data: Uint8Array.from(cells, (weight) =>
      greatest === 0 ? 0 : Math.round((Math.max(0, weight) / greatest) * 255),
    ),
  };
  return [
    element("image", {
      class: "pixels",
      ...place,
      preserveAspectRatio: "none",
      href: pngUrl(pixels),
    }),
    element("rect", { class: "line rule", ...place }),
  ];
}

/** Means over blocks of equal size, as far as the sizes allow. */
function pooled(
  weights: ArrayLike<number>,
  queries: number,
  keys: number,
  rows: number,
  columns: number,
): Float64Array {
  const sums = new Float64Array(rows * columns);
  const counts = new Float64Array(rows * columns);
  for (let query = 0; query < queries; query += 1) {
    const start = Math.floor((query * rows) / queries) * columns;
    for (let key = 0; key < keys; key += 1) {
      const cell = start + Math.floor((key * columns) / keys);
      sums[cell] = (sums[cell] ?? 0) + (weights[query * keys + key] ?? 0);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
  }
  return sums.map((sum, cell) => sum / (counts[cell] ?? 1));
}

/** From the ground, be it light or dark, to a colour that stands out from either. */
const PALETTE: readonly Rgba[] = Array.from({ length: 256 }, (_, opacity): Rgba => [
  ...PIXEL_COLOURS.amount,
  opacity,
]);
