import type { Dimension } from "../../tensors/tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { attributeOf, floatOf, intOf } from "../node.ts";
import { arithmeticIn } from "./arithmetic.ts";
import { reduceSum, reshapeLike, unbroadcast } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";

/** A finite stand-in for minus infinity: a row with no key left stays free of NaN. float16 holds it too. */
const RULED_OUT = -65000;

/** How an input is divided into heads; those of keys and values are shared by groups of queries. */
type Layout = { readonly keyHeads: number; readonly groups: number; readonly isPacked: boolean };

function layoutOf(call: GradientCall): Layout {
  const isPacked = call.shape(0).length === 3;
  const headCount = (index: number, attribute: string): Dimension =>
    isPacked ? (intOf(call.node, attribute) ?? null) : (call.shape(index)[1] ?? null);
  const [queryHeads, keyHeads] = [headCount(0, "q_num_heads"), headCount(1, "kv_num_heads")];
  if (typeof queryHeads !== "number" || typeof keyHeads !== "number")
    throw call.blocked("the numbers of heads have to be known");
  return { keyHeads, groups: queryHeads / keyHeads, isPacked };
}

/**
 * Heads as [batch, heads of keys, groups, length, size], and back. Keys and values have one group,
 * which broadcasts.
 */
function headsIn(call: GradientCall, { keyHeads, groups, isPacked }: Layout) {
  const { b } = call;
  const sizeOf = (value: string, heads: number): number => {
    const last = b.shapeOf(value).at(-1);
    if (typeof last === "number") return isPacked ? last / heads : last;
    throw call.blocked(`the last size of '${value}' has to be known`);
  };
  return {
    apart: (value: string, own: number): string => {
      const heads = keyHeads * own;
      const size = sizeOf(value, heads);
      if (!isPacked) return b.node("Reshape", [value, b.ints([0, keyHeads, own, -1, size])]);
      const split = b.node("Reshape", [value, b.ints([0, -1, keyHeads, own, size])]);
      return b.node("Transpose", [split], { perm: [0, 2, 3, 1, 4] });
    },
    together: (value: string, own: number, like: string): string => {
      const sum = own === groups ? value : reduceSum(b, value, [2]);
      const ordered = isPacked ? b.node("Transpose", [sum], { perm: [0, 3, 1, 2, 4] }) : sum;
      return reshapeLike(b, ordered, like);
    },
  };
}

/** [queries, keys]: whether the key is not after the query; undefined where the node does not ask. */
function causal(call: GradientCall): string | undefined {
  if (intOf(call.node, "is_causal", 0) === 0) return undefined;
  const { b } = call;
  const axis = call.shape(0).length - 2;
  const positions = (index: number): string => {
    const size = call.shape(index)[axis];
    const end =
      typeof size === "number"
        ? b.scalar(size, "int64")
        : b.node("Gather", [b.node("Shape", [call.input(index)]), b.scalar(axis, "int64")]);
    return b.node("Range", [b.scalar(0, "int64"), end, b.scalar(1, "int64")]);
  };
  const rows = b.node("Reshape", [positions(0), b.ints([-1, 1])]);
  return b.node("LessOrEqual", [positions(1), rows]);
}

/** The mask with an axis for the groups, to broadcast to [batch, heads of keys, groups, queries, keys]. */
function maskOf(call: GradientCall, { keyHeads, groups }: Layout): string | undefined {
  if (!call.has(3)) return undefined;
  const { b } = call;
  const shape = call.shape(3);
  const keys = call.shape(1).at(-2);
  if (shape.at(-1) !== keys && shape.at(-1) !== 1)
    throw call.blocked("the mask has to be as long as the keys");
  if (shape.length < 3) return call.input(3);
  const heads = shape.at(-3);
  if (heads === 1) return b.node("Unsqueeze", [call.input(3), b.ints([shape.length - 3])]);
  const [batch, rows, columns] = [shape.length === 4 ? [0] : [], shape.at(-2), shape.at(-1)];
  if (heads !== keyHeads * groups || typeof rows !== "number" || typeof columns !== "number")
    throw call.blocked("the sizes of the mask have to be known");
  return b.node("Reshape", [call.input(3), b.ints([...batch, keyHeads, groups, rows, columns])]);
}

/**
 * The attention as far as the weights p of the values: y = p v. The steps are kept that lead back:
 * s = scale q k', of which `share` is the tanh where it is capped.
 */
