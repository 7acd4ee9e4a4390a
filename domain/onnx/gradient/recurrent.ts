import { throughExpansion } from "./expand.ts";
import type { GradientRule } from "./gradient-call.ts";
import { expandRecurrent } from "./recurrent-layer.ts";

export const RECURRENT: Record<string, GradientRule> = {
  RNN: throughExpansion(expandRecurrent),
  GRU: throughExpansion(expandRecurrent),
  LSTM: throughExpansion(expandRecurrent),
};
