import type { PredictionSegment } from "../summary/segment-by-prediction.ts";
import { axisLine } from "./axis.ts";
import { figure, label, type Drawn } from "./figure.ts";
import { alike, counted, numeral } from "./numerals.ts";
import { cannotPlot } from "./plotted-explanation.ts";
import { globalHeading, MEASURE_TITLES, type PlottedGlobal } from "./plotted-global.ts";
import { linearScale, type Scale } from "./scale.ts";
import { BOLD, FONT, MARGIN, WIDTH } from "./style.ts";
import { element, tooltip, type Element } from "./svg.ts";
import { fitted, textWidth } from "./text-width.ts";

const MOST_FEATURES = 10;
const MOST_COLUMNS = 4;
const ROW = 22;
const HEADING = 42;
const BAND_GAP = 18;
const LABELS_RIGHT = 176;
const LEFT = LABELS_RIGHT + 12;
const GAP = 14;

/** The importance of the same features among rows of low and of high predictions, side by side. */
export function segments(global: PlottedGlobal): string {
  if (global.segments.length === 0) throw cannotPlot("segments", "it has no segments");
  const features = global.importances.slice(0, MOST_FEATURES).map(({ feature }) => feature);
  const measure = MEASURE_TITLES[global.aggregation_method];
  return figure({
    ...globalHeading(global, "importance by prediction", `; bars are the ${measure}`),
    description: global.segments.map((segment) => inWords(segment)).join("; "),
    body: drawBands(global.segments, features),
  });
}

function inWords({ label, rows, importance }: PredictionSegment): string {
  const top = importance?.features[0];
  return `Predictions ${label}: ${counted(rows, "row")}${top === undefined ? "" : `, most by ${top.feature} (${numeral(top.importance, 3)})`}`;
}

/** As many segments beside each other as are legible; the rest below. */
function drawBands(all: readonly PredictionSegment[], features: readonly string[]): Drawn {
  const columns = Math.min(all.length, MOST_COLUMNS);
  const width = (WIDTH - MARGIN - LEFT - (columns - 1) * GAP) / columns;
  const values = all.flatMap((segment) =>
    features.map((feature) => importanceIn(segment, feature)),
  );
  const print = alike(values);
  const room = Math.max(...values.map((value) => textWidth(print(value), FONT.small))) + 8;
  const scale = linearScale([0, ...values], { range: [0, width - room] });
  const height = HEADING + features.length * ROW;
  const bands = Math.ceil(all.length / columns);
  return {
    content: Array.from({ length: bands }, (_, band) => {
      const top = band * (height + BAND_GAP);
      const own = all.slice(band * columns, (band + 1) * columns);
      return [
        ...features.map((feature, row) =>
          label(feature, {
            x: LABELS_RIGHT,
            y: top + HEADING + row * ROW + 15,
            anchor: "end",
            width: LABELS_RIGHT - MARGIN,
          }),
        ),
        ...own.map((segment, at) =>
          element(
            "g",
            { class: "segment", transform: `translate(${LEFT + at * (width + GAP)} ${top})` },
            ...drawSegment(segment, features, { scale, width, print }),
          ),
        ),
      ];
    }).flat(),
    height: bands * (height + BAND_GAP) - BAND_GAP + 6,
  };
}

/** The label in fewer digits. */
function rangeOf({ low, high, label }: PredictionSegment): string {
  if (low === null || high === null) return label;
  return `${numeral(low, 3)} to ${numeral(high, 3)}`;
}

const importanceIn = ({ importance }: PredictionSegment, feature: string): number =>
  importance?.features.find((one) => one.feature === feature)?.importance ?? 0;

type Column = { scale: Scale; width: number; print: (value: number) => string };

function drawSegment(
  segment: PredictionSegment,
  features: readonly string[],
  { scale, width, print }: Column,
): Element[] {
  const bottom = HEADING + features.length * ROW;
  return [
    element(
      "text",
      { class: "strong", y: 12 },
      fitted(rangeOf(segment), FONT.text * BOLD, width),
      tooltip(segment.label),
    ),
    label(counted(segment.rows, "row"), { x: 0, y: 28, width, class: "muted small" }),
    ...(segment.importance === null ? [] : features).map((feature, row) => {
      const value = importanceIn(segment, feature);
      const y = HEADING + row * ROW;
      return element(
        "g",
        {},
        tooltip(`${feature}, predictions ${segment.label}: ${numeral(value, 6)}`),
        element("rect", {
          class: "amount",
          x: 0,
          y: y + 5,
          width: Math.max(0.5, scale.at(value)),
          height: 12,
          rx: 2,
        }),
        element("text", { class: "small muted", x: scale.at(value) + 5, y: y + 15 }, print(value)),
      );
    }),
    axisLine(0, HEADING, 0, bottom),
  ];
}
