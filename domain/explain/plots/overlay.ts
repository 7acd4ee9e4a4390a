import { imageGrid } from "../segments/grid-of-port.ts";
import { elementAt, type Grid } from "../segments/segments.ts";
import type { AttributionMap } from "../explanation.ts";
import { figure, label, type Drawn } from "./figure.ts";
import { signed } from "./numerals.ts";
import {
  cannotPlot,
  describeContributions,
  headingOf,
  METHOD_TITLES,
  type PlottedExplanation,
} from "./plotted-explanation.ts";
import { pngUrl, type Pixels, type Rgba } from "./png.ts";
import { extentOf } from "./scale.ts";
import { MARGIN, PIXEL_COLOURS, WIDTH } from "./style.ts";
import { element, type Element } from "./svg.ts";

const GAP = 24;
const PANEL = (WIDTH - 2 * MARGIN - GAP) / 2;
const CAPTION = 22;
/** Palette indices: 127 of either sign around none. */
const STEPS = 127;

/** An image, and beside it the same one in pale grey under the colours of what each place contributes. */
export function overlay(explained: PlottedExplanation): string {
  const { input, map } = explained;
  if (input === null || map === null)
    throw cannotPlot("overlay", "it is not of an image, or of one too large to be sent along");
  if (input.shape.length < 3) throw cannotPlot("overlay", "it is of a signal; take 'heat_strip'");
  return figure({
    ...headingOf(explained, `Which places contribute, by ${METHOD_TITLES[explained.method]}`),
    description: describeContributions(explained),
    body: drawPanels(input, map, gridOf(input)),
  });
}

/** Whether a map says something of each place of an image, be it for each channel or for all of them. */
export function isOverImage(map: AttributionMap, input: AttributionMap): boolean {
  const [rows = 1, columns = 1] = gridOf(input).shape;
  return map.data.length === input.data.length || map.data.length === rows * columns;
}

/** Where no axis looks like one of colours, the first is taken, and the mean of its channels shown. */
function gridOf({ name, shape }: AttributionMap): Grid {
  const port = { name, shape, type: "float32", offset: 0, count: 0, categories: null } as const;
  const hasColours = [shape[0], shape[2]].some((size) => size === 1 || size === 3 || size === 4);
  return imageGrid(port, hasColours ? undefined : "first");
}

function drawPanels(input: AttributionMap, map: AttributionMap, grid: Grid): Drawn {
  const [rows = 1, columns = 1] = grid.shape;
  const heat = heatOf(map, grid);
  const greatest = Math.max(...extentOf(heat).map(Math.abs));
  const scale = Math.min(PANEL / columns, PANEL / rows);
  const [width, height] = [columns * scale, rows * scale];
  const second = MARGIN + PANEL + GAP;
  const place = (x: number) => ({ x: x + (PANEL - width) / 2, y: CAPTION, width, height });
  const luminance = greyOf(input, grid);
  const picture = (pixels: Pixels, at: ReturnType<typeof place>, opacity?: number): Element =>
    element("image", {
      class: "pixels",
      ...at,
      opacity,
      preserveAspectRatio: "none",
      href: pngUrl(pixels),
    });
  const size = { width: columns, height: rows };
  const grey: Pixels = { ...size, colour: "grey", data: luminance };
  const caption = (text: string, x: number): Element =>
    label(text, { x: x + PANEL / 2, y: 12, width: PANEL, class: "muted", anchor: "middle" });
  return {
    content: [
      caption("the image", MARGIN),
      caption("what its places contribute", second),
      picture(coloursOf(input, grid) ?? grey, place(MARGIN)),
      element("rect", { ...place(second), class: "pixel_ground" }),
      picture(grey, place(second), 0.35),
      picture(heatPixels(heat, greatest, size), place(second)),
      ...[MARGIN, second].map((x) => element("rect", { class: "line rule", ...place(x) })),
      ...colourBar(greatest, second, CAPTION + height + 14),
    ],
    height: CAPTION + height + 50,
  };
}

