import { ExplainFault } from "../explain-fault.ts";
import type { Port, Rows } from "../rows.ts";
import { elementAt, finiteValues, positionsOf, type Grid } from "./segments.ts";

/**
 * An image in a space where the Euclidean distance is about how different two colours look:
 * CIELAB for red, green and blue; else each channel from 0 to 100, as lightness is there.
 */
export type Picture = {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** The channels of a position side by side, positions row by row. */
  readonly colours: Float64Array;
};

/** The darkest and the lightest value that a channel can have. */
export type ValueRange = readonly [number, number];

/**
 * One row of an image input as a picture. Without `value_range` that is 0 to 1 where all values
 * are in it, else 0 to 255 where they are in that, else the smallest to the largest value.
 * Throws `ExplainFault`: value_invalid for NaN and infinity, option_invalid for an empty range.
 */
export function pictureOf(
  port: Port,
  grid: Grid,
  instance: Rows,
  value_range?: ValueRange,
): Picture {
  const positions = positionsOf(grid);
  const { channels } = grid;
  const [height = 1, width = 1] = grid.shape;
  const values = finiteValues(port, instance);
  const [low, high] = value_range ?? rangeOf(values);
  if (!(Number.isFinite(high - low) && high > low))
    throw new ExplainFault(
      "option_invalid",
      `value_range is ${low} to ${high}, and is to be two numbers, the smaller one first`,
      "value_range",
    );
  const colours = new Float64Array(positions * channels);
  for (let position = 0; position < positions; position += 1)
    for (let channel = 0; channel < channels; channel += 1) {
      const value = values[elementAt(grid, positions, position, channel)] ?? 0;
      colours[position * channels + channel] = (value - low) / (high - low);
    }
  if (channels === 3) toLab(colours);
  else for (let at = 0; at < colours.length; at += 1) colours[at] = (colours[at] ?? 0) * 100;
  return { height, width, channels, colours };
}

function rangeOf(values: Rows): ValueRange {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low >= 0 && high <= 255) return [0, high <= 1 ? 1 : 255];
  return low < high ? [low, high] : [low, low + 1];
}

/** XYZ of the sRGB primaries over that of the white point D65, 2 degrees (IEC 61966-2-1:1999). */
const X_OF_WHITE = [0.412453 / 0.95047, 0.35758 / 0.95047, 0.180423 / 0.95047] as const;
const Y_OF_WHITE = [0.212671, 0.71516, 0.072169] as const;
const Z_OF_WHITE = [0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883] as const;

/** sRGB from 0 to 1 to CIELAB (CIE 1976), in place, three numbers a colour. */
function toLab(colours: Float64Array): void {
  for (let at = 0; at < colours.length; at += 3) {
    const red = linear(colours[at] ?? 0);
    const green = linear(colours[at + 1] ?? 0);
    const blue = linear(colours[at + 2] ?? 0);
    const share = ([ofRed, ofGreen, ofBlue]: readonly [number, number, number]): number =>
      perceived(ofRed * red + ofGreen * green + ofBlue * blue);
    const y = share(Y_OF_WHITE);
    colours[at] = 116 * y - 16;
    colours[at + 1] = 500 * (share(X_OF_WHITE) - y);
    colours[at + 2] = 200 * (y - share(Z_OF_WHITE));
  }
}

const linear = (value: number): number =>
  value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92;

const perceived = (share: number): number =>
  share > 0.008856 ? Math.cbrt(share) : 7.787 * share + 16 / 116;
