import { AXIS_HEIGHT, bottomAxis } from "./axis.ts";
import type { AttributionMap } from "../explanation.ts";
import { figure, type Drawn } from "./figure.ts";
import { counted, numeral } from "./numerals.ts";
import {
  cannotPlot,
  describeContributions,
  headingOf,
  METHOD_TITLES,
  SIGN_LEGEND,
  type PlottedExplanation,
} from "./plotted-explanation.ts";
import { extentOf, linearScale, type Scale } from "./scale.ts";
import { MARGIN, toneOf, WIDTH } from "./style.ts";
import { coordinate, element, pathThrough, type Element } from "./svg.ts";

const LEFT = 84;
const RIGHT = WIDTH - MARGIN;
const MOST_CHANNELS = 12;
const GAP = 10;
/** Opacity comes in so many steps, and equal neighbours are drawn as one. */
const SHADES = 32;
/** The deepest colour leaves the curve legible. */
const DEEPEST = 0.75;

/** A signal as curves, one for each channel, over the colour of what each position contributes. */
export function heatStrip(explained: PlottedExplanation): string {
  const { input, map } = explained;
  if (input === null || map === null)
    throw cannotPlot("heat_strip", "it is not of a signal, or of one too long to be sent along");
  const [channels, length] = channelsOf(input);
  const contributions = contributionsOf(map, channels, length)
    .slice(0, MOST_CHANNELS)
    .map(columnMeans);
  const greatest = fullColour(contributions.flat());
  const hidden = channels - contributions.length;
  return figure({
    ...headingOf(
      explained,
      `The signal over what each part of it contributes, by ${METHOD_TITLES[explained.method]}`,
    ),
    description: describeContributions(explained),
    legend: SIGN_LEGEND,
    footnotes: [
      ...(greatest > 0
        ? [
            `Full colour: ±${numeral(greatest, 3)} or more for each position${columnsOf(length) < length ? ", as the mean of neighbours" : ""}.`,
          ]
        : []),
      ...(hidden > 0 ? [`${counted(hidden, "further channel")} of ${channels} not shown.`] : []),
    ],
    body: drawChannels(input, contributions, greatest, length),
  });
}

/** Whether a map says something of each position of a signal, be it for each channel or for all of them. */
export const isOverSignal = (map: AttributionMap, input: AttributionMap): boolean =>
  map.data.length === input.data.length || map.data.length === input.shape.at(-1);

/** What gets the deepest colour: the 99th percentile of the magnitudes that are not 0, so that no single one takes it all. */
function fullColour(contributions: readonly number[]): number {
  extentOf(contributions);
  const sizes = Float64Array.from(contributions, Math.abs)
    .filter((size) => size > 0)
    .sort();
  return sizes[Math.floor(0.99 * (sizes.length - 1))] ?? 0;
}

/** [channels, length] of a row's shape. Throws `ExplainFault` (option_invalid) for an image. */
function channelsOf({ shape }: AttributionMap): [channels: number, length: number] {
  const [first = 1, second] = shape;
  if (shape.length > 2) throw cannotPlot("heat_strip", "it is of an image; take 'overlay'");
  return second === undefined ? [1, first] : [first, second];
}

/** A map without channels, such as that of Grad-CAM, is that of every channel. */
function contributionsOf(map: AttributionMap, channels: number, length: number): number[][] {
  const isShared = map.data.length === length;
  if (!isShared && map.data.length !== channels * length)
    throw cannotPlot(
      "heat_strip",
      `its map of shape [${map.shape.join(", ")}] does not lie over the signal`,
    );
  return Array.from({ length: channels }, (_, channel) =>
    isShared ? map.data : map.data.slice(channel * length, (channel + 1) * length),
  );
}

