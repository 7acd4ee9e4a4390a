import type { Dimension } from "../../tensors/tensor.ts";
import { tensorFact, UNKNOWN, type Fact, type TensorFact } from "./fact.ts";

/** What holds of a value that is the one or the other: sizes that differ are unknown. */
export function commonFact(a: Fact, b: Fact): Fact {
  if (a === b) return a;
  if (a.kind === "tensor" && b.kind === "tensor") return commonTensor(a, b);
  if (a.kind === "tensor" || b.kind === "tensor") return UNKNOWN;
  if (a.kind === "unknown" || b.kind === "unknown" || a.kind !== b.kind) return UNKNOWN;
  return { kind: a.kind, of: commonFact(a.of, b.of) };
}

/** `commonFact` of any number of facts. */
export const commonFactOf = (facts: readonly Fact[]): Fact =>
  facts.length === 0 ? UNKNOWN : facts.reduce(commonFact);

function commonTensor(a: TensorFact, b: TensorFact): TensorFact {
  const type = a.type === b.type ? a.type : "undefined";
  return tensorFact(
    type,
    commonSizes(a.shape, b.shape),
    commonSizes(a.elements, b.elements) ?? undefined,
  );
}

function commonSizes(
  a: readonly Dimension[] | null | undefined,
  b: readonly Dimension[] | null | undefined,
): readonly Dimension[] | null {
  if (!a || !b || a.length !== b.length) return null;
  return a.map((size, axis) => (size === b[axis] ? size : null));
}

/** What stays true of a value from one iteration to the next only by its type: nothing but that. */
export function typeOnly(fact: Fact): Fact {
  if (fact.kind === "tensor") return tensorFact(fact.type, null);
  return fact.kind === "unknown" ? fact : { kind: fact.kind, of: typeOnly(fact.of) };
}

/** Type and shape without the elements, as for a value that changes while its shape stays. */
export const withoutElements = (fact: Fact): Fact =>
  fact.kind === "tensor" ? tensorFact(fact.type, fact.shape) : fact;

/** Whether two facts say the same of type and shape. */
export function sameFact(a: Fact, b: Fact): boolean {
  if (a.kind === "unknown" || b.kind === "unknown") return a.kind === b.kind;
  if (a.kind === "tensor" || b.kind === "tensor")
    return (
      a.kind === "tensor" && b.kind === "tensor" && a.type === b.type && sameSizes(a.shape, b.shape)
    );
  return a.kind === b.kind && sameFact(a.of, b.of);
}

const sameSizes = (a: readonly Dimension[] | null, b: readonly Dimension[] | null): boolean =>
  a === b || (a?.length === b?.length && a?.every((size, axis) => size === b?.[axis]) === true);
