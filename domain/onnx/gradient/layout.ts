import { countOf, type Dimension } from "../../tensors/tensor.ts";
import { staticShape } from "../infer/fact.ts";
import { padsFor, reachOf, windowCount, type Window } from "../windows.ts";
import type { GradientCall } from "./gradient-call.ts";

/** Where windows lie over spatial axes of known sizes; an entry for each axis, lengths in elements. */
export type Layout = {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly sizes: readonly number[];
  /** How many windows there are. */
  readonly counts: readonly number[];
  /** Padding in front of the axis, and behind it; the last may be negative, where the last window ends before the axis does. */
  readonly before: readonly number[];
  readonly behind: readonly number[];
  /** As `behind`, as the node declares it: a last window may reach beyond, or end before. */
  readonly declaredBehind: readonly number[];
};

export function layoutOf(windows: readonly Window[], sizes: readonly number[]): Layout {
  const axes = windows.map((window, axis) => {
    const size = sizes[axis] ?? 1;
    const count = windowCount(window, size);
    const [before, declared] = padsFor(window, size);
    const behind = (count - 1) * window.stride + reachOf(window) - before - size;
    return { ...window, size, count, before, behind, declared };
  });
  return {
    kernel: axes.map(({ kernel }) => kernel),
    strides: axes.map(({ stride }) => stride),
    dilations: axes.map(({ dilation }) => dilation),
    sizes: axes.map(({ size }) => size),
    counts: axes.map(({ count }) => count),
    before: axes.map(({ before }) => before),
    behind: axes.map(({ behind }) => behind),
    declaredBehind: axes.map(({ declared }) => declared),
  };
}

/** Elements of a channel: some gradients hold a constant as large. */
const MOST_ELEMENTS = 2 ** 22;

/** The sizes behind batch and channels, which have to be known. */
export function spatialSizes(call: GradientCall, index: number): number[] {
  const spatial: readonly Dimension[] = call.shape(index).slice(2);
  const sizes = staticShape(spatial);
  if (sizes && countOf(sizes) > MOST_ELEMENTS)
    throw call.blocked(`'${call.input(index)}' has over ${MOST_ELEMENTS} elements in a channel`);
  if (sizes) return sizes;
  throw call.blocked(`the sizes of '${call.input(index)}' behind the channels have to be known`);
}

/** How many elements each window covers, row by row: with the padding that the node declares, or without. */
export function coveredCounts(layout: Layout, withPadding: boolean): number[] {
  return layout.counts.reduce<number[]>(
    (counts, windows, axis) =>
      counts.flatMap((count) =>
        Array.from({ length: windows }, (_, at) => count * covered(layout, axis, at, withPadding)),
      ),
    [1],
  );
}

function covered(layout: Layout, axis: number, at: number, withPadding: boolean): number {
  const of = (values: readonly number[]): number => values[axis] ?? 0;
  const start = at * of(layout.strides) - of(layout.before);
  const end = of(layout.sizes) + (withPadding ? of(layout.declaredBehind) : 0);
  const positions = Array.from(
    { length: of(layout.kernel) },
    (_, cell) => start + cell * of(layout.dilations),
  );
  return positions.filter((position) => position < end && (withPadding || position >= 0)).length;
}
