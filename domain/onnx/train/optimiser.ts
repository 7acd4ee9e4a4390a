import type { GraphBuilder } from "../graph-builder.ts";
import { OnnxFault } from "../onnx-fault.ts";

/**
 * How parameters follow their gradient, with PyTorch's names and defaults. `weight_decay` is added to the gradient
 * (L2), except in `adamw`, where it shrinks the weights beside it (Loshchilov & Hutter 2019). Biases and the
 * parameters of normalisations are not decayed.
 */
export type Optimiser =
  | { kind: "sgd"; weight_decay?: number }
  | {
      kind: "momentum";
      momentum?: number;
      dampening?: number;
      nesterov?: boolean;
      weight_decay?: number;
    }
  | {
      kind: "adam" | "adamw";
      beta1?: number;
      beta2?: number;
      epsilon?: number;
      weight_decay?: number;
    };

/** The vectors that an optimiser carries from step to step, each as long as the parameters, all 0 at first. */
export const STATES: Readonly<Record<Optimiser["kind"], readonly string[]>> = {
  sgd: [],
  momentum: ["velocity"],
  adam: ["first_moment", "second_moment"],
  adamw: ["first_moment", "second_moment"],
};

/**
 * What an optimiser needs to be told of each step (1 for the first). Adam's averages begin at 0, which is undone by
 * dividing by 1 - beta^step (Kingma & Ba 2015): too close to 0 for float32, so that it is not left to the graph.
 * Momentum takes the first gradient whole and dampens those after it.
 */
export function stepScalars(optimiser: Optimiser, step: number): Record<string, number> {
  if (optimiser.kind === "momentum" && optimiser.dampening)
    return { share: step === 1 ? 1 : 1 - optimiser.dampening };
  if (optimiser.kind !== "adam" && optimiser.kind !== "adamw") return {};
  const { beta1 = 0.9, beta2 = 0.999 } = optimiser;
  return {
    first_correction: 1 / (1 - beta1 ** step),
    second_correction: 1 / (1 - beta2 ** step),
  };
}

export type Update = {
  /** The parameters, their gradient, and a vector of 1 where weights decay and 0 where not. */
  parameters: string;
  gradient: string;
  decays: string;
  learningRate: string;
  /** The scalars of `stepScalars`, by name. */
  scalars: Readonly<Record<string, string>>;
  /** The state of the last step, by name. */
  state: Readonly<Record<string, string>>;
};

/** Adds an optimiser's step to a graph and answers with the new parameters and the new state. */
export function addOptimiser(
  b: GraphBuilder,
  optimiser: Optimiser,
  update: Update,
): { parameters: string; state: Record<string, string> } {
  const mul = (x: string, y: string): string => b.node("Mul", [x, y]);
  const add = (x: string, y: string): string => b.node("Add", [x, y]);
  const sub = (x: string, y: string): string => b.node("Sub", [x, y]);
  const { parameters, learningRate, state } = update;
  const decay = optimiser.weight_decay ?? (optimiser.kind === "adamw" ? 0.01 : 0);
  if (!(decay >= 0))
    throw new OnnxFault("bad_request", "optimiser.weight_decay has to be at least 0");
  const decayed = decay === 0 ? undefined : mul(mul(parameters, update.decays), b.scalar(decay));
  const isDecoupled = optimiser.kind === "adamw";
  const gradient =
    decayed === undefined || isDecoupled ? update.gradient : add(update.gradient, decayed);

  if (optimiser.kind === "sgd")
    return { parameters: sub(parameters, mul(learningRate, gradient)), state: {} };

  if (optimiser.kind === "momentum") {
    const { momentum = 0.9, dampening = 0, nesterov = false } = optimiser;
    shares({ momentum, dampening });
    const fresh = dampening === 0 ? gradient : mul(gradient, update.scalars["share"] ?? "");
    const velocity = add(mul(state["velocity"] ?? "", b.scalar(momentum)), fresh);
    const direction = nesterov ? add(gradient, mul(velocity, b.scalar(momentum))) : velocity;
    return { parameters: sub(parameters, mul(learningRate, direction)), state: { velocity } };
  }

  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = optimiser;
  shares({ beta1, beta2 });
  const averaged = (name: string, beta: number, value: string): string =>
    add(mul(state[name] ?? "", b.scalar(beta)), mul(value, b.scalar(1 - beta)));
  const first_moment = averaged("first_moment", beta1, gradient);
  const second_moment = averaged("second_moment", beta2, mul(gradient, gradient));
  const unbiased = (moment: string, correction: string): string =>
    mul(moment, update.scalars[correction] ?? "");
  const root = b.node("Sqrt", [unbiased(second_moment, "second_correction")]);
  const direction = b.node("Div", [
    unbiased(first_moment, "first_correction"),
    add(root, b.scalar(epsilon)),
  ]);
  const whole = isDecoupled && decayed !== undefined ? add(direction, decayed) : direction;
  return {
    parameters: sub(parameters, mul(learningRate, whole)),
    state: { first_moment, second_moment },
  };
}

/** The gradient, shortened to the length `limit` where it is longer (Pascanu et al. 2013). */
export function clipNorm(b: GraphBuilder, gradient: string, limit: number): string {
  if (!(limit > 0)) throw new OnnxFault("bad_request", "clip_norm has to be above 0");
  const norm = b.node("ReduceL2", [gradient], { keepdims: 0 });
  // A norm of 0 leaves the gradient as it is: the larger of norm and limit is divided by.
  const longer = b.node("Max", [norm, b.scalar(limit)]);
  return b.node("Mul", [gradient, b.node("Div", [b.scalar(limit), longer])]);
}

function shares(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options))
    if (!(value >= 0 && value < 1))
      throw new OnnxFault("bad_request", `optimiser.${name} has to be at least 0 and below 1`);
}
