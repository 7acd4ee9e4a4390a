import { positiveOption } from "./option-checks.ts";
import type { Picture } from "./picture.ts";
import { renumbered, type Labels } from "./segments.ts";

export type QuickshiftOptions = {
  /** Width of the Gaussian by which the density is estimated, in positions; 4 by default. */
  readonly kernel_size?: number;
  /** How far a position may lie from the one it follows, colour and place together; 200 by default. Less makes more segments. */
  readonly max_dist?: number;
  /** How much colour counts against place, more than 0 and at most 1; 0.2 by default. */
  readonly ratio?: number;
};

/** What a window beyond this many kernel widths adds to a density is below 1.2 %. */
const KERNEL_REACH = 3;
const LARGEST_KERNEL = 100;

/**
 * Segments by quick shift (Vedaldi & Soatto 2008): every position follows the nearest one of a
 * higher density, by colour and place, within three kernel widths; who follow the same one are a
 * segment. Of equal densities the later position counts as higher, so that an even area becomes
 * one segment and the answer needs no chance. Segments need not be connected, and how many there
 * are follows from the image.
 */
export function quickshift(picture: Picture, options: QuickshiftOptions = {}): Labels {
  const { kernel_size = 4, max_dist = 200, ratio = 0.2 } = options;
  positiveOption("kernel_size", kernel_size, LARGEST_KERNEL);
  positiveOption("max_dist", max_dist);
  positiveOption("ratio", ratio, 1);
  const weighted = { ...picture, colours: picture.colours.map((colour) => colour * ratio) };
  const reach = Math.ceil(KERNEL_REACH * kernel_size);
  const leaders = leadersOf(weighted, densitiesOf(weighted, reach, kernel_size), reach, max_dist);
  return renumbered(leaders.map((_, position) => lastLeader(leaders, position)));
}

/**
 * The density at each position: how much colour and place there is nearby, by a Gaussian kernel.
 * Rounded to float32, so that what is equal but for the order of summation is equal.
 */
function densitiesOf(picture: Picture, reach: number, kernel_size: number): Float32Array {
  const { height, width } = picture;
  const densities = new Float64Array(height * width).fill(1);
  const scale = -0.5 / kernel_size ** 2;
  // Each pair once: neighbours to the right, and all of the rows below.
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1) {
      const position = row * width + column;
      const bottom = Math.min(height - 1, row + reach);
      const right = Math.min(width - 1, column + reach);
      let sum = 0;
      for (let y = row; y <= bottom; y += 1)
        for (let x = y === row ? column + 1 : Math.max(0, column - reach); x <= right; x += 1) {
          const other = y * width + x;
          const place = (y - row) ** 2 + (x - column) ** 2;
          const near = Math.exp((place + colourDistance(picture, position, other)) * scale);
          sum += near;
          densities[other] = (densities[other] ?? 0) + near;
        }
      densities[position] = (densities[position] ?? 0) + sum;
    }
  return Float32Array.from(densities);
}

/** Whom each position follows: itself, where no denser position is near enough. */
function leadersOf(
  picture: Picture,
  densities: Float32Array,
  reach: number,
  max_dist: number,
): Int32Array {
  const { height, width } = picture;
  const leaders = new Int32Array(height * width);
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1) {
      const position = row * width + column;
      const density = densities[position] ?? 0;
      const bottom = Math.min(height - 1, row + reach);
      const right = Math.min(width - 1, column + reach);
      let leader = position;
      let nearest = max_dist ** 2;
      for (let y = Math.max(0, row - reach); y <= bottom; y += 1)
        for (let x = Math.max(0, column - reach); x <= right; x += 1) {
          const other = y * width + x;
          const place = (y - row) ** 2 + (x - column) ** 2;
          if (place > nearest) continue;
          const otherDensity = densities[other] ?? 0;
          if (otherDensity < density || (otherDensity === density && other <= position)) continue;
          const distance = place + colourDistance(picture, position, other);
          if (distance > nearest || (distance === nearest && leader !== position)) continue;
          nearest = distance;
          leader = other;
        }
      leaders[position] = leader;
    }
  return leaders;
}

/** The squared distance between the colours of two positions. */
function colourDistance({ channels, colours }: Picture, one: number, other: number): number {
  let sum = 0;
  for (let channel = 0; channel < channels; channel += 1) {
    const difference =
      (colours[one * channels + channel] ?? 0) - (colours[other * channels + channel] ?? 0);
    sum += difference * difference;
  }
  return sum;
}

function lastLeader(leaders: Int32Array, position: number): number {
  let at = position;
  while (leaders[at] !== at) at = leaders[at] ?? at;
  return at;
}
