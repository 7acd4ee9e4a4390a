import { axisLine } from "../../explain/plots/axis.ts";
import { figure, label, type Drawn } from "../../explain/plots/figure.ts";
import { counted, numeral } from "../../explain/plots/numerals.ts";
import { FONT, MARGIN, WIDTH } from "../../explain/plots/style.ts";
import { element, tooltip, type Element } from "../../explain/plots/svg.ts";
import type { ColumnProfile } from "../inspection.ts";

const ACROSS = 3;
const GAP = 20;
const PANEL = (WIDTH - 2 * MARGIN - (ACROSS - 1) * GAP) / ACROSS;
const BARS_TOP = 22;
const BARS = 80;
const ROW = BARS_TOP + BARS + 40;
/** Room for the share of nulls beside a column's name. */
const MISSING = 70;
const MOST_PANELS = 60;

export type ProfilePlotOptions = { title: string };

/** Histograms of the numeric columns of a profile as an SVG, up to 60, each on its own scale. */
export function profilePlot(
  columns: readonly ColumnProfile[],
  { title }: ProfilePlotOptions,
): string {
  const numeric = columns.filter(({ histogram }) => histogram !== undefined);
  const shown = numeric.slice(0, MOST_PANELS);
  const left = numeric.length - shown.length;
  return figure({
    title,
    subtitle: `${counted(numeric.length, "column")} of numbers, of ${columns.length}`,
    description: shown.map(inWords).join("; ") || "There are no columns of numbers.",
    footnotes: left > 0 ? [`${counted(left, "more column")} not shown.`] : [],
    body: panels(shown),
  });
}

const inWords = ({ name, min, max, mean, nulls }: ColumnProfile): string =>
  `${name} from ${min ?? "nothing"} to ${max ?? "nothing"}${mean === undefined ? "" : `, mean ${numeral(mean)}`}, ${counted(nulls, "null")}`;

const panels = (columns: readonly ColumnProfile[]): Drawn => ({
  content: columns.map((column, at) => {
    const [x, y] = [MARGIN + (at % ACROSS) * (PANEL + GAP), Math.floor(at / ACROSS) * ROW];
    return element("g", { transform: `translate(${x} ${y})` }, ...panel(column));
  }),
  height: Math.ceil(columns.length / ACROSS) * ROW,
});

function panel(column: ColumnProfile): Element[] {
  const { name, histogram = [], nulls, count } = column;
  const most = Math.max(1, ...histogram.map((bar) => bar.count));
  const width = PANEL / histogram.length;
  const bottom = BARS_TOP + BARS;
  const missing = nulls === 0 ? "" : `${numeral((100 * nulls) / count, 3)} % null`;
  return [
    label(name, { x: 0, y: 14, width: PANEL - (missing === "" ? 0 : MISSING), class: "strong" }),
    small(missing, PANEL, "end", 14),
    ...histogram.map(({ from, to, count }, at) =>
      element(
        "rect",
        {
          class: "amount",
          x: at * width,
          y: bottom - (BARS * count) / most,
          width: Math.max(1, width - 1),
          height: (BARS * count) / most,
        },
        tooltip(`${numeral(from)} to ${numeral(to)}: ${count}`),
      ),
    ),
    axisLine(0, bottom, PANEL, bottom),
    small(numeral(histogram[0]?.from ?? 0), 0, "start"),
    small(numeral(histogram.at(-1)?.to ?? 0), PANEL, "end"),
    label(column.mean === undefined ? "" : `mean ${numeral(column.mean)}`, {
      x: PANEL / 2,
      y: bottom + 15,
      width: PANEL / 2,
      size: FONT.small,
      class: "muted small",
      anchor: "middle",
    }),
  ];
}

const small = (
  text: string,
  x: number,
  anchor: "start" | "end",
  y = BARS_TOP + BARS + 15,
): Element =>
  label(text, {
    x,
    y,
    width: PANEL / 3,
    size: FONT.small,
    class: "muted small",
    anchor,
  });
