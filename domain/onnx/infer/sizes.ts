import type { Dimension } from "../../tensors/tensor.ts";
import { checkedAxis, range } from "../axes.ts";
import { intsOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import type { InferenceCall } from "./inference-call.ts";

/** The sum of sizes: a number, a symbol that nothing is added to, or null. */
export function sumOf(sizes: readonly Dimension[]): Dimension {
  const total = numbersIn(sizes).reduce((sum, size) => sum + size, 0);
  const others = sizes.filter((size) => typeof size !== "number");
  if (others.length === 0) return total;
  return others.length === 1 && total === 0 ? (others[0] ?? null) : null;
}

/** The product of sizes: a number, a symbol times 1, or null. */
export const productOf = (sizes: readonly Dimension[]): Dimension => quotientOf(sizes, []);

/**
 * The product of sizes divided by that of others. A symbol cancels against itself, so that the
 * elements of [batch, 4, 8] in rows of [batch] are 32. A fraction where the numbers do not divide.
 */
export function quotientOf(sizes: readonly Dimension[], divisors: readonly Dimension[]): Dimension {
  const rest = [...sizes];
  const left: Dimension[] = [];
  for (const divisor of divisors) {
    const at = typeof divisor === "string" ? rest.indexOf(divisor) : -1;
    if (at === -1) left.push(divisor);
    else rest.splice(at, 1);
  }
  const divisor = productOfNumbers(left);
  if (left.some((size) => typeof size !== "number") || divisor === 0) return null;
  const dividend = productOfNumbers(rest);
  const others = rest.filter((size) => typeof size !== "number");
  if (others.length === 0 || dividend === 0) return dividend / divisor;
  return others.length === 1 && dividend === divisor ? (others[0] ?? null) : null;
}

const numbersIn = (sizes: readonly Dimension[]): number[] =>
  sizes.filter((size) => typeof size === "number");

const productOfNumbers = (sizes: readonly Dimension[]): number =>
  numbersIn(sizes).reduce((product, size) => product * size, 1);

/** More sizes, axes or parts than any node has; a file can ask for more than memory holds. */
const MAX_COUNT = 65_536;

/** `count` unknown sizes. */
export const unknowns = (count: number): null[] => boundedRange(count).map(() => null);

/** What two facts about one size say together. */
export function sameSize(call: InferenceCall, a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number" && a !== b)
    throw call.fault(`sizes that have to be the same are ${a} and ${b}`);
  return typeof b === "number" || a === null ? b : a;
}

/**
 * Whole numbers that old versions have as an attribute and new ones as an input: undefined where
 * they are left out, null where not even their number is known.
 */
export function intsGiven(
  call: InferenceCall,
  attribute: string,
  index: number,
): readonly Dimension[] | null | undefined {
  const given = intsOf(call.node, attribute);
  if (given) return given;
  const fact = call.optional(index);
  if (fact === undefined) return undefined;
  if (fact.elements) return fact.elements;
  const count = fact.shape?.length === 0 ? 1 : fact.shape?.[0];
  return typeof count === "number" ? unknowns(count) : null;
}

/** Axes counted from the front; null where one of them is not known. */
export function axesFrom(
  call: InferenceCall,
  axes: readonly Dimension[] | null,
  rank: number,
): number[] | null {
  if (axes === null) return null;
  const known = axes.filter((axis) => typeof axis === "number");
  return known.length < axes.length ? null : known.map((axis) => checkedAxis(call, axis, rank));
}

/** 0, 1 … count - 1; throws where these are too many to be axes or parts. */
export function boundedRange(count: number): number[] {
  if (count <= MAX_COUNT) return range(count);
  throw new OnnxFault("too_large", `a list of ${count} sizes is over ${MAX_COUNT}`);
}
