import { wholeOption } from "./option-checks.ts";
import type { Labels } from "./segments.ts";

/** Of a signal that has as many positions. */
export const DEFAULT_PARTS = 20;

/** A stretch of `length` positions cut into contiguous parts whose lengths differ by one at most. */
export function equalParts(length: number, segments: number): Labels {
  wholeOption("segments", segments, 1, length);
  const labels = Int32Array.from({ length }, (_, position) =>
    Math.floor((position * segments) / length),
  );
  return { labels, count: segments };
}
