import { broadcast } from "./broadcast.ts";
import { tensorFact } from "./fact.ts";
import type { InferenceRule } from "./inference-call.ts";

/** Type and shape of the first input. */
const same: InferenceRule = (call) => tensorFact(call.type(0), call.shape(0));

/** All inputs broadcast; the type of the first. */
const broadcasting: InferenceRule = (call) =>
  tensorFact(
    call.type(0),
    broadcast(
      call,
      call.inputs.map((_, index) => call.shape(index)),
    ),
  );

const comparing: InferenceRule = (call) =>
  tensorFact("bool", broadcast(call, [call.shape(0), call.shape(1)]));

export const ELEMENTWISE: Record<string, InferenceRule> = {
  Add: broadcasting,
  Sub: broadcasting,
  Mul: broadcasting,
  Div: broadcasting,
  Sum: broadcasting,
  Neg: same,
  Exp: same,
  Relu: same,
  Identity: (call) => call.inputs[0] ?? call.tensor(0),
  Equal: comparing,
};
