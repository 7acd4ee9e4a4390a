import { countOf } from "../../tensors/tensor.ts";
import { range } from "../axes.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { intOf, intsOf } from "../node.ts";
import { transposedSize, transposedWindowsOf } from "../transposed-windows.ts";
import { windowsOf } from "../windows.ts";
import { reshapeLike, scalarLike } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { coveredCounts, layoutOf, spatialSizes, type Layout } from "./layout.ts";
import { constantLike, elementsUnder, spreadAlike, spreadCells } from "./windows.ts";

function poolingLayout(call: GradientCall): Layout {
  const sizes = spatialSizes(call, 0);
  return layoutOf(windowsOf(call.node, intsOf(call.node, "kernel_shape") ?? sizes), sizes);
}

/**
 * A value with an element for each window, as ONNX Runtime can see: before opset 22 it infers a size
 * that counts a last window in the padding, which the pooling then leaves out. The slice takes
 * nothing away.
 */
function perWindow(call: GradientCall, value: string, layout: Layout): string {
  const { b, node } = call;
  const { counts, behind, declaredBehind } = layout;
  const isShort = behind.some((pad, axis) => pad < (declaredBehind[axis] ?? 0));
  if (!isShort || intOf(node, "ceil_mode", 0) === 0) return value;
  const axes = counts.map((_, axis) => axis + 2);
  return b.node("Slice", [value, b.ints(counts.map(() => 0)), b.ints(counts), b.ints(axes)]);
}

/**
 * The first of the greatest elements of a window takes its gradient: from cell to cell, the
 * gradient of a window is handed on until a cell holds the maximum. Plain comparisons are as fast
 * on ONNX Runtime as MaxPool's indices with ScatterElements, and run on every device.
 */
const maxPool: GradientRule = (call) => {
  const { b } = call;
  const layout = poolingLayout(call);
  const zero = scalarLike(b, call.dy, 0);
  const cells: string[] = [];
  const y = perWindow(call, call.output(), layout);
  let rest = perWindow(call, call.dy, layout);
  for (const element of elementsUnder(b, call.input(0), layout, -Infinity).slice(0, -1)) {
    const isMaximum = b.node("Equal", [element, y]);
    cells.push(b.node("Where", [isMaximum, rest, zero]));
    rest = b.node("Where", [isMaximum, zero, rest]);
  }
  call.give(0, spreadCells(b, [...cells, rest], layout));
};

const averagePool: GradientRule = (call) => {
  const { b } = call;
  const layout = poolingLayout(call);
  const dy = perWindow(call, call.dy, layout);
  const counts = coveredCounts(layout, intOf(call.node, "count_include_pad", 0) === 1);
  const [first = 1] = counts;
  const count = counts.every((other) => other === first)
    ? scalarLike(b, dy, first)
    : constantLike(b, dy, [1, 1, ...layout.counts], counts);
  call.give(0, spreadAlike(b, b.node("Div", [dy, count]), layout));
};

const lpPool: GradientRule = (call) => {
  const layout = poolingLayout(call);
  const [y, dy] = [perWindow(call, call.output(), layout), perWindow(call, call.dy, layout)];
  givePowerNorm(call, y, dy, (scaled) => spreadAlike(call.b, scaled, layout));
};

const globalLpPool: GradientRule = (call) =>
  givePowerNorm(call, call.output(), call.dy, (scaled) => scaled);

/**
 * y = sum(|x|^p)^(1/p), so that dx = dy y^(1-p), spread so that it broadcasts to the elements
 * summed, times sign(x) |x|^(p-1); zero where y is.
 */