function drawChannels(
  { data }: AttributionMap,
  contributions: readonly number[][],
  greatest: number,
  length: number,
): Drawn {
  const shown = contributions.length;
  const height = Math.max(44, Math.min(150, 420 / shown));
  const x = linearScale([0, length], { range: [LEFT, RIGHT], ticks: 9 });
  const content = contributions.flatMap((own, channel) => {
    const top = channel * (height + GAP);
    const values = data.slice(channel * length, (channel + 1) * length);
    return [
      ...stripsOf(own, { greatest, x, top, height, length }),
      ...curveOf(values, x, top, height),
      element("rect", { class: "line axis", x: LEFT, y: top, width: RIGHT - LEFT, height }),
      ...(shown === 1 ? [] : [channelName(channel, top + height / 2)]),
    ];
  });
  const bottom = shown * (height + GAP) - GAP;
  return {
    content: [...bottomAxis(x, "position", bottom, bottom), ...content],
    height: bottom + AXIS_HEIGHT,
  };
}

const channelName = (channel: number, y: number): Element =>
  element(
    "text",
    {
      class: "muted small",
      x: 20,
      y,
      "text-anchor": "middle",
      transform: `rotate(-90 20 ${coordinate(y)})`,
    },
    `channel ${channel}`,
  );

/** How many columns of the picture positions share, and where each begins among them. */
const columnsOf = (length: number): number => Math.min(length, RIGHT - LEFT);
const columnStart = (column: number, length: number): number =>
  Math.round((column * length) / columnsOf(length));

/** Where there are more positions than columns, those of each have their mean. */
function columnMeans(contributions: readonly number[]): number[] {
  const { length } = contributions;
  return Array.from({ length: columnsOf(length) }, (_, column) => {
    const own = contributions.slice(columnStart(column, length), columnStart(column + 1, length));
    return own.reduce((sum, one) => sum + one, 0) / own.length;
  });
}

type Ground = { greatest: number; x: Scale; top: number; height: number; length: number };

/** One strip for each run of columns of one shade. */
function stripsOf(
  columns: readonly number[],
  { greatest, x, top, height, length }: Ground,
): Element[] {
  const shades = columns.map((mean) => {
    const strength = greatest === 0 ? 0 : Math.max(-1, Math.min(1, mean / greatest));
    return Math.round(strength * SHADES);
  });
  const strips: Element[] = [];
  for (let start = 0; start < shades.length;) {
    const shade = shades[start] ?? 0;
    let end = start + 1;
    while (end < shades.length && shades[end] === shade) end += 1;
    const [from, to] = [x.at(columnStart(start, length)), x.at(columnStart(end, length))];
    if (shade !== 0)
      strips.push(
        element("rect", {
          class: `${toneOf(shade)} strip`,
          x: from,
          y: top,
          width: to - from,
          height,
          opacity: (Math.abs(shade) / SHADES) * DEEPEST,
        }),
      );
    start = end;
  }
  return strips;
}

/** Least and greatest of each unit of width, where there are more values than those can show. */
function curveOf(values: readonly number[], x: Scale, top: number, height: number): Element[] {
  const y = linearScale(values, { range: [top + height - 5, top + 5], ticks: height < 80 ? 4 : 6 });
  const bins = RIGHT - LEFT;
  const points = values.map((value, at): [number, number] => [x.at(at + 0.5), y.at(value)]);
  const drawn = values.length <= 2 * bins ? points : envelope(points, bins);
  return [
    ...y.ticks.map(({ value, label }) =>
      element(
        "text",
        { class: "muted small", x: LEFT - 7, y: y.at(value) + 4, "text-anchor": "end" },
        label,
      ),
    ),
    element("path", { class: "line curve", d: pathThrough(drawn), "stroke-width": 1.2 }),
  ];
}

function envelope(points: readonly [number, number][], bins: number): [number, number][] {
  return Array.from({ length: bins }, (_, bin) => {
    const own = points.slice(
      Math.floor((bin * points.length) / bins),
      Math.floor(((bin + 1) * points.length) / bins),
    );
    const heights = own.map(([, y]) => y);
    const x = own[0]?.[0] ?? 0;
    const ends: [number, number][] = [
      [x, Math.min(...heights)],
      [x, Math.max(...heights)],
    ];
    return bin % 2 === 0 ? ends : ends.toReversed();
  }).flat();
}
