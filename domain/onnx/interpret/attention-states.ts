import { range } from "../axes.ts";
import { floatOf, intOf, stringOf } from "../node.ts";
import { sigmoid } from "./activations.ts";
import { filled, indexOf, positionOf, type Numbers } from "./array.ts";
import { elementAt, heads, packed } from "./heads.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";

/** The attribute, the first choice where it is left out; throws for another. */
function oneOf(
  call: InterpreterCall,
  name: string,
  choices: readonly [string, ...string[]],
): string {
  const given = stringOf(call.node, name, choices[0]);
  if (choices.includes(given)) return given;
  throw call.fault(`'${name}' is to be one of ${choices.join(", ")}`);
}

/** exp(decay) of a head and a key's element; 1 where the rule has none. It is given for each of them, or for each head. */
function decayOf(call: InterpreterCall, count: number, size: number, hasDecay: boolean) {
  const decay = call.optional(4);
  if (!hasDecay) return () => 1;
  if (decay === undefined) throw call.fault("the update rule asks for a decay, input 4");
  const isPerHead = (decay.dims[2] ?? 0) === count;
  return (b: number, t: number, h: number, d: number): number =>
    Math.exp(elementAt(decay, b, t, isPerHead ? h : h * size + d));
}

/** The update rate of a head, 1 where the rule has none; given for each head or for all. */
function rateOf(call: InterpreterCall, hasRate: boolean) {
  const rate = call.optional(5);
  if (!hasRate) return () => 1;
  if (rate === undefined) throw call.fault("the update rule asks for a rate, input 5");
  return (b: number, t: number, h: number): number =>
    elementAt(rate, b, t, rate.dims[2] === 1 ? 0 : h);
}

/**
 * A state of [key size, value size] for each head decays, takes the outer product of key and value
 * (for the delta rules of key and what the state does not say of it yet) and answers the query.
 */
export const linearAttention: InterpreterRule = (call) => {
  const { node } = call;
  const rule = oneOf(call, "update_rule", ["gated_delta", "linear", "gated", "delta"]);
  const count = intOf(node, "kv_num_heads", 1);
  const q = heads(call.numbers(0), intOf(node, "q_num_heads", 1));
  const [k, v] = [heads(call.numbers(1), count), heads(call.numbers(2), count)];
  const [batch = 0, queryHeads = 0, length = 0, keySize = 0] = q.dims;
  const [, , , valueSize = 0] = v.dims;
  const scale = floatOf(node, "scale", 0) || 1 / Math.sqrt(keySize);
  const decay = decayOf(call, count, keySize, rule.startsWith("gated"));
  const rate = rateOf(call, rule.endsWith("delta"));
  const past = call.optional(3);
  const dims = [batch, count, keySize, valueSize];
  const state = past ? { ...past, data: past.data.slice() } : filled(q.type, dims, () => 0);
  const step = (b: number, t: number, h: number): void => {
    for (const e of range(valueSize)) {
      const column = range(keySize).map((d) => indexOf([b, h, d, e], dims));
      for (const [d, index] of column.entries())
        state.data[index] = (state.data[index] ?? 0) * decay(b, t, h, d);
      const known = rule.endsWith("delta")
        ? column.reduce(
            (sum, index, d) => sum + (state.data[index] ?? 0) * elementAt(k, b, h, t, d),
            0,
          )
        : 0;
      const change = rate(b, t, h) * (elementAt(v, b, h, t, e) - known);
      for (const [d, index] of column.entries())
        state.data[index] = (state.data[index] ?? 0) + elementAt(k, b, h, t, d) * change;
    }
  };
  const answer = (b: number, h: number, t: number, e: number): number => {
    const shared = Math.floor((h * count) / queryHeads);
    const terms = range(keySize).map(
      (d) => elementAt(q, b, h, t, d) * elementAt(state, b, shared, d, e),
    );
    return terms.reduce((sum, term) => sum + term, 0);
  };
  const answers = filled(q.type, [batch, queryHeads, length, valueSize], () => 0);
  for (const t of range(length)) {
    for (const b of range(batch)) for (const h of range(count)) step(b, t, h);
    for (const index of answers.data.keys()) {
      const [b = 0, h = 0, i = 0, e = 0] = positionOf(index, answers.dims);
      if (i === t) answers.data[index] = scale * answer(b, h, t, e);
    }
  }
  return [packed(answers), state];
};

/** Each channel with a kernel of its own, over what came before and the input; zeros came before, unless a state is given. */
export const causalConvWithState: InterpreterRule = (call) => {
  const [x, w, bias, past] = [call.numbers(0), call.numbers(1), call.optional(2), call.optional(3)];
  const [batch = 0, channels = 0, length = 0] = x.dims;
  const kept = (w.dims[2] ?? 1) - 1;
  const isActivated = oneOf(call, "activation", ["none", "silu", "swish"]) !== "none";
  const seen = (b: number, c: number, at: number): number => {
    if (at >= kept) return elementAt(x, b, c, at - kept);
    return past ? elementAt(past, b, c, at) : 0;
  };
  const y = filled(x.type, x.dims, (index) => {
    const [b = 0, c = 0, i = 0] = positionOf(index, x.dims);
    const sum = range(kept + 1).reduce(
      (total, tap) => total + elementAt(w, c, 0, tap) * seen(b, c, i + tap),
      bias?.data[c] ?? 0,
    );
    return isActivated ? sum * sigmoid(sum) : sum;
  });
  const dims = [batch, channels, kept];
  const state: Numbers = filled(x.type, dims, (index) => {
    const [b = 0, c = 0, at = 0] = positionOf(index, dims);
    return seen(b, c, length + at);
  });
  return [y, state];
};
