import { AXIS_HEIGHT, axisLine, bottomAxis, leftAxis } from "./axis.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Dependence } from "../summary/dependence.ts";
import { drawDots } from "./dots.ts";
import { figure, type Drawn } from "./figure.ts";
import { counted, numeral } from "./numerals.ts";
import { cannotPlot } from "./plotted-explanation.ts";
import { globalHeading, type PlottedGlobal } from "./plotted-global.ts";
import { rampEnds, rampLegend, rampOver } from "./ramp.ts";
import { linearScale, type Scale } from "./scale.ts";
import { MARGIN, WIDTH } from "./style.ts";
import { element, pathThrough, type Element } from "./svg.ts";

const HEIGHT = 380;
const LEFT = 92;
const FULL_RIGHT = WIDTH - MARGIN;
/** Room for the legend of an interaction. */
const LEGEND = 70;

/**
 * The contribution of a feature against its value, with the trend and its 95 % band, coloured by the
 * feature that it interacts with most. Throws `ExplainFault` (feature_unknown) for a feature whose
 * dependence the explanation does not tell.
 */
export function dependence(global: PlottedGlobal, feature?: string): string {
  const told = chosen(global, feature);
  const { points, interaction, trend, missing } = told;
  const first = trend[0]?.mean ?? 0;
  const last = trend.at(-1)?.mean ?? 0;
  return figure({
    ...globalHeading(global, `how ‘${told.feature}’ contributes`, missingNote(missing)),
    description: `The contribution of ${told.feature} to ${counted(points.length, "row")} against its value. The trend goes from ${numeral(first, 3)} to ${numeral(last, 3)}${interaction === null ? "" : `; the colours are the values of ${interaction.feature}`}.`,
    footnotes: [
      "Line: the local mean of the contribution, with its 95 % band at each place.",
      ...(points.some(({ interaction_value: value }) => interaction !== null && value === null)
        ? [`Grey dots: the row has no number for ‘${interaction?.feature ?? ""}’.`]
        : []),
    ],
    body: drawDependence(told),
  });
}

const missingNote = (missing: number): string =>
  missing === 0 ? "" : `; ${counted(missing, "row")} without a value left out`;

function chosen({ dependence: told }: PlottedGlobal, feature: string | undefined): Dependence {
  const found = feature === undefined ? told[0] : told.find((one) => one.feature === feature);
  if (found !== undefined) return found;
  if (told.length === 0)
    throw cannotPlot(
      "dependence",
      "it tells the dependence of no feature, as its players are none",
    );
  throw new ExplainFault(
    "feature_unknown",
    `the explanation does not tell the dependence on '${feature ?? ""}' but on ${told.map((one) => `'${one.feature}'`).join(", ")}; ask for it with 'dependence'`,
    "feature",
  );
}

function drawDependence({ feature, points, interaction, trend }: Dependence): Drawn {
  const right = interaction === null ? FULL_RIGHT : FULL_RIGHT - LEGEND;
  const x = linearScale(
    points.map(({ value }) => value),
    { range: [LEFT, right], ticks: 8, pad: 0.03 },
  );
  const y = linearScale(
    [0, ...points.map(({ contribution }) => contribution), ...trend.map(({ mean }) => mean)],
    { range: [HEIGHT, 0], ticks: 7, pad: 0.05 },
  );
  const colour = rampOver(points.map(({ interaction_value }) => interaction_value));
  const dots = points.map(({ value, contribution, interaction_value }) => ({
    x: x.at(value),
    y: y.at(contribution),
    class: interaction === null ? "amount" : colour.classOf(interaction_value),
  }));
  return {
    content: [
      ...bottomAxis(x, feature, 0, HEIGHT),
      ...leftAxis(y, "contribution to the score", LEFT, right),
      axisLine(LEFT, y.at(0), right, y.at(0)),
      ...bandOf(trend, x, y),
      ...drawDots(dots, points.length > 300 ? 4 : 5.5, 0.85),
      ...lineOf(trend, x, y),
      ...(interaction === null
        ? []
        : rampLegend(
            { x: right + 26, top: 34, height: HEIGHT - 68, width: LEGEND - 8 },
            { title: interaction.feature, ...rampEnds(colour) },
          )),
    ],
    height: HEIGHT + AXIS_HEIGHT,
  };
}

function bandOf(trend: Dependence["trend"], x: Scale, y: Scale): Element[] {
  const [bottom, top] = y.domain;
  const within = (value: number): number => y.at(Math.max(bottom, Math.min(top, value)));
  const edges = trend.flatMap(({ value, band }) =>
    band === null || !band.every(Number.isFinite)
      ? []
      : [{ at: x.at(value), low: within(band[0]), high: within(band[1]) }],
  );
  if (edges.length < 2) return [];
  const upper = edges.map(({ at, high }): [number, number] => [at, high]);
  const lower = edges.map(({ at, low }): [number, number] => [at, low]).toReversed();
  return [
    element("path", {
      class: "ink band",
      d: `${pathThrough([...upper, ...lower])}Z`,
      opacity: 0.16,
    }),
  ];
}

function lineOf(trend: Dependence["trend"], x: Scale, y: Scale): Element[] {
  const points = trend.map(({ value, mean }): [number, number] => [x.at(value), y.at(mean)]);
  return points.length < 2
    ? []
    : [element("path", { class: "line trend", d: pathThrough(points), "stroke-width": 2 })];
}
