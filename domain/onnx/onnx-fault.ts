import { fail, ok, type Result } from "../result.ts";

/** What the toolkit can refuse a model or a request for. */
export type OnnxFaultCode =
  /** The bytes are not an ONNX file, or contradict themselves. */
  | "malformed"
  /** Over a limit on size, depth or number of parts. */
  | "too_large"
  /** The weights lie in other files. */
  | "external_data"
  /** Well-formed, but against the rules of ONNX: a name twice, a type that an operator does not take. */
  | "invalid"
  /** Valid, but outside what the toolkit covers. */
  | "unsupported"
  /** What was asked for does not fit the model: a tensor or an option that is not there. */
  | "bad_request"
  /** Whoever asked does not want the answer any more. */
  | "cancelled";

/** Where in the model the fault lies, as far as it is known. */
export type OnnxPlace = { node?: string; operator?: string; tensor?: string };

export type OnnxProblem = OnnxPlace & { code: OnnxFaultCode; message: string };

const LONGEST_MESSAGE = 500;

/** Names and lists of a file may be as long as the file; a message is not. */
export const brief = (message: string): string =>
  message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`;

/**
 * Thrown by every function of the toolkit for what a caller can cause; `attempt` makes a `Result`
 * of it at the border. Two hundred operator rules that hand a `Result` to each other would hide
 * what they compute.
 */
export class OnnxFault extends Error {
  readonly problem: OnnxProblem;

  constructor(
    code: OnnxFaultCode,
    message: string,
    place: OnnxPlace = {},
    options: { cause?: unknown } = {},
  ) {
    super(brief(message), options);
    this.name = "OnnxFault";
    this.problem = { code, message: this.message, ...place };
  }
}

/** The result of `work`, or the fault that it met. Anything else that it throws is a bug and passes. */
export function attempt<T>(work: () => T): Result<T, OnnxProblem> {
  try {
    return ok(work());
  } catch (error) {
    if (error instanceof OnnxFault) return fail(error.problem);
    throw error;
  }
}

/** `attempt` for work that waits. */
export async function attemptAsync<T>(work: () => Promise<T>): Promise<Result<T, OnnxProblem>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof OnnxFault) return fail(error.problem);
    throw error;
  }
}
