import { compareSemver, parseSemver } from "./semver.ts";

type Scalar = string | number | boolean;

/** What is known of a unit. */
export type Attributes = Readonly<Record<string, Scalar | readonly string[]>>;

/**
 * Whom an experiment is for. `all` of nothing is true, `any` of nothing false. A comparison is
 * false for an attribute that is missing (so its `not` is true) or of another type: nothing is
 * converted. For a list of strings, `in`, `equals` and `contains` ask whether it has such an entry.
 * Versions are those of Semantic Versioning 2.0.0.
 */
export type Condition =
  { all: readonly Condition[] } | { any: readonly Condition[] } | { not: Condition } | Comparison;

export type Comparison = { attribute: string } & (
  | { in: readonly Scalar[] }
  | { equals: Scalar }
  | { greater_than: number }
  | { at_least: number }
  | { less_than: number }
  | { at_most: number }
  | { starts_with: string }
  | { ends_with: string }
  | { contains: string }
  | { semver_at_least: string }
  | { semver_below: string }
  | { exists: boolean }
);

/** A comparison on its own has depth 1. */
export const DEEPEST_CONDITION = 5;

/** Whether the condition holds. Never throws; what lies deeper than a checked condition can is false. */
export const matches = (condition: Condition, attributes: Attributes): boolean =>
  holds(condition, attributes, DEEPEST_CONDITION);

function holds(condition: Condition, attributes: Attributes, depth: number): boolean {
  if (depth === 0) return false;
  if ("all" in condition) return condition.all.every((part) => holds(part, attributes, depth - 1));
  if ("any" in condition) return condition.any.some((part) => holds(part, attributes, depth - 1));
  if ("not" in condition) return !holds(condition.not, attributes, depth - 1);
  const { attribute } = condition;
  const value = Object.hasOwn(attributes, attribute) ? (attributes[attribute] ?? null) : null;
  if ("exists" in condition) return (value !== null) === condition.exists;
  return value !== null && compares(condition, value);
}

function compares(
  comparison: Exclude<Comparison, { exists: boolean }>,
  value: Scalar | readonly string[],
): boolean {
  if ("in" in comparison) return comparison.in.some((entry) => has(value, entry));
  if ("equals" in comparison) return has(value, comparison.equals);
  if ("contains" in comparison)
    return typeof value === "string"
      ? value.includes(comparison.contains)
      : has(value, comparison.contains);
  if (typeof value === "number") return comparesNumber(comparison, value);
  return typeof value === "string" && comparesText(comparison, value);
}

const has = (value: Scalar | readonly string[], entry: Scalar): boolean =>
  Array.isArray(value) ? value.includes(entry) : value === entry;

function comparesNumber(comparison: Comparison, value: number): boolean {
  if ("greater_than" in comparison) return value > comparison.greater_than;
  if ("at_least" in comparison) return value >= comparison.at_least;
  if ("less_than" in comparison) return value < comparison.less_than;
  return "at_most" in comparison && value <= comparison.at_most;
}

function comparesText(comparison: Comparison, value: string): boolean {
  if ("starts_with" in comparison) return value.startsWith(comparison.starts_with);
  if ("ends_with" in comparison) return value.endsWith(comparison.ends_with);
  if ("semver_at_least" in comparison) {
    const order = versionOrder(value, comparison.semver_at_least);
    return order !== null && order >= 0;
  }
  if (!("semver_below" in comparison)) return false;
  const order = versionOrder(value, comparison.semver_below);
  return order !== null && order < 0;
}

function versionOrder(text: string, other: string): number | null {
  const left = parseSemver(text);
  const right = parseSemver(other);
  return left && right && compareSemver(left, right);
}