/** The contributions of a position's channels together. */
function heatOf(map: AttributionMap, grid: Grid): Float64Array {
  const [rows = 1, columns = 1] = grid.shape;
  const positions = rows * columns;
  if (map.data.length === positions) return Float64Array.from(map.data);
  if (map.data.length !== positions * grid.channels)
    throw cannotPlot(
      "overlay",
      `its map of shape [${map.shape.join(", ")}] does not lie over the image`,
    );
  return Float64Array.from({ length: positions }, (_, position) => {
    let sum = 0;
    for (let channel = 0; channel < grid.channels; channel += 1)
      sum += map.data[elementAt(grid, positions, position, channel)] ?? 0;
    return sum;
  });
}

/** Whatever numbers the model takes, the least of them black and the greatest white. */
function bytesOf(values: ArrayLike<number>): Uint8Array {
  const [low, high] = extentOf(Array.from(values));
  const width = high - low;
  return Uint8Array.from(values, (value) =>
    width === 0 ? 128 : Math.round(((value - low) / width) * 255),
  );
}

/** Opacity is no part of what is seen. */
const seenChannels = ({ channels }: Grid): number => (channels === 4 ? 3 : channels);

function greyOf({ data }: AttributionMap, grid: Grid): Uint8Array {
  const [rows = 1, columns = 1] = grid.shape;
  const positions = rows * columns;
  const seen = seenChannels(grid);
  const means = Float64Array.from({ length: positions }, (_, position) => {
    let sum = 0;
    for (let channel = 0; channel < seen; channel += 1)
      sum += data[elementAt(grid, positions, position, channel)] ?? 0;
    return sum / seen;
  });
  return bytesOf(means);
}

function coloursOf({ data }: AttributionMap, grid: Grid): Pixels | null {
  if (seenChannels(grid) !== 3) return null;
  const [height = 1, width = 1] = grid.shape;
  const values = Float64Array.from({ length: width * height * 3 }, (_, at) => {
    const position = Math.floor(at / 3);
    return data[elementAt(grid, width * height, position, at % 3)] ?? 0;
  });
  return { width, height, colour: "rgb", data: bytesOf(values) };
}

/** The stronger the contribution, the more of the image its colour covers. */
const PALETTE: readonly Rgba[] = Array.from({ length: 2 * STEPS + 1 }, (_, index): Rgba => {
  const strength = (index - STEPS) / STEPS;
  const [red, green, blue] = PIXEL_COLOURS[strength >= 0 ? "raises" : "lowers"];
  return [red, green, blue, Math.round(Math.abs(strength) * 235)];
});

const heatPixels = (
  heat: Float64Array,
  greatest: number,
  size: { width: number; height: number },
): Pixels => ({
  ...size,
  colour: { palette: PALETTE },
  data: Uint8Array.from(heat, (value) =>
    greatest === 0 ? STEPS : STEPS + Math.round((value / greatest) * STEPS),
  ),
});

function colourBar(greatest: number, x: number, y: number): Element[] {
  const pixels: Pixels = {
    width: 2 * STEPS + 1,
    height: 1,
    colour: { palette: PALETTE },
    data: Uint8Array.from({ length: 2 * STEPS + 1 }, (_, index) => index),
  };
  const bar = { x: x + PANEL / 4, y, width: PANEL / 2, height: 10 };
  const marks: [text: string, at: number][] = [
    [signed(-greatest), bar.x],
    ["0", bar.x + bar.width / 2],
    [signed(greatest), bar.x + bar.width],
  ];
  return [
    element("rect", { ...bar, class: "pixel_ground" }),
    element("image", { ...bar, preserveAspectRatio: "none", href: pngUrl(pixels) }),
    ...(greatest === 0 ? [] : marks).map(([text, at]) =>
      element("text", { class: "muted small", x: at, y: y + 25, "text-anchor": "middle" }, text),
    ),
    element(
      "text",
      { class: "lowers_text small", x: bar.x - 24, y: y + 9, "text-anchor": "end" },
      "lowers",
    ),
    element("text", { class: "raises_text small", x: bar.x + bar.width + 24, y: y + 9 }, "raises"),
  ];
}
