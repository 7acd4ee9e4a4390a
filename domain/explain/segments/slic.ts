import { connectSegments } from "./connect-segments.ts";
import { positiveOption, wholeOption } from "./option-checks.ts";
import { DEFAULT_SEGMENTS, patchGrid, type PatchGrid } from "./patches.ts";
import type { Picture } from "./picture.ts";
import type { Labels } from "./segments.ts";

export type SlicOptions = {
  /** About how many segments there are to be; 50 by default. */
  readonly segments?: number;
  /** How far apart colours may lie in a segment as wide as it is to be, in units of CIELAB; 10 by default. More makes squarer segments. */
  readonly compactness?: number;
  /** How often positions choose a segment, at most; 10 by default. */
  readonly iterations?: number;
};

/** A segment smaller than this share of the size to be expected joins a neighbour. */
const LEAST_SHARE = 0.5;

/**
 * Superpixels by simple linear iterative clustering (Achanta et al. 2012): k-means of colour and
 * place, each centre looking no further than twice the distance between centres. The centres
 * start as those of square patches, each at a position. Every segment is connected.
 */
export function slic(picture: Picture, options: SlicOptions = {}): Labels {
  const { height, width } = picture;
  const { compactness = 10, iterations = 10 } = options;
  const segments = wholeOption(
    "segments",
    options.segments ?? Math.min(DEFAULT_SEGMENTS, height * width),
    1,
    height * width,
  );
  positiveOption("compactness", compactness);
  wholeOption("iterations", iterations, 1, 1_000);

  const grid = patchGrid(height, width, segments);
  const count = grid.rows * grid.columns;
  const labels = nearestCentres(height, width, grid);
  const step = Math.max(height / grid.rows, width / grid.columns);
  const centres = new Float64Array(count * (picture.channels + 2));
  const distances = new Float64Array(labels.length);
  for (let iteration = 1; iteration < iterations; iteration += 1) {
    moveCentres(picture, labels, count, centres);
    if (!choose(picture, labels, centres, distances, step, (compactness / step) ** 2)) break;
  }
  return connectSegments(labels, width, (LEAST_SHARE * labels.length) / count);
}

/** The patch whose middle position each position is nearest to, the first of equals. */
function nearestCentres(height: number, width: number, { rows, columns }: PatchGrid): Int32Array {
  const rowOf = nearestMiddle(height, rows);
  const columnOf = nearestMiddle(width, columns);
  return Int32Array.from(
    { length: height * width },
    (_, position) =>
      (rowOf[Math.floor(position / width)] ?? 0) * columns + (columnOf[position % width] ?? 0),
  );
}

function nearestMiddle(length: number, parts: number): Int32Array {
  const middleOf = (part: number): number => Math.floor(((part + 0.5) * length) / parts);
  let part = 0;
  return Int32Array.from({ length }, (_, position) => {
    while (part + 1 < parts && middleOf(part + 1) - position < Math.abs(position - middleOf(part)))
      part += 1;
    return part;
  });
}

/** Each centre becomes the mean row, column and colours of its members; one without members stays. */
function moveCentres(
  { width, channels, colours }: Picture,
  labels: Int32Array,
  count: number,
  centres: Float64Array,
): void {
  const size = channels + 2;
  const sums = new Float64Array(centres.length);
  const members = new Int32Array(count);
  for (let position = 0; position < labels.length; position += 1) {
    const label = labels[position] ?? 0;
    const at = label * size;
    members[label] = (members[label] ?? 0) + 1;
    sums[at] = (sums[at] ?? 0) + Math.floor(position / width);
    sums[at + 1] = (sums[at + 1] ?? 0) + (position % width);
    for (let channel = 0; channel < channels; channel += 1)
      sums[at + 2 + channel] =
        (sums[at + 2 + channel] ?? 0) + (colours[position * channels + channel] ?? 0);
  }
  for (let at = 0; at < sums.length; at += 1) {
    const of = members[Math.floor(at / size)] ?? 0;
    if (of > 0) centres[at] = (sums[at] ?? 0) / of;
  }
}

/** Gives each position to the nearest centre that reaches it; whether any changed. */
function choose(
  { height, width, channels, colours }: Picture,
  labels: Int32Array,
  centres: Float64Array,
  distances: Float64Array,
  step: number,
  place_weight: number,
): boolean {
  const size = channels + 2;
  const reach = 2 * step;
  const before = labels.slice();
  distances.fill(Infinity);
  for (let at = 0; at < centres.length; at += size) {
    const row = centres[at] ?? 0;
    const column = centres[at + 1] ?? 0;
    const bottom = Math.min(height - 1, Math.floor(row + reach));
    const left = Math.max(0, Math.ceil(column - reach));
    const right = Math.min(width - 1, Math.floor(column + reach));
    for (let y = Math.max(0, Math.ceil(row - reach)); y <= bottom; y += 1)
      for (let x = left; x <= right; x += 1) {
        const position = y * width + x;
        let distance = ((y - row) ** 2 + (x - column) ** 2) * place_weight;
        for (let channel = 0; channel < channels; channel += 1) {
          const difference =
            (colours[position * channels + channel] ?? 0) - (centres[at + 2 + channel] ?? 0);
          distance += difference * difference;
        }
        if (distance < (distances[position] ?? 0)) {
          distances[position] = distance;
          labels[position] = at / size;
        }
      }
  }
  return labels.some((label, position) => label !== before[position]);
}