function givePowerNorm(
  call: GradientCall,
  y: string,
  dy: string,
  spread: (scaled: string) => string,
): void {
  const { b } = call;
  const x = call.input(0);
  const p = intOf(call.node, "p", 2);
  if (p === 1) return call.give(0, b.node("Mul", [spread(dy), signOf(b, x)]));
  const power = p === 2 ? y : b.node("Pow", [y, scalarLike(b, y, p - 1)]);
  const zero = scalarLike(b, y, 0);
  const isZero = b.node("Equal", [y, zero]);
  const scaled = b.node("Where", [isZero, zero, b.node("Div", [dy, power])]);
  const ofElement =
    p === 2 ? x : b.node("Mul", [x, b.node("Pow", [b.node("Abs", [x]), scalarLike(b, x, p - 2)])]);
  call.give(0, b.node("Mul", [spread(scaled), ofElement]));
}

/** -1, 0 or 1, without Sign, which WebGPU lacks. */
function signOf(b: GraphBuilder, x: string): string {
  const zero = scalarLike(b, x, 0);
  const [isPositive, isNegative] = ["Greater", "Less"].map((operator) =>
    b.node("CastLike", [b.node(operator, [x, zero]), x]),
  );
  return b.node("Sub", [isPositive ?? "", isNegative ?? ""]);
}

/** Broadcast by a product, which ONNX Runtime computes faster than Expand. */
const globalAveragePool: GradientRule = (call) => {
  const sizes = spatialSizes(call, 0);
  const area = countOf(sizes);
  const shares = constantLike(
    call.b,
    call.dy,
    [1, 1, ...sizes],
    Array<number>(area).fill(1 / area),
  );
  call.give(0, call.b.node("Mul", [call.dy, shares]));
};

/** The first of a channel's greatest elements takes its gradient. */
const globalMaxPool: GradientRule = (call) => {
  const { b, dy } = call;
  const area = countOf(spatialSizes(call, 0));
  const flat = (value: string, size: number): string =>
    b.node("Reshape", [value, b.ints([0, 0, size])]);
  const x = flat(call.input(0), area);
  const isFirst =
    call.profile === "webgpu"
      ? isFirstEqual(b, x, flat(call.output(), 1))
      : isGreatestOf(b, x, area);
  const gradient = b.node("Where", [isFirst, flat(dy, 1), scalarLike(b, dy, 0)]);
  call.give(0, reshapeLike(b, gradient, call.input(0)));
};

function isGreatestOf(b: GraphBuilder, x: string, area: number): string {
  const int32 = 6;
  const chosen = b.node("ArgMax", [x], { axis: 2, keepdims: 1 });
  const indices = b.constant({
    type: "int32",
    dims: [1, 1, area],
    data: Int32Array.from(range(area)),
  });
  return b.node("Equal", [b.node("Cast", [chosen], { to: int32 }), indices]);
}

/** As `isGreatestOf`, without an int64, which WebGPU hands to the CPU: equal, and none before it is. */
function isFirstEqual(b: GraphBuilder, x: string, greatest: string): string {
  const isGreatest = b.node("CastLike", [b.node("Equal", [x, greatest]), x]);
  const soFar = b.node("CumSum", [isGreatest, b.scalar(2, "int64")]);
  return b.node("Equal", [b.node("Mul", [soFar, isGreatest]), scalarLike(b, x, 1)]);
}

/** Each element was put where its index says: there its gradient lies. */
const maxUnpool: GradientRule = (call) => {
  const { b, dy } = call;
  const [x, indices] = [call.input(0), call.input(1)];
  const kernel = intsOf(call.node, "kernel_shape") ?? [];
  const sizes = spatialSizes(call, 0);
  const natural = transposedWindowsOf(call.node, kernel).map((window, axis) =>
    transposedSize(window, sizes[axis] ?? 1),
  );
  // The indices are those of an output without `output_shape`, which may be a part of this one.
  const indexed = call.has(2)
    ? b.node("Slice", [
        dy,
        b.ints(natural.map(() => 0)),
        b.ints(natural),
        b.ints(natural.map((_, axis) => axis + 2)),
      ])
    : dy;
  const gathered = b.node("Gather", [b.node("Reshape", [indexed, b.ints([-1])]), indices]);
  call.give(0, reshapeLike(b, gathered, x));
};

export const POOLING: Record<string, GradientRule> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  GlobalLpPool: globalLpPool,
  MaxUnpool: maxUnpool,
};
