import { countOf } from "../../tensors/tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { intOf } from "../node.ts";
import { reversedWindow, transposedSize, transposedWindowsOf } from "../transposed-windows.ts";
import { windowsOf } from "../windows.ts";
import { reduceSum } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { layoutOf, spatialSizes, type Layout } from "./layout.ts";
import { elementsUnder, transposedConvolution } from "./windows.ts";

const conv: GradientRule = (call) => {
  const { b, node, dy } = call;
  const group = intOf(node, "group", 1);
  const weight = call.sizes(1);
  const layout = layoutOf(windowsOf(node, weight.slice(2)), spatialSizes(call, 0));
  if (call.wants(0)) call.give(0, transposedConvolution(b, dy, call.input(1), layout, group));
  if (call.wants(1))
    call.give(1, weightGradient(b, { x: call.input(0), dy, weight, layout, group }));
  giveBias(call);
};

/** A ConvTranspose is the gradient of a Conv with the same weight, from its output to its input. */
const convTranspose: GradientRule = (call) => {
  const { b, node, dy } = call;
  const group = intOf(node, "group", 1);
  const weight = call.sizes(1);
  const sizes = spatialSizes(call, 0);
  const transposed = transposedWindowsOf(node, weight.slice(2));
  const layout = layoutOf(
    transposed.map((window, axis) => reversedWindow(window, sizes[axis] ?? 1)),
    transposed.map((window, axis) => transposedSize(window, sizes[axis] ?? 1)),
  );
  if (call.wants(0)) call.give(0, convolution(b, dy, call.input(1), layout, group));
  if (call.wants(1))
    call.give(1, weightGradient(b, { x: dy, dy: call.input(0), weight, layout, group }));
  giveBias(call);
};

/** The bias of an output channel is in every element of it. */
function giveBias(call: GradientCall): void {
  if (!call.has(2) || !call.wants(2)) return;
  const axes = call.shape(0).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  call.give(2, reduceSum(call.b, call.dy, axes, 0));
}

type Convolved = {
  /** The input of the convolution, [N, C, ...sizes], and the gradient of its output, [N, M, ...counts]. */
  readonly x: string;
  readonly dy: string;
  /** The dims of the weight, [M, C / group, ...kernel]. */
  readonly weight: readonly number[];
  readonly layout: Layout;
  readonly group: number;
};

/**
 * The gradient of a weight: for each group one product of `dy`, as a matrix of M / group rows, with
 * what lies under each cell of the kernel, as C / group columns for each. The memory that it takes
 * is that of `x` for each cell.
 */
function weightGradient(b: GraphBuilder, { x, dy, weight, layout, group }: Convolved): string {
  const [maps = 1, channels = 1, ...kernel] = weight;
  const rows = channelsFirst(b, dy, [group, maps / group, ...layout.counts]);
  const under = elementsUnder(
    b,
    channelsFirst(b, x, [group, channels, ...layout.sizes]),
    layout,
    0,
  );
  const columns = under.length === 1 ? (under[0] ?? "") : b.node("Concat", under, { axis: 1 });
  const cells = countOf(kernel);
  const product = b.node("MatMul", [
    b.node("Reshape", [rows, b.ints([group, maps / group, -1])]),
    b.node("Transpose", [b.node("Reshape", [columns, b.ints([group, cells * channels, -1])])], {
      perm: [0, 2, 1],
    }),
  ]);
  const perCell = b.node("Reshape", [product, b.ints([maps, cells, channels])]);
  const perChannel = b.node("Transpose", [perCell], { perm: [0, 2, 1] });
  return b.node("Reshape", [perChannel, b.ints(weight)]);
}

/** [N, group * channels, ...] as [group, channels, N, ...]. */
function channelsFirst(b: GraphBuilder, value: string, dims: readonly number[]): string {
  const grouped = b.node("Reshape", [value, b.ints([0, ...dims])]);
  const perm = [1, 2, 0, ...dims.slice(2).map((_, axis) => axis + 3)];
  return b.node("Transpose", [grouped], { perm });
}

/** The convolution that a layout describes, with as many windows as it has. */
function convolution(
  b: GraphBuilder,
  x: string,
  weight: string,
  layout: Layout,
  group: number,
): string {
  const { strides, dilations, before, behind, counts } = layout;
  const y = b.node("Conv", [x, weight], {
    group,
    strides,
    dilations,
    pads: [...before, ...behind.map((pad) => Math.max(0, pad))],
  });
  // Where the axis goes on for a stride or more, there are windows beyond the last one.
  if (behind.every((pad, axis) => -pad < (strides[axis] ?? 1))) return y;
  const axes = counts.map((_, axis) => axis + 2);
  return b.node("Slice", [y, b.ints(counts.map(() => 0)), b.ints(counts), b.ints(axes)]);
}

export const CONVOLUTION: Record<string, GradientRule> = {
  Conv: conv,
  ConvTranspose: convTranspose,
};
