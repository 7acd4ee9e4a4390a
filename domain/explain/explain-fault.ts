import { brief } from "../onnx/onnx-fault.ts";

/** What an explanation can be refused for. */
export type ExplainFaultCode =
  /** An option that is not known, out of range, or does not go with another. */
  | "option_invalid"
  /** A feature, group or segment that the model does not have. */
  | "feature_unknown"
  /** A value that cannot be explained: NaN, infinite, or of another type. */
  | "value_invalid"
  /** An output, class or layer that the model does not have. */
  | "target_unknown"
  /** The method needs rows to compare with, and there are none. */
  | "background_missing"
  /** The method does not apply to this model: no trees, no convolution, no attention. */
  | "method_unsupported"
  /** No gradient leads from the target to the input. */
  | "gradient_missing"
  | "cancelled";

export type ExplainProblem = { code: ExplainFaultCode; message: string; field?: string };

/** What is at fault where a function cannot know what the caller calls it. */
const FIELD_OF: Partial<Record<ExplainFaultCode, string>> = {
  value_invalid: "inputs",
  target_unknown: "target",
  background_missing: "background",
  method_unsupported: "method",
  gradient_missing: "method",
};

/** Thrown by every function of this folder for what a caller can cause; anything else is a bug. */
export class ExplainFault extends Error {
  readonly problem: ExplainProblem;

  /** `field` is the option or input at fault, as the caller named it; most codes have one of their own. */
  constructor(code: ExplainFaultCode, message: string, field = FIELD_OF[code]) {
    super(brief(message));
    this.name = "ExplainFault";
    this.problem = { code, message: this.message, ...(field === undefined ? {} : { field }) };
  }
}
