import type { Attributes } from "../experiments/condition.ts";
import { fail, ok, type Result } from "../result.ts";

export type ContextProblem = {
  code: "INVALID_CONTEXT" | "TARGETING_KEY_MISSING";
  detail: string;
};
export type EvaluationUnit = { targeting_key: string; attributes: Attributes };

/** As long as a user's id may be elsewhere, and no character that would not come back as it went. */
const TARGETING_KEY = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

/**
 * Reads an OpenFeature evaluation context. Its attributes are the members that a condition can be
 * about: strings, numbers, booleans and lists of strings, the targeting key too. A context may
 * hold anything else, and objects in objects; no condition can match those, so they are left out.
 */
export function readContext(context: unknown): Result<EvaluationUnit, ContextProblem> {
  if (!isObject(context)) return invalid(`context: expected an object, found ${kindOf(context)}`);
  const { targetingKey } = context;
  if (targetingKey === undefined || targetingKey === null || targetingKey === "")
    return fail({
      code: "TARGETING_KEY_MISSING",
      detail: "context.targetingKey: expected what is the same for every request of a user",
    });
  if (typeof targetingKey !== "string")
    return invalid(`context.targetingKey: expected a string, found ${kindOf(targetingKey)}`);
  if (!TARGETING_KEY.test(targetingKey))
    return invalid(
      "context.targetingKey: expected at most 256 characters, none of them a control character",
    );
  // Not by assignment: an attribute may be named `__proto__`.
  const attributes: Attributes = Object.fromEntries(
    Object.entries(context).filter((entry): entry is [string, Attributes[string]] =>
      isAttribute(entry[1]),
    ),
  );
  return ok({ targeting_key: targetingKey, attributes });
}

const invalid = (detail: string): Result<never, ContextProblem> =>
  fail({ code: "INVALID_CONTEXT", detail });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON can write a number that no double can hold, which is read as infinite. */
const isAttribute = (value: unknown): value is Attributes[string] =>
  typeof value === "string" ||
  typeof value === "boolean" ||
  (typeof value === "number" && Number.isFinite(value)) ||
  (Array.isArray(value) && value.every((part) => typeof part === "string"));

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
