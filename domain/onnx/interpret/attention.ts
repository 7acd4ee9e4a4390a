import { ONNX_TYPES } from "../model.ts";
import { attributeOf, floatOf, graphOf, intOf } from "../node.ts";
import { causalConvWithState, linearAttention } from "./attention-states.ts";
import { filled, isNumbers, numbers, positionOf, type Numbers } from "./array.ts";
import { elementAt as at, heads, joined, packed, type Heads } from "./heads.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { alongAxes, softmax } from "./reduction.ts";

/** The head of keys and values that a head of queries shares with its neighbours. */
const sharedHead = (head: number, queries: Numbers, keys: Numbers): number =>
  Math.floor((head * (keys.dims[1] ?? 1)) / (queries.dims[1] ?? 1));

/** scale * q · k for every query and key, [batch, heads, queries, keys]. */
function scoresOf(type: Numbers["type"], q: Numbers, k: Numbers, scale: number): Numbers {
  const [batch = 0, count = 0, queries = 0, size = 0] = q.dims;
  const dims = [batch, count, queries, k.dims[2] ?? 0];
  return filled(type, dims, (index) => {
    const [b = 0, h = 0, i = 0, j = 0] = positionOf(index, dims);
    let sum = 0;
    for (let d = 0; d < size; d += 1)
      sum += at(q, b, h, i, d) * at(k, b, sharedHead(h, q, k), j, d);
    return sum * scale;
  });
}

/** The values weighted by the probabilities [batch, heads, queries, keys]. One of no weight counts as nothing, be it NaN. */
function weighted(type: Numbers["type"], probabilities: Numbers, v: Numbers): Numbers {
  const [batch = 0, count = 0, queries = 0, keys = 0] = probabilities.dims;
  const dims = [batch, count, queries, v.dims[3] ?? 0];
  return filled(type, dims, (index) => {
    const [b = 0, h = 0, i = 0, d = 0] = positionOf(index, dims);
    let sum = 0;
    for (let j = 0; j < keys; j += 1) {
      const weight = at(probabilities, b, h, i, j);
      if (weight !== 0) sum += weight * at(v, b, sharedHead(h, probabilities, v), j, d);
    }
    return sum;
  });
}

/** Where every key is ruled out there is no probability. */
const probabilitiesOf = (scores: Numbers): Numbers =>
  alongAxes(scores, [3], (line) =>
    line.every((score) => score === -Infinity) ? line.map(() => 0) : softmax(line),
  );

const scaleOf = (call: InterpreterCall, q: Numbers): number =>
  attributeOf(call.node, "scale", "float") ?? 1 / Math.sqrt(q.dims[3] ?? 1);

/** What the mask adds to a score: it broadcasts; keys beyond its end are ruled out. */
function maskAt(mask: Numbers | undefined, position: readonly number[]): number {
  if (mask === undefined) return 0;
  const { dims } = mask;
  const own = position
    .slice(position.length - dims.length)
    .map((index, axis) => (dims[axis] === 1 ? 0 : index));
  if ((own.at(-1) ?? 0) >= (dims.at(-1) ?? 0)) return -Infinity;
  const value = at(mask, ...own);
  if (mask.type !== "bool") return value;
  return value === 0 ? -Infinity : 0;
}

/** Whether a query may see a key: not one behind the padding, after itself or outside its window. */
function visibility(call: InterpreterCall, queries: number, past: number) {
  const { node } = call;
  const isCausal = intOf(node, "is_causal", 0) === 1;
  const [left, right] = [intOf(node, "left_window_size", -1), intOf(node, "right_window_size", -1)];
  const lengths = call.optional(6)?.data;
  return (batch: number, query: number, key: number): boolean => {
    const length = lengths?.[batch];
    const position = query + (length === undefined ? past : length - queries);
    if (length !== undefined && key >= length) return false;
    if (isCausal && key > position) return false;
    if (left >= 0 && key < position - left) return false;
    return right < 0 || key <= position + right;
  };
}

