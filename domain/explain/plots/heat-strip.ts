import { AXIS_HEIGHT, bottomAxis } from "./axis.ts";
import type { AttributionMap } from "../explanation.ts";
import { figure, type Drawn } from "./figure.ts";
import { counted } from "./numerals.ts";
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
  const shown = Math.min(channels, MOST_CHANNELS);
  const hidden = channels - shown;
  return figure({
    ...headingOf(
      explained,
      `The signal over what each part of it contributes, by ${METHOD_TITLES[explained.method]}`,
    ),
    description: describeContributions(explained),
    legend: SIGN_LEGEND,
    footnotes:
      hidden > 0 ? [`${counted(hidden, "further channel")} of ${channels} not shown.`] : [],
    body: drawChannels(input, contributionsOf(map, channels, length), shown, length),
  });
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
  shown: number,
  length: number,
): Drawn {
  const height = Math.max(44, Math.min(150, 420 / shown));
  const x = linearScale([0, length], { range: [LEFT, RIGHT], ticks: 9 });
  const [low, high] = extentOf(contributions.slice(0, shown).flat());
  const greatest = Math.max(-low, high);
  const content = contributions.slice(0, shown).flatMap((own, channel) => {
    const top = channel * (height + GAP);
    const values = data.slice(channel * length, (channel + 1) * length);
    return [
      ...stripOf(own, greatest, x, top, height),
      ...curveOf(values, x, top, height),
      element("rect", { class: "line axis", x: LEFT, y: top, width: RIGHT - LEFT, height }),
      ...(contributions.length === 1
        ? []
        : [channelName(channel, top + height / 2)]),
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
    { class: "muted small", x: 20, y, "text-anchor": "middle", transform: `rotate(-90 20 ${coordinate(y)})` },
    `channel ${channel}`,
  );

/** Runs of positions of one shade. Where there are more positions than units of width, means of neighbours. */
function stripOf(
  contributions: readonly number[],
  greatest: number,
  x: Scale,
  top: number,
  height: number,
): Element[] {
  const bins = Math.min(contributions.length, RIGHT - LEFT);
  const edge = (bin: number): number => Math.round((bin * contributions.length) / bins);
  const shades = Array.from({ length: bins }, (_, bin) => {
    const own = contributions.slice(edge(bin), edge(bin + 1));
    const mean = own.reduce((sum, one) => sum + one, 0) / own.length;
    return greatest === 0 ? 0 : Math.round((mean / greatest) * SHADES);
  });
  const strips: Element[] = [];
  for (let start = 0; start < bins; ) {
    const shade = shades[start] ?? 0;
    let end = start + 1;
    while (end < bins && shades[end] === shade) end += 1;
    const [from, to] = [x.at(edge(start)), x.at(edge(end))];
    if (shade !== 0)
      strips.push(
        element("rect", {
          class: `${toneOf(shade)} strip`,
          ...{ x: from, y: top, width: to - from, height },
          opacity: (Math.abs(shade) / SHADES) * DEEPEST,
        }),
      );
    start = end;
  }
  return strips;
}

/** Least and greatest of each unit of width, where there are more values than those can show. */
function curveOf(values: readonly number[], x: Scale, top: number, height: number): Element[] {
  const y = linearScale(values, { range: [top + height - 5, top + 5], ticks: height < 80 ? 2 : 3 });
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
