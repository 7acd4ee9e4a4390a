import type { AttributionDrift, DriftReason, FeatureDrift } from "../summary/attribution-drift.ts";
import { AXIS_HEIGHT, axisLine, bottomAxis } from "./axis.ts";
import { figure, label, type Drawn } from "./figure.ts";
import { alike, counted, numeral, signed } from "./numerals.ts";
import { modelTitle, type Versioned } from "./plotted-explanation.ts";
import { linearScale, type Scale } from "./scale.ts";
import { FONT, MARGIN, WIDTH, type Tone } from "./style.ts";
import { element, tooltip, type Element } from "./svg.ts";
import { textWidth } from "./text-width.ts";
import { whiskerPath } from "./whisker.ts";

export type PlottedDrift = AttributionDrift & Versioned;

const MOST_FEATURES = 15;
const ROW = 40;
const BAR = 12;
const LABELS_RIGHT = 240;
const LEFT = LABELS_RIGHT + 12;
const RIGHT = WIDTH - MARGIN;

const REASONS: Readonly<Record<DriftReason, string>> = {
  feature_changed: "some feature contributes more or less",
  shares_changed: "features share the contributions differently",
  order_changed: "features rank differently",
};

/** What each feature contributed in the baseline and contributes now, as an SVG. */
export function plotDrift(drift: PlottedDrift): string {
  const size = ({ baseline, live }: FeatureDrift): number => Math.max(baseline, live);
  const shown = drift.features.toSorted((a, b) => size(b) - size(a)).slice(0, MOST_FEATURES);
  const finding = drift.drifted
    ? `Drift: ${drift.reasons.map((reason) => REASONS[reason]).join("; ")}`
    : "No drift found: differences are within what chance gives";
  const left = drift.features.length - shown.length;
  return figure({
    title: `${modelTitle(drift)}: contributions now and in the baseline`,
    subtitle: finding,
    description: `${finding}. ${shown.map(inWords).join("; ")}.`,
    legend: [
      { tone: "before", text: `baseline, ${counted(drift.baseline_rows, "row")}` },
      { tone: "amount", text: `live, ${counted(drift.live_rows, "row")}` },
    ],
    footnotes: [
      "Whiskers: the 95 % interval of the change. p-values are adjusted for all features together.",
      `Agreement of the order (NDCG) ${numeral(drift.ndcg, 3)}, p = ${numeral(drift.ndcg_p_value, 2)}; share that moved between features ${numeral(drift.total_variation, 3)}, p = ${numeral(drift.total_variation_p_value, 2)}.`,
      ...(left > 0 ? [`${counted(left, "less important feature")} not shown.`] : []),
    ],
    body: drawFeatures(shown),
  });
}

const inWords = ({ feature, baseline, live }: FeatureDrift): string =>
  `${feature} from ${numeral(baseline, 3)} to ${numeral(live, 3)}`;

/** The interval of the difference, where the live bar ends. */
const shifted = ({ baseline, interval }: FeatureDrift): [number, number] | null =>
  interval && [baseline + interval[0], baseline + interval[1]];

function drawFeatures(features: readonly FeatureDrift[]): Drawn {
  const values = features.flatMap((one) => [one.baseline, one.live, ...(shifted(one) ?? [])]);
  const print = alike(features.flatMap(({ baseline, live }) => [baseline, live]));
  const texts = features.map((one) => changeText(one, print));
  const room = Math.max(...texts.map((text) => textWidth(text, FONT.small)), 0) + 16;
  const scale = linearScale([0, ...values], { range: [LEFT, RIGHT - room] });
  const bottom = features.length * ROW + 2;
  return {
    content: [
      ...bottomAxis(scale, "mean |contribution|", 0, bottom),
      axisLine(scale.at(0), 0, scale.at(0), bottom),
      ...features.map((one, row) => drawFeature(one, texts[row] ?? "", scale, row * ROW + 6)),
    ],
    height: bottom + AXIS_HEIGHT,
  };
}

/** Such as "0.12 (+40 %, p = 0.003)". */
function changeText(
  { live, ratio, adjusted_p_value: p }: FeatureDrift,
  print: (value: number) => string,
): string {
  const parts = [
    ...(ratio === null ? [] : [`${signed(100 * (ratio - 1), 3)} %`]),
    ...(p === null ? [] : [p < 0.001 ? "p < 0.001" : `p = ${numeral(p, 2)}`]),
  ];
  return `${print(live)}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
}

function drawFeature(one: FeatureDrift, text: string, scale: Scale, top: number): Element {
  const middle = top + BAR * 1.5 + 2;
  const interval = shifted(one)?.map(scale.at) ?? [];
  const bar = (tone: Tone, value: number, y: number): Element =>
    element("rect", {
      class: tone,
      x: scale.at(0),
      y,
      width: Math.max(0.5, scale.at(value) - scale.at(0)),
      height: BAR,
      rx: 2,
    });
  const [low, high] = interval;
  return element(
    "g",
    { class: "drift" },
    tooltip(inWords(one)),
    label(one.feature, {
      x: LABELS_RIGHT,
      y: top + BAR + 5,
      width: LABELS_RIGHT - MARGIN,
      anchor: "end",
    }),
    bar("before", one.baseline, top),
    bar("amount", one.live, top + BAR + 2),
    ...(low === undefined || high === undefined ? [] : whiskerPath(low, high, middle)),
    element(
      "text",
      {
        class: "muted small",
        x: Math.max(scale.at(one.live), ...interval) + 6,
        y: middle + 4,
      },
      text,
    ),
  );
}