const attention: InterpreterRule = (call) => {
  const { node } = call;
  const q = heads(call.numbers(0), intOf(node, "q_num_heads"));
  const [newKeys, newValues] = [1, 2].map((index) =>
    heads(call.numbers(index), intOf(node, "kv_num_heads")),
  ) as [Heads, Heads];
  const [pastKeys, pastValues] = [call.optional(4), call.optional(5)];
  const k = pastKeys ? joined(pastKeys, newKeys) : newKeys;
  const v = pastValues ? joined(pastValues, newValues) : newValues;
  const cap = floatOf(node, "softcap", 0);
  const mask = call.optional(3);
  const sees = visibility(call, q.dims[2] ?? 0, pastKeys?.dims[2] ?? 0);

  const raw = scoresOf(q.type, q, k, scaleOf(call, q));
  const capped =
    cap === 0 ? raw : { ...raw, data: raw.data.map((score) => cap * Math.tanh(score / cap)) };
  const masked = filled(raw.type, raw.dims, (index) => {
    const position = positionOf(index, raw.dims);
    const [b = 0, , i = 0, j = 0] = position;
    return sees(b, i, j) ? (capped.data[index] ?? 0) + maskAt(mask, position) : -Infinity;
  });
  const probabilities = probabilitiesOf(masked);
  const y = weighted(q.type, probabilities, v);
  const stages = [raw, capped, masked, probabilities];
  const stage = stages[intOf(node, "qk_matmul_output_mode", 0)];
  if (stage === undefined) throw call.fault("'qk_matmul_output_mode' is to be 0, 1, 2 or 3");
  return [call.numbers(0).dims.length === 3 ? packed(y) : y, k, v, stage];
};

/** The modifiers are sub-graphs from scores to scores and from probabilities to probabilities. */
const flexAttention: InterpreterRule = (call) => {
  const { node } = call;
  const [q, k, v] = [call.numbers(0), call.numbers(1), call.numbers(2)];
  const code = intOf(node, "softmax_precision", q.type === "float64" ? 11 : 1);
  const modified = (name: string, x: Numbers): Numbers => {
    if (attributeOf(node, name, "graph") === undefined) return x;
    const [result] = call.run(graphOf(node, name), [x]);
    if (result && isNumbers(result)) return result;
    throw call.fault(`'${name}' gives no tensor of numbers`);
  };
  const scores = scoresOf(ONNX_TYPES[code] as Numbers["type"], q, k, scaleOf(call, q));
  const probabilities = probabilitiesOf(modified("score_mod", scores));
  return weighted(q.type, modified("prob_mod", probabilities), v);
};

/**
 * Pairs of elements of each head, neighbours or halves apart, are turned by the angle of their
 * position, whose cosines and sines are given. Elements beyond `rotary_embedding_dim` stay.
 */
const rotaryEmbedding: InterpreterRule = (call) => {
  const { node } = call;
  const input = call.numbers(0);
  const x = heads(input, intOf(node, "num_heads"));
  const [cosines, sines, positions] = [call.numbers(1), call.numbers(2), call.optional(3)];
  const size = x.dims[3] ?? 0;
  const turned = intOf(node, "rotary_embedding_dim", 0) || size;
  const half = turned / 2;
  const isInterleaved = intOf(node, "interleaved", 0) === 1;
  const y = filled(x.type, x.dims, (index) => {
    const [b = 0, h = 0, i = 0, d = 0] = positionOf(index, x.dims);
    if (d >= turned) return x.data[index] ?? 0;
    const pair = isInterleaved ? Math.floor(d / 2) : d % half;
    const isSecond = isInterleaved ? d % 2 === 1 : d >= half;
    const [first, second] = isInterleaved ? [2 * pair, 2 * pair + 1] : [pair, pair + half];
    const row = positions ? [at(positions, b, i)] : [b, i];
    const [cosine, sine] = [at(cosines, ...row, pair), at(sines, ...row, pair)];
    const [a, z] = [at(x, b, h, i, first), at(x, b, h, i, second)];
    return isSecond ? sine * a + cosine * z : cosine * a - sine * z;
  });
  return input.dims.length === 3 ? packed(y) : numbers(y.type, input.dims, y.data);
};

export const ATTENTION: Record<string, InterpreterRule> = {
  Attention: attention,
  "ai.onnx.preview.FlexAttention": flexAttention,
  LinearAttention: linearAttention,
  CausalConvWithState: causalConvWithState,
  RotaryEmbedding: rotaryEmbedding,
};
