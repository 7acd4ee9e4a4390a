import { regularizedGamma } from "../../statistics/gamma.ts";
import { normalCdf } from "../../statistics/normal.ts";
import { floatOf, stringOf } from "../node.ts";
import type { InterpreterCall } from "./interpreter-call.ts";

export type Unary = (x: number) => number;

/** The error function; from 6.5 on it is 1 to the last bit. */
export function erf(x: number): number {
  if (Math.abs(x) > 6.5) return Math.sign(x);
  return x === 0 || Number.isNaN(x) ? x : Math.sign(x) * regularizedGamma(0.5, x * x).lower;
}

export const sigmoid: Unary = (x) => 1 / (1 + Math.exp(-x));
export const softplus: Unary = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const elu = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x));
const clamped = (x: number): number => Math.min(1, Math.max(0, x));

const geluOfTanh: Unary = (x) =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** Activations that depend on attributes of their node. */
export const ACTIVATIONS: Record<string, (call: InterpreterCall) => Unary> = {
  Celu: ({ node }) => {
    const alpha = floatOf(node, "alpha", 1);
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
  },
  Elu: ({ node }) => {
    const alpha = floatOf(node, "alpha", 1);
    return (x) => elu(x, alpha);
  },
  Gelu: (call) => {
    const approximate = stringOf(call.node, "approximate", "none");
    if (approximate === "tanh") return geluOfTanh;
    if (approximate === "none") return (x) => x * normalCdf(x);
    throw call.fault(`'approximate' is '${approximate}', and is to be none or tanh`);
  },
  HardSigmoid: ({ node }) => {
    const alpha = floatOf(node, "alpha", 0.2);
    const beta = floatOf(node, "beta", 0.5);
    return (x) => clamped(alpha * x + beta);
  },
  HardSwish: () => (x) => x * clamped(x / 6 + 0.5),
  LeakyRelu: ({ node }) => {
    const alpha = floatOf(node, "alpha", 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  },
  Mish: () => (x) => x * Math.tanh(softplus(x)),
  Selu: ({ node }) => {
    const alpha = floatOf(node, "alpha", 1.67326319217681884765625);
    const gamma = floatOf(node, "gamma", 1.05070102214813232421875);
    return (x) => gamma * elu(x, alpha);
  },
  Shrink: ({ node }) => {
    const threshold = floatOf(node, "lambd", 0.5);
    const bias = floatOf(node, "bias", 0);
    return (x) => {
      if (x < -threshold) return x + bias;
      return x > threshold ? x - bias : 0;
    };
  },
  Swish: ({ node }) => {
    const alpha = floatOf(node, "alpha", 1);
    return (x) => x * sigmoid(alpha * x);
  },
  ThresholdedRelu: ({ node }) => {
    const alpha = floatOf(node, "alpha", 1);
    return (x) => (x > alpha ? x : 0);
  },
};
