import type { InferenceError } from "../../contract/inference.ts";

const MAX_REASON_LENGTH = 500;

/** Texts of ONNX Runtime 1.30 for an operator, operator version or operator type it lacks. */
const UNSUPPORTED_OPERATOR = [
  /Fatal error: (?<operator>\S+?)\(-?\d+\) is not a registered function\/op/,
  /No Op registered for (?<operator>\S+) with domain_version/,
  /Could not find an implementation for (?<operator>\S+?)\(\d+\) node/,
  /Failed to find kernel for (?<operator>\S+?)\(\d+\) \(node:/,
];
const UNSUPPORTED_OPSET = /Opset (?<opset>\d+) .* support for domain (?<domain>\S+) is till/s;
const OUT_OF_MEMORY = /bad_alloc|Failed to allocate memory|Array buffer allocation failed/;

export const isOutOfMemory = (message: string): boolean => OUT_OF_MEMORY.test(message);

/** Names why a model would not open, from ONNX Runtime's text. */
export function openFailure(message: string): InferenceError {
  const reason = readableReason(message);
  for (const pattern of UNSUPPORTED_OPERATOR) {
    const operator = pattern.exec(message)?.groups?.["operator"];
    if (operator !== undefined) return { code: "model_operator_unsupported", operator, reason };
  }
  const stamped = UNSUPPORTED_OPSET.exec(message)?.groups;
  if (stamped !== undefined) {
    const operator = `${stamped["domain"]} opset ${stamped["opset"]}`;
    return { code: "model_operator_unsupported", operator, reason };
  }
  return { code: "model_invalid", reason };
}

/** ONNX Runtime's text for people: without its build machine's paths and C++ signatures. */
export function readableReason(message: string): string {
  let text = message;
  for (;;) {
    const place = /\/\S+\.(?:cc|h|hpp|cpp):\d+ /.exec(text);
    if (place === null) break;
    const rest = text.slice(place.index + place[0].length);
    text = text.slice(0, place.index) + rest.slice(signatureLength(rest));
  }
  return text.replace(/\s+/g, " ").trim().slice(0, MAX_REASON_LENGTH);
}

/** Length of the C++ function signature that `text` begins with; a space ends it, outside of `()`. */
function signatureLength(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === "(") depth += 1;
    if (text[index] !== ")") continue;
    depth -= 1;
    if (depth === 0 && text[index + 1] === " ") return index + 1;
  }
  return 0;
}
