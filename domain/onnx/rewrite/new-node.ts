import { attributesOf, type AttributeLiterals } from "../attribute-literals.ts";
import type { Node } from "../model.ts";

/** A node of ONNX's own operators. */
export const newNode = (
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: AttributeLiterals = {},
  name?: string,
): Node => ({
  opType,
  inputs,
  outputs,
  attributes: attributesOf(attributes),
  ...(name === undefined ? {} : { name }),
});
