import type { Port } from "../rows.ts";
import { DEFAULT_PARTS, equalParts } from "./equal-parts.ts";
import { signalGrid, type ChannelAxis } from "./grid-of-port.ts";
import type { Segments } from "./segments.ts";

export type SignalSegmentOptions = {
  /** How many parts in time; 20 by default, and no more than there are positions. */
  readonly segments?: number;
  readonly channels?: ChannelAxis;
  /** Whether a part of one channel is a segment, rather than that of all channels. */
  readonly each_channel?: boolean;
};

/**
 * A signal input cut into parts of equal length. Throws `ExplainFault`: option_invalid,
 * method_unsupported for an input that is no signal.
 */
export function signalSegments(port: Port, options: SignalSegmentOptions = {}): Segments {
  const grid = signalGrid(port, options.channels);
  const [length = 0] = grid.shape;
  const parts = equalParts(length, options.segments ?? Math.min(DEFAULT_PARTS, length));
  return { grid, each_channel: options.each_channel ?? false, ...parts };
}
