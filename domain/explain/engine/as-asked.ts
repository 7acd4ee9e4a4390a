import { ExplainFault } from "../explain-fault.ts";
import { METHOD_OPTIONS } from "../explain-request.ts";
import type { Task } from "./task.ts";

/** What the explainers call otherwise than a request does. */
const ASKED_AS: Readonly<Record<string, string>> = {
  segmenter: "options.segments.kind",
  segments: "options.segments.count",
  fill: "options.segments.fill",
  categorical: "inputs",
  ranges: "inputs",
};

/** Runs `work`, whose faults name options as explainers do, and names them as the request has them. */
export async function asAsked<T>({ request }: Task, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ExplainFault)) throw error;
    const { code, message, field = "" } = error.problem;
    const options: readonly string[] = METHOD_OPTIONS[request.method];
    const isOption = options.includes(field.split(".")[0] ?? "");
    // These may name an input of the model, which can be called like an option.
    const isInput = code === "gradient_missing" || (code === "value_invalid" && field !== "link");
    const asked = isInput
      ? undefined
      : (ASKED_AS[field] ?? (isOption ? `options.${field}` : undefined));
    throw asked === undefined ? error : new ExplainFault(code, message, asked);
  }
}
