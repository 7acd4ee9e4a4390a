import type { Dimension } from "../../tensors/tensor.ts";
import { graphOf, intOf } from "../node.ts";
import { describeShape } from "./broadcast.ts";
import { tensorFact, type Fact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";
import { productOf, quotientOf, sameSize, sumOf } from "./sizes.ts";

type Shape = readonly Dimension[] | null;
/** A tensor of heads: [batch, heads, length, size], or [batch, length, heads * size]. */
type Heads = { batch: Dimension; heads: Dimension; length: Dimension; size: Dimension };

const UNKNOWN_HEADS: Heads = { batch: null, heads: null, length: null, size: null };

function headsOf(call: InferenceCall, index: number, attribute: string): Heads {
  const shape = call.shape(index);
  if (shape === null) return UNKNOWN_HEADS;
  const [batch = null, second = null, third = null, last = null] = shape;
  if (shape.length === 4) return { batch, heads: second, length: third, size: last };
  if (shape.length !== 3)
    throw call.fault(`input ${index} is to have 3 or 4 axes, and is ${describeShape(shape)}`);
  const heads = intOf(call.node, attribute);
  if (heads === undefined) throw call.fault(`inputs of 3 axes ask for '${attribute}'`);
  if (typeof third === "number" && third % heads !== 0)
    throw call.fault(`the size ${third} of input ${index} does not divide into ${heads} heads`);
  return { batch, heads, length: second, size: quotientOf([third], [heads]) };
}

/** The head counts of grouped queries have to divide. */
function expectGroups(call: InferenceCall, queries: Dimension, keys: Dimension): void {
  if (typeof queries === "number" && typeof keys === "number" && queries % keys !== 0)
    throw call.fault(`${queries} heads of queries do not share ${keys} heads of keys evenly`);
}

/** Outputs: the values attended to; the keys and values with what came before; the scores. */
const attention: InferenceRule = (call) => {
  const q = headsOf(call, 0, "q_num_heads");
  const k = headsOf(call, 1, "kv_num_heads");
  const v = headsOf(call, 2, "kv_num_heads");
  expectGroups(call, q.heads, k.heads);
  sameSize(call, q.size, k.size);
  const past = call.optional(4);
  const length = sameSize(call, k.length, v.length);
  const total = past ? sumOf([past.shape?.[2] ?? null, length]) : length;
  const batch = sameSize(call, q.batch, k.batch);
  const rank = call.shape(0)?.length;
  const y: Shape =
    rank === undefined
      ? null
      : rank === 4
        ? [batch, q.heads, q.length, v.size]
        : [batch, q.length, productOf([q.heads, v.size])];
  const type = call.type(0);
  return [
    tensorFact(type, y),
    tensorFact(type, [batch, k.heads, total, k.size]),
    tensorFact(call.type(2), [batch, v.heads, total, v.size]),
    tensorFact(type, [batch, q.heads, q.length, total]),
  ];
};

/** The modifiers see the scores as float32, unless `softmax_precision` or float64 inputs say else. */
const flexAttention: InferenceRule = (call) => {
  const [q, k, v] = [0, 1, 2].map((index) => headsOf(call, index, "")) as [Heads, Heads, Heads];
  expectGroups(call, q.heads, k.heads);
  sameSize(call, q.size, k.size);
  const precision = intOf(call.node, "softmax_precision", call.type(0) === "float64" ? 11 : 1);
  const scores: Fact = tensorFact(precision === 11 ? "float64" : "float32", [
    q.batch,
    q.heads,
    q.length,
    k.length,
  ]);
  for (const name of ["score_mod", "prob_mod"])
    if (call.node.attributes.some((attribute) => attribute.name === name))
      call.outputsOf(graphOf(call.node, name), [scores]);
  return tensorFact(call.type(0), [q.batch, q.heads, q.length, v.size]);
};

/** Heads are packed into the last axis; the state is [batch, heads, key size, value size]. */
const linearAttention: InferenceRule = (call) => {
  const q = headsOf(call, 0, "q_num_heads");
  const k = headsOf(call, 1, "kv_num_heads");
  const v = headsOf(call, 2, "kv_num_heads");
  expectGroups(call, q.heads, k.heads);
  return [
    tensorFact(call.type(0), [q.batch, q.length, productOf([q.heads, v.size])]),
    tensorFact(call.optional(3)?.type ?? call.type(0), [q.batch, k.heads, k.size, v.size]),
  ];
};

/** The state is what the kernel, of `w` [channels, 1, k], still sees: k - 1 elements. */
const causalConvWithState: InferenceRule = (call) => {
  const [x, w] = [call.shape(0), call.shape(1)];
  if (x !== null && x.length !== 3)
    throw call.fault(`the input is to be [batch, channels, length], and is ${describeShape(x)}`);
  const kernel = w?.[2] ?? null;
  const kept = typeof kernel === "number" ? kernel - 1 : null;
  return [
    tensorFact(call.type(0), x),
    tensorFact(call.type(0), [x?.[0] ?? null, x?.[1] ?? null, kept]),
  ];
};

export const ATTENTION: Record<string, InferenceRule> = {
  Attention: attention,
  "ai.onnx.preview.FlexAttention": flexAttention,
  LinearAttention: linearAttention,
  CausalConvWithState: causalConvWithState,
  RotaryEmbedding: (call) => {
    headsOf(call, 0, "num_heads");
    return tensorFact(call.type(0), call.shape(0));
  },
};
