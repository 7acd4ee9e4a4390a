import { unbroadcast } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";

/** Gives each input of a broadcasting operator what `of` computes for it, summed where it was repeated. */
const broadcasting =
  (of: (call: GradientCall, index: number) => string): GradientRule =>
  (call) => {
    for (const index of call.node.inputs.keys())
      if (call.wants(index))
        call.give(index, unbroadcast(call.b, of(call, index), call.input(index)));
  };

export const ELEMENTWISE: Record<string, GradientRule> = {
  Identity: (call) => call.give(0, call.dy),
  Add: broadcasting((call) => call.dy),
  Sub: broadcasting((call, index) => (index === 0 ? call.dy : call.b.node("Neg", [call.dy]))),
  Mul: broadcasting((call, index) => call.b.node("Mul", [call.dy, call.input(1 - index)])),
  Neg: (call) => call.give(0, call.b.node("Neg", [call.dy])),
  Exp: (call) => call.give(0, call.b.node("Mul", [call.dy, call.output()])),
  Relu: (call) => {
    const isPositive = call.b.node("Cast", [call.b.node("Sign", [call.output()])], { to: 1 });
    call.give(0, call.b.node("Mul", [call.dy, isPositive]));
  },
};