export function weighed(call: GradientCall) {
  refuseUncovered(call);
  const { b, node } = call;
  const { add, mul, div, tanh, where } = arithmeticIn(b);
  const layout = layoutOf(call);
  const heads = headsIn(call, layout);
  const { groups } = layout;
  const [q, k, v] = [
    heads.apart(call.input(0), groups),
    heads.apart(call.input(1), 1),
    heads.apart(call.input(2), 1),
  ];
  const size = Number(b.shapeOf(q).at(-1));
  const scale = attributeOf(node, "scale", "float") ?? 1 / Math.sqrt(size);

  const mask = maskOf(call, layout);
  const isBool = call.has(3) && call.tensor(3).type === "bool";
  const order = causal(call);
  const rulings = [...(isBool && mask ? [mask] : []), ...(order ? [order] : [])];
  const allowed =
    rulings.length === 0 ? undefined : rulings.reduce((all, one) => b.node("And", [all, one]));
  const cap = floatOf(node, "softcap", 0);
  const raw = b.node("MatMul", [mul(q, scale), transposed(b, k)]);
  const share = cap === 0 ? undefined : tanh(div(raw, cap));
  const capped = share === undefined ? raw : mul(share, cap);
  const biased = mask && !isBool ? add(capped, mask) : capped;
  const ruled = allowed === undefined ? biased : where(allowed, biased, RULED_OUT);
  const softmax = b.node("Softmax", [ruled], { axis: -1 });
  const p = allowed === undefined ? softmax : where(allowed, softmax, 0);
  return { ...layout, ...heads, q, k, v, scale, mask, share, p };
}

const transposed = (b: GraphBuilder, x: string): string =>
  b.node("Transpose", [x], { perm: [0, 1, 2, 4, 3] });

/**
 * With p = softmax(s), s = scale q k' (capped, masked), y = p v: dv = p' dy, ds = p * (dy v' -
 * Σ dy v' * p), dq = scale ds k, dk = scale ds' q. The probabilities are computed again. A float
 * mask that rules out every key of a query by minus infinity gives NaN; a bool mask gives zeros.
 */
const attention: GradientRule = (call) => {
  const { b, dy } = call;
  const { sub, mul, square } = arithmeticIn(b);
  const { groups, apart, together, q, k, v, scale, mask, share, p } = weighed(call);
  const matMul = (x: string, y: string): string => b.node("MatMul", [x, y]);

  const dOutput = apart(dy, groups);
  if (call.wants(2)) call.give(2, together(matMul(transposed(b, p), dOutput), 1, call.input(2)));
  if (![0, 1, 3].some((index) => call.wants(index))) return;
  const dP = matMul(dOutput, transposed(b, v));
  const dBiased = mul(p, sub(dP, reduceSum(b, mul(dP, p), [-1])));
  if (mask && call.wants(3))
    call.give(3, reshapeLike(b, unbroadcast(b, dBiased, mask), call.input(3)));
  const slope = share === undefined ? dBiased : mul(dBiased, sub(1, square(share)));
  const dScores = mul(slope, scale);
  if (call.wants(0)) call.give(0, together(matMul(dScores, k), groups, call.input(0)));
  if (call.wants(1)) call.give(1, together(matMul(transposed(b, dScores), q), 1, call.input(1)));
};

function refuseUncovered(call: GradientCall): void {
  if ([1, 2, 3].some((index) => call.upstream(index) !== undefined))
    throw call.blocked("only the first of its outputs is followed");
  if ([4, 5, 6].some((index) => call.has(index)))
    throw call.blocked("a cache of keys and values is not followed");
  for (const side of ["left_window_size", "right_window_size"])
    if (intOf(call.node, side, -1) >= 0) throw call.blocked(`'${side}' is not followed`);
}

/** The same turn by the opposite angle. */
const rotaryEmbedding: GradientRule = (call) => {
  if (call.wants(1) || call.wants(2))
    throw call.blocked("the tables of cosines and sines are not differentiated");
  const back = call.b.node("Neg", [call.input(2)]);
  const positions = call.has(3) ? [call.input(3)] : [];
  const output = call.b.fresh("RotaryEmbedding");
  call.b.add({
    opType: "RotaryEmbedding",
    inputs: [call.dy, call.input(1), back, ...positions],
    outputs: [output],
    attributes: call.node.attributes,
  });
  call.give(0, output);
};

export const ATTENTION: Record<string, GradientRule> = {
  Attention: attention,
  RotaryEmbedding: rotaryEmbedding,
};
