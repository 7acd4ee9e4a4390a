import { AXIS_HEIGHT, axisLine, bottomAxis } from "./axis.ts";
import { drawDots, type Dot } from "./dots.ts";
import { figure, label, type Drawn } from "./figure.ts";
import { numeral } from "./numerals.ts";
import { globalHeading, type PlottedGlobal } from "./plotted-global.ts";
import { rampLegend, rampOver } from "./ramp.ts";
import { linearScale, type Scale } from "./scale.ts";
import { MARGIN, WIDTH } from "./style.ts";
import { tooltip, element, type Element } from "./svg.ts";

type Points = PlottedGlobal["points"][number];

const ROW = 32;
const DIAMETER = 4.4;
/** Half the height that a row's dots may take. */
const HALF = 13;
const LABELS_RIGHT = 196;
const LEFT = LABELS_RIGHT + 14;
const RIGHT = WIDTH - MARGIN - 58;

/** For each feature a swarm of its contributions to all rows, coloured by what the rows have there. */
export function beeswarm(global: PlottedGlobal): string {
  const { points, sample_count } = global;
  const rows = points[0]?.contributions.length ?? 0;
  const part = rows < sample_count ? `; the first ${rows} are shown` : "";
  return figure({
    ...globalHeading(global, "what features contribute to each row", part),
    description: `Each dot is a row. ${points.map(inWords).join("; ")}.`,
    footnotes: points.some(({ values }) => values.includes(null))
      ? ["Grey dots: the row has no number for the feature."]
      : [],
    body: drawSwarms(points),
  });
}

function inWords({ feature, contributions }: Points): string {
  const [low, high] = [Math.min(...contributions), Math.max(...contributions)];
  return `${feature} contributes ${numeral(low, 3)} to ${numeral(high, 3)}`;
}

function drawSwarms(points: readonly Points[]): Drawn {
  const all = points.flatMap(({ contributions }) => contributions);
  const scale = linearScale([0, ...all], { range: [LEFT + 4, RIGHT - 4], pad: 0.02 });
  const bottom = points.length * ROW;
  const hasValues = points.some(({ values }) => values.some((value) => value !== null));
  return {
    content: [
      ...bottomAxis(scale, "contribution to the score", 0, bottom),
      axisLine(scale.at(0), 0, scale.at(0), bottom),
      ...points.map((one, row) => drawSwarm(one, scale, row * ROW + ROW / 2)),
      ...(hasValues
        ? rampLegend(
            { x: RIGHT + 26, top: 22, height: Math.max(90, bottom - 44), width: 60 },
            { title: "value of the feature", low: "low", high: "high" },
          )
        : []),
    ],
    height: Math.max(bottom + AXIS_HEIGHT, hasValues ? 140 : 0),
  };
}

function drawSwarm(points: Points, scale: Scale, middle: number): Element {
  const { feature, values, contributions } = points;
  const ramp = rampOver(values);
  const offsets = swarmOffsets(contributions.map(scale.at));
  const dots = contributions.map((contribution, row): Dot => ({
    x: scale.at(contribution),
    y: middle + (offsets[row] ?? 0),
    class: ramp.classOf(values[row] ?? null),
  }));
  return element(
    "g",
    { class: "swarm" },
    tooltip(inWords(points)),
    element("line", { class: "line rule", x1: LEFT, x2: RIGHT, y1: middle, y2: middle }),
    label(feature, {
      x: LABELS_RIGHT,
      y: middle + 4,
      width: LABELS_RIGHT - MARGIN,
      anchor: "end",
    }),
    ...drawDots(dots, DIAMETER, 0.9),
  );
}

/**
 * How far above or below the middle each dot goes: those of one column stack up to either side in
 * turn, and all columns are pressed together where the highest would leave the row.
 */
export function swarmOffsets(x: readonly number[]): number[] {
  const counts = new Map<number, number>();
  const places = x.map((at) => {
    const column = Math.round(at / DIAMETER);
    const count = counts.get(column) ?? 0;
    counts.set(column, count + 1);
    return Math.ceil(count / 2) * (count % 2 === 1 ? 1 : -1);
  });
  const highest = places.reduce((most, place) => Math.max(most, Math.abs(place)), 0);
  const step = Math.min(DIAMETER, highest === 0 ? 0 : HALF / highest);
  return places.map((place) => place * step);
}
