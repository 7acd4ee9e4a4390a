import { wholeOption } from "./option-checks.ts";
import type { Labels } from "./segments.ts";

/** An image in near-square patches, evenly laid. */
export type PatchGrid = { readonly rows: number; readonly columns: number };

/** Of an image that has as many positions. */
export const DEFAULT_SEGMENTS = 50;

/** Rows and columns of about `segments` patches that are as square as the image allows. */
export function patchGrid(height: number, width: number, segments: number): PatchGrid {
  const side = Math.sqrt((height * width) / segments);
  const rows = Math.min(height, Math.max(1, Math.round(height / side)));
  const columns = Math.min(width, Math.max(1, Math.round(segments / rows)));
  return { rows, columns };
}

/** The patch that each position of an image is in; sides differ by one position at most. */
function patchLabels(height: number, width: number, { rows, columns }: PatchGrid): Int32Array {
  const labels = new Int32Array(height * width);
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1)
      labels[row * width + column] =
        Math.floor((row * rows) / height) * columns + Math.floor((column * columns) / width);
  return labels;
}

/** An image of any colours cut into about `segments` (default 50) square patches. */
export function patches(
  { height, width }: { readonly height: number; readonly width: number },
  options: { readonly segments?: number } = {},
): Labels {
  const positions = height * width;
  const segments = options.segments ?? Math.min(DEFAULT_SEGMENTS, positions);
  wholeOption("segments", segments, 1, positions);
  const grid = patchGrid(height, width, segments);
  return { labels: patchLabels(height, width, grid), count: grid.rows * grid.columns };
}
