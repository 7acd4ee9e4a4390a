import type { InputProblem } from "../tensors/input-problem.ts";

/**
 * Why an inference request was refused, beyond what is wrong with one input: the body is not the
 * protocol's (`path` leads into its JSON, such as `inputs[0].shape`), or an output does not exist.
 */
export type ProtocolProblem =
  | InputProblem
  | { code: "request_malformed"; path: string; expected: string; found: string }
  | { code: "output_unknown"; output: string; expected: string; found: string };
