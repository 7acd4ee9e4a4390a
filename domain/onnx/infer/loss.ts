import { stringOf } from "../node.ts";
import { tensorFact, type TensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";

const REDUCTIONS = ["none", "sum", "mean"];

/** One loss for each label, or one over all. */
function lossFact(call: InferenceCall): TensorFact {
  const reduction = stringOf(call.node, "reduction", "mean");
  if (!REDUCTIONS.includes(reduction))
    throw call.fault(`'reduction' is '${reduction}', and is to be none, sum or mean`);
  const [scores, labels] = [call.shape(0), call.shape(1)];
  if (scores !== null && labels !== null && scores.length !== labels.length + 1)
    throw call.fault(
      `the scores have rank ${scores.length} and the labels ${labels.length}, one less is expected`,
    );
  return tensorFact(call.type(0), reduction === "none" ? labels : []);
}

export const LOSS: Record<string, InferenceRule> = {
  SoftmaxCrossEntropyLoss: (call) => [lossFact(call), tensorFact(call.type(0), call.shape(0))],
  NegativeLogLikelihoodLoss: lossFact,
};
