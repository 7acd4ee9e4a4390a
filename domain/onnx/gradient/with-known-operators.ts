import { convertOpset } from "../convert-opset.ts";
import type { Model } from "../model.ts";
import { opsetOf } from "../node.ts";
import { inlineFunctions } from "../rewrite/inline-functions.ts";

/** From here on reductions take their axes as inputs, as the gradient rules expect. */
const FIRST_OPSET = 18;

/** The model in operators that gradient rules are written for: functions inlined, and of opset 18 or later. */
export function withKnownOperators(model: Model): Model {
  const inlined = inlineFunctions(model);
  return opsetOf(inlined) < FIRST_OPSET ? convertOpset(inlined, FIRST_OPSET) : inlined;
}
