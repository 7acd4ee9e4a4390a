import { attributeOf } from "../node.ts";
import type { InterpreterCall } from "./interpreter-call.ts";

export type Activation = (x: number) => number;

type Kind = {
  of: (x: number, alpha: number, beta: number) => number;
  /** Defaults, for those that take a parameter. */
  alpha?: number;
  beta?: number;
};

const KINDS: Readonly<Record<string, Kind>> = {
  relu: { of: (x) => Math.max(0, x) },
  tanh: { of: Math.tanh },
  sigmoid: { of: (x) => 1 / (1 + Math.exp(-x)) },
  softsign: { of: (x) => x / (1 + Math.abs(x)) },
  softplus: { of: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) },
  affine: { of: (x, alpha, beta) => alpha * x + beta, alpha: 1, beta: 0 },
  leakyrelu: { of: (x, alpha) => (x >= 0 ? x : alpha * x), alpha: 0.01 },
  thresholdedrelu: { of: (x, alpha) => (x > alpha ? x : 0), alpha: 1 },
  elu: { of: (x, alpha) => (x >= 0 ? x : alpha * Math.expm1(x)), alpha: 1 },
  scaledtanh: { of: (x, alpha, beta) => alpha * Math.tanh(beta * x), alpha: 1, beta: 1 },
  hardsigmoid: {
    of: (x, alpha, beta) => Math.min(1, Math.max(0, alpha * x + beta)),
    alpha: 0.2,
    beta: 0.5,
  },
};

/**
 * The activations of a recurrent node, those of every direction one after another. The lists of
 * alphas and betas hold a number only for the activations that take one, in their order.
 */
export function activationsOf(call: InterpreterCall, defaults: readonly string[]): Activation[] {
  const names = attributeOf(call.node, "activations", "strings") ?? defaults;
  const alphas = [...(attributeOf(call.node, "activation_alpha", "floats") ?? [])];
  const betas = [...(attributeOf(call.node, "activation_beta", "floats") ?? [])];
  return names.map((name) => {
    const kind = KINDS[name.toLowerCase()];
    if (kind === undefined) throw call.fault(`there is no activation '${name}'`);
    const alpha = kind.alpha === undefined ? 0 : (alphas.shift() ?? kind.alpha);
    const beta = kind.beta === undefined ? 0 : (betas.shift() ?? kind.beta);
    return (x) => kind.of(x, alpha, beta);
  });
}
