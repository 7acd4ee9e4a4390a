import { countOf } from "../../tensors/tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { staticShape } from "../infer/fact.ts";
import { intOf, stringOf } from "../node.ts";
import { onesLike, reduceSum, reshapeLike, scalarLike, shapeVector, zerosLike } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { scatterElements } from "./scatter.ts";

/** For each point, shaped [batch, points]: an element of an axis, its weight and how that grows along the axis. */
type Neighbour = { index: string; weight: string; slope: string };

/** One neighbour for each axis of the image. */
type Corner = readonly Neighbour[];

/** How the points of a grid lie in an image. */
type Sampling = {
  sizes: readonly number[];
  isAligned: boolean;
  isNearest: boolean;
  isZero: boolean;
};

/**
 * Each point is the weighted sum of the corners around it. Where a point falls on an element, or
 * with the padding `border` on the edge, the gradient for the grid is that of one side.
 */
export const gridSample: GradientRule = (call) => {
  const { b } = call;
  const sampling = samplingOf(call);
  const corners = cornersOf(b, call.input(1), sampling);
  // [batch, channels, elements or points]
  const x = b.node("Reshape", [call.input(0), b.ints([0, 0, -1])]);
  const dy = b.node("Reshape", [call.dy, b.ints([0, 0, -1])]);
  const flat = corners.map((corner) => flatIndex(b, corner, sampling.sizes));
  if (call.wants(0)) {
    const indices = b.node("Concat", flat, { axis: 2 });
    const weights = corners.map((corner) =>
      b.node("Unsqueeze", [
        productOf(
          b,
          corner.map(({ weight }) => weight),
        ),
        b.ints([1]),
      ]),
    );
    const repeated = b.node(
      "Concat",
      corners.map(() => dy),
      { axis: 2 },
    );
    const updates = b.node("Mul", [repeated, b.node("Concat", weights, { axis: 2 })]);
    const targets = b.node("Expand", [indices, shapeVector(b, updates)]);
    const dx = scatterElements(call, zerosLike(b, x), targets, updates, 2);
    call.give(0, reshapeLike(b, dx, call.input(0)));
  }
  if (!call.wants(1)) return;
  const shares = flat.map((index) => {
    const values = b.node("GatherElements", [x, b.node("Expand", [index, shapeVector(b, dy)])], {
      axis: 2,
    });
    return reduceSum(b, b.node("Mul", [dy, values]), [1], 0);
  });
  call.give(
    1,
    sampling.isNearest ? zerosLike(b, call.input(1)) : slopes(call, corners, shares, sampling),
  );
};

function samplingOf(call: GradientCall): Sampling {
  const padding = stringOf(call.node, "padding_mode", "zeros");
  const mode = stringOf(call.node, "mode", "linear");
  const sizes = staticShape(call.shape(0).slice(2));
  if (padding === "reflection") throw call.blocked("the padding 'reflection' has no gradient rule");
  if (mode.endsWith("cubic")) throw call.blocked(`the mode '${mode}' has no gradient rule`);
  if (sizes === null) throw call.blocked("the height and width of its image have to be known");
  return {
    sizes,
    isAligned: intOf(call.node, "align_corners", 0) === 1,
    isNearest: mode === "nearest",
    isZero: padding === "zeros",
  };
}

/** Every choice of a neighbour along each axis. */
function cornersOf(b: GraphBuilder, grid: string, sampling: Sampling): Corner[] {
  const rank = sampling.sizes.length;
  const points = b.node("Reshape", [grid, b.ints([0, -1, rank])]);
  return sampling.sizes.reduce<Corner[]>(
    (corners, size, axis) => {
      // The grid names the last axis first.
      const given = b.node("Gather", [points, b.scalar(rank - 1 - axis, "int64")], { axis: 2 });
      const neighbours = neighboursOf(b, given, size, sampling);
      return corners.flatMap((corner) => neighbours.map((neighbour) => [...corner, neighbour]));
    },
    [[]],
  );
}

/** What lies around points given between -1 and 1, along an axis of `size` elements. */
function neighboursOf(
  b: GraphBuilder,
  given: string,
  size: number,
  { isNearest, isZero, ...sampling }: Sampling,
): Neighbour[] {
  const number = (value: number): string => scalarLike(b, given, value);
  const last = number(size - 1);
  const middle = number((size - 1) / 2);
  const at = b.node("Add", [
    b.node("Mul", [given, number(elementsPerUnit(size, sampling))]),
    middle,
  ]);
  const inside = (position: string): string =>
    b.node("And", [
      b.node("GreaterOrEqual", [position, number(0)]),
      b.node("LessOrEqual", [position, last]),
    ]);
  const asNumber = (condition: string): string =>
    b.node("Where", [condition, number(1), number(0)]);
  const clipped = (position: string): string => b.node("Clip", [position, number(0), last]);
  const neighbour = (position: string, weight: string, slope: string): Neighbour => {
    const index = b.node("Cast", [clipped(position)], { to: 6 });
    if (!isZero) return { index, weight, slope };
    const counts = asNumber(inside(position));
    return {
      index,
      weight: b.node("Mul", [weight, counts]),
      slope: b.node("Mul", [slope, counts]),
    };
  };
  if (isNearest) {
    const one = onesLike(b, at);
    return [neighbour(b.node("Round", [at]), one, one)];
  }
  const between = isZero ? at : clipped(at);
  const low = b.node("Floor", [between]);
  const fraction = b.node("Sub", [between, low]);
  const slope = isZero ? onesLike(b, at) : asNumber(inside(at));
  return [
    neighbour(low, b.node("Sub", [number(1), fraction]), b.node("Neg", [slope])),
    neighbour(b.node("Add", [low, number(1)]), fraction, slope),
  ];
}

/** How many elements the grid passes per unit: -1 and 1 are the outermost centres or the edges. */
const elementsPerUnit = (size: number, { isAligned }: { isAligned: boolean }): number =>
  (isAligned ? size - 1 : size) / 2;

/** The index of a corner in the image's elements as one axis, [batch, 1, points]. */
function flatIndex(b: GraphBuilder, corner: Corner, sizes: readonly number[]): string {
  const parts = corner.map(({ index }, axis) => {
    const stride = countOf(sizes.slice(axis + 1));
    return stride === 1 ? index : b.node("Mul", [index, b.scalar(stride, "int32")]);
  });
  const sum = parts.reduce((total, part) => b.node("Add", [total, part]));
  return b.node("Cast", [b.node("Unsqueeze", [sum, b.ints([1])])], { to: 7 });
}

/** The gradient for the grid: the share of each corner times how its weight grows along each axis. */
function slopes(
  call: GradientCall,
  corners: readonly Corner[],
  shares: readonly string[],
  sampling: Sampling,
): string {
  const { b } = call;
  const columns = sampling.sizes.map((size, axis) => {
    const terms = corners.map((corner, at) => {
      const factors = corner.map(({ weight, slope }, other) => (other === axis ? slope : weight));
      return productOf(b, [shares[at] ?? "", ...factors]);
    });
    const sum = terms.reduce((total, term) => b.node("Add", [total, term]));
    const perUnit = scalarLike(b, sum, elementsPerUnit(size, sampling));
    return b.node("Unsqueeze", [b.node("Mul", [sum, perUnit]), b.ints([2])]);
  });
  return reshapeLike(b, b.node("Concat", columns.toReversed(), { axis: 2 }), call.input(1));
}

const productOf = (b: GraphBuilder, factors: readonly string[]): string =>
  factors.reduce((product, factor) => b.node("Mul", [product, factor]));
