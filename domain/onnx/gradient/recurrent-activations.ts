import type { GraphBuilder } from "../graph-builder.ts";
import { attributeOf } from "../node.ts";
import type { Node } from "../model.ts";
import { scalarLike } from "./emit.ts";

export type Activate = (b: GraphBuilder, x: string) => string;

type Kind = {
  of: (b: GraphBuilder, x: string, alpha: number, beta: number) => string;
  /** Defaults, for those that take a parameter. */
  alpha?: number;
  beta?: number;
};

const scaled = (b: GraphBuilder, x: string, factor: number): string =>
  factor === 1 ? x : b.node("Mul", [x, scalarLike(b, x, factor)]);

const plain = (opType: string): Kind => ({ of: (b, x) => b.node(opType, [x]) });

const KINDS: Readonly<Record<string, Kind>> = {
  relu: plain("Relu"),
  tanh: plain("Tanh"),
  sigmoid: plain("Sigmoid"),
  softsign: plain("Softsign"),
  softplus: plain("Softplus"),
  leakyrelu: { of: (b, x, alpha) => b.node("LeakyRelu", [x], { alpha }), alpha: 0.01 },
  thresholdedrelu: { of: (b, x, alpha) => b.node("ThresholdedRelu", [x], { alpha }), alpha: 1 },
  elu: { of: (b, x, alpha) => b.node("Elu", [x], { alpha }), alpha: 1 },
  hardsigmoid: {
    of: (b, x, alpha, beta) => b.node("HardSigmoid", [x], { alpha, beta }),
    alpha: 0.2,
    beta: 0.5,
  },
  affine: {
    of: (b, x, alpha, beta) => b.node("Add", [scaled(b, x, alpha), scalarLike(b, x, beta)]),
    alpha: 1,
    beta: 0,
  },
  scaledtanh: {
    of: (b, x, alpha, beta) => scaled(b, b.node("Tanh", [scaled(b, x, beta)]), alpha),
    alpha: 1,
    beta: 1,
  },
};

/**
 * The activations of a recurrent node, those of every direction one after another; undefined where one is unknown. The lists of alphas and betas
 * hold a number only for the activations that take one, in their order.
 */
export function activationsOf(node: Node, defaults: readonly string[]): Activate[] | undefined {
  const alphas = [...(attributeOf(node, "activation_alpha", "floats") ?? [])];
  const betas = [...(attributeOf(node, "activation_beta", "floats") ?? [])];
  const found = namesOf(node, defaults).map((name): Activate | undefined => {
    const kind = KINDS[name];
    if (kind === undefined) return undefined;
    const alpha = kind.alpha === undefined ? 0 : (alphas.shift() ?? kind.alpha);
    const beta = kind.beta === undefined ? 0 : (betas.shift() ?? kind.beta);
    return (b, x) => kind.of(b, x, alpha, beta);
  });
  const known = found.filter((activate) => activate !== undefined);
  return known.length === found.length ? known : undefined;
}

/** Whether every activation is the operator's own. */
export const hasDefaultActivations = (node: Node, defaults: readonly string[]): boolean =>
  namesOf(node, defaults).every((name, index) => name === defaults[index]?.toLowerCase());

const namesOf = (node: Node, defaults: readonly string[]): string[] =>
  (attributeOf(node, "activations", "strings") ?? defaults).map((name) => name.toLowerCase());
