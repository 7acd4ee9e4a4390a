import { intOf, stringOf } from "../node.ts";
import { reshapeLike, zerosLike } from "./emit.ts";
import { GATHERING } from "./gathering.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { axisOf, axisSizes } from "./scatter.ts";
import { SCATTERING } from "./scattering.ts";
import { pad, slice } from "./slicing.ts";

const concat: GradientRule = (call) => {
  const { b, node } = call;
  const axis = axisOf(call, 1);
  const sizes = node.inputs.map((input) => b.shapeOf(input)[axis] ?? null);
  const known = sizes.filter((size) => typeof size === "number");
  const split =
    known.length === sizes.length
      ? b.ints(known)
      : b.node(
          "Concat",
          node.inputs.map((input) => axisSizes(b, input, axis, axis + 1)),
          { axis: 0 },
        );
  const parts = b.nodes("Split", [call.dy, split], node.inputs.length, { axis });
  for (const [index, part] of parts.entries()) call.give(index, part);
};

const split: GradientRule = (call) => {
  const { b, node } = call;
  const parts = node.outputs.map((output, index) => call.upstream(index) ?? zerosLike(b, output));
  call.give(0, b.node("Concat", parts, { axis: axisOf(call, 0) }));
};

/** What keeps each element in place or swaps pairs does the same to the gradient. */
const again: GradientRule = (call) => {
  const { b, node } = call;
  const gradient = b.fresh(node.opType);
  b.add({
    opType: node.opType,
    inputs: [call.dy, ...node.inputs.slice(1)],
    outputs: [gradient],
    attributes: node.attributes,
  });
  call.give(0, gradient);
};

const depthToSpace: GradientRule = (call) => {
  const { b } = call;
  const blocksize = intOf(call.node, "blocksize", 1);
  const deep = b.node("SpaceToDepth", [call.dy], { blocksize });
  const isInOrder = stringOf(call.node, "mode", "DCR") === "DCR";
  call.give(0, isInOrder ? deep : channelsFirst(call, deep, blocksize ** 2));
};

/** The depth, which has the places of a block outside, with the channels outside. */
function channelsFirst(call: GradientCall, deep: string, places: number): string {
  const { b } = call;
  const depth = call.shape(0)[1];
  if (typeof depth !== "number") throw call.blocked("the number of its channels has to be known");
  const blocks = b.node("Reshape", [deep, b.ints([0, places, depth / places, -1])]);
  const turned = b.node("Transpose", [blocks], { perm: [0, 2, 1, 3] });
  return reshapeLike(b, turned, call.input(0));
}

const spaceToDepth: GradientRule = (call) => {
  const blocksize = intOf(call.node, "blocksize", 1);
  const mode = stringOf(call.node, "mode", "DCR");
  call.give(0, call.b.node("DepthToSpace", [call.dy], { blocksize, mode }));
};

export const INDEXING: Record<string, GradientRule> = {
  ...GATHERING,
  ...SCATTERING,
  Concat: concat,
  DepthToSpace: depthToSpace,
  Pad: pad,
  ReverseSequence: again,
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Trilu: again,
};
