import type { Random } from "../../statistics/random.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Background, Groups } from "../game.ts";
import { newRows, type Port, type RowLayout, type Rows } from "../rows.ts";
import { wholeOption } from "./option-checks.ts";
import { elementAt, finiteValues, segmentGroups, type Segments } from "./segments.ts";

/** What shows where a segment is hidden. */
export type Fill =
  /** Each channel's mean over the segment. */
  | { readonly kind: "mean" }
  | { readonly kind: "zero" }
  /** A value for all channels, or one for each (a colour). */
  | { readonly kind: "value"; readonly value: readonly number[] }
  /** The straight line, in each channel, from the segment's first to its last position: for signals. */
  | { readonly kind: "interpolate" }
  /** What random other positions show, all channels of a position together, so that values keep their distribution. `rows` (default 10) such rows are averaged over. */
  | { readonly kind: "noise"; readonly random: Random; readonly rows?: number }
  /** The rows of a background, as they are. */
  | { readonly kind: "background"; readonly background: Background };

/** What a game needs to hide segments of one input; all other inputs stay as the instance has them. */
export type HiddenSegments = { background: Background; groups: Groups };

/** What one channel of the input becomes where everything is hidden, from what it is, by position. */
type Filler = (plane: Float64Array, channel: number) => Float64Array;

const MOST_NOISE_ROWS = 1_000;

/**
 * The background and the groups of a game whose players are the segments of the input `port`.
 * `instance` is the whole row, of all inputs. Throws `ExplainFault`: value_invalid for NaN and
 * infinity in the input, option_invalid for a fill that is not known or does not fit.
 */
export function hideSegments(
  layout: RowLayout,
  port: Port,
  instance: Rows,
  segments: Segments,
  fill: Fill,
): HiddenSegments {
  const { grid, labels } = segments;
  const groups = segmentGroups(port, segments);
  const values = finiteValues(port, instance);
  if (fill.kind === "background") return { background: someRows(fill.background), groups };
  const count =
    fill.kind === "noise" ? wholeOption("rows", fill.rows ?? 10, 1, MOST_NOISE_ROWS) : 1;
  const rows = newRows(layout, count);
  for (let row = 0; row < count; row += 1) {
    const start = row * layout.size;
    rows.set(instance.subarray(0, layout.size), start);
    const filler = fillerOf(fill, segments);
    for (let channel = 0; channel < grid.channels; channel += 1) {
      const elementOf = (position: number): number =>
        elementAt(grid, labels.length, position, channel);
      const plane = Float64Array.from(labels, (_, position) => values[elementOf(position)] ?? 0);
      for (const [position, value] of filler(plane, channel).entries())
        rows[start + port.offset + elementOf(position)] = value;
    }
  }
  return { background: { rows, count, weights: new Float64Array(count).fill(1 / count) }, groups };
}

function someRows(background: Background): Background {
  if (background.count > 0) return background;
  throw new ExplainFault(
    "background_missing",
    "fill 'background' needs a background with at least one row",
    "background",
  );
}

function fillerOf(fill: Exclude<Fill, { kind: "background" }>, segments: Segments): Filler {
  switch (fill.kind) {
    case "mean":
      return meanFiller(segments);
    case "zero":
      return (plane) => new Float64Array(plane.length);
    case "value":
      return valueFiller(fill.value, segments);
    case "interpolate":
      return lineFiller(segments);
    case "noise":
      return noiseFiller(fill.random, segments);
    default:
      return refuseFill(fill);
  }
}

function refuseFill({ kind }: { kind: string }): never {
  throw new ExplainFault(
    "option_invalid",
    `fill is '${kind}', and is to be one of mean, zero, value, interpolate, noise, background`,
    "fill",
  );
}

function meanFiller({ labels, count }: Segments): Filler {
  return (plane) => {
    const sums = new Float64Array(count);
    const sizes = new Int32Array(count);
    for (const [position, label] of labels.entries()) {
      sums[label] = (sums[label] ?? 0) + (plane[position] ?? 0);
      sizes[label] = (sizes[label] ?? 0) + 1;
    }
    return plane.map((_, position) => {
      const label = labels[position] ?? 0;
      return (sums[label] ?? 0) / (sizes[label] ?? 1);
    });
  };
}

function valueFiller(value: readonly number[], { grid }: Segments): Filler {
  const [only] = value;
  if ((value.length !== 1 && value.length !== grid.channels) || !value.every(Number.isFinite))
    throw new ExplainFault(
      "option_invalid",
      `value is [${value.join(", ")}], and is to be one finite number, or one for each of ${grid.channels} channels`,
      "value",
    );
  return (plane, channel) => plane.map(() => value[channel] ?? only ?? 0);
}

function lineFiller({ grid, labels, count }: Segments): Filler {
  if (grid.shape.length !== 1)
    throw new ExplainFault(
      "option_invalid",
      `fill 'interpolate' is for signals, and the segments are of the shape [${grid.shape.join(", ")}]`,
      "fill",
    );
  const firsts = Int32Array.from({ length: count }, (_, label) => labels.indexOf(label));
  const lasts = Int32Array.from({ length: count }, (_, label) => labels.lastIndexOf(label));
  return (plane) =>
    plane.map((_, position) => {
      const label = labels[position] ?? 0;
      const first = firsts[label] ?? 0;
      const last = lasts[label] ?? 0;
      const from = plane[first] ?? 0;
      const share = (position - first) / Math.max(1, last - first);
      return from + share * ((plane[last] ?? 0) - from);
    });
}

function noiseFiller(random: Random, { labels }: Segments): Filler {
  const shown = labels.map(() => random.integer(labels.length));
  return (plane) => plane.map((_, position) => plane[shown[position] ?? 0] ?? 0);
}
