import type { Port, Rows } from "../rows.ts";
import { imageGrid, type ChannelAxis } from "./grid-of-port.ts";
import { namedOption } from "./option-checks.ts";
import { patches } from "./patches.ts";
import { pictureOf, type Picture, type ValueRange } from "./picture.ts";
import { quickshift, type QuickshiftOptions } from "./quickshift.ts";
import type { Labels, Segments } from "./segments.ts";
import { slic, type SlicOptions } from "./slic.ts";

export type ImageSegmenter = "slic" | "quickshift" | "patches";

/** Those of the segmenter that is taken; the others are not read. */
export type ImageSegmentOptions = SlicOptions &
  QuickshiftOptions & {
    readonly segmenter?: ImageSegmenter;
    readonly channels?: ChannelAxis;
    readonly value_range?: ValueRange;
  };

const SEGMENTERS: Record<
  ImageSegmenter,
  (picture: Picture, options: ImageSegmentOptions) => Labels
> = { slic, quickshift, patches };

/**
 * One row of an image input cut into segments, by SLIC unless another segmenter is named. `instance` is the whole
 * row, of all inputs. Throws `ExplainFault`: option_invalid, method_unsupported for an input that
 * is no image, value_invalid for NaN and infinity.
 */
export function imageSegments(
  port: Port,
  instance: Rows,
  options: ImageSegmentOptions = {},
): Segments {
  const { segmenter = "slic", channels, value_range } = options;
  const segment = namedOption("segmenter", SEGMENTERS, segmenter);
  const grid = imageGrid(port, channels);
  return {
    grid,
    each_channel: false,
    ...segment(pictureOf(port, grid, instance, value_range), options),
  };
}
