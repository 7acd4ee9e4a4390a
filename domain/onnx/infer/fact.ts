import type { Dimension } from "../../tensors/tensor.ts";
import type { OnnxType, StoredTensor, ValueType } from "../model.ts";

/** What is known of a value before anything runs. */
export type Fact = TensorFact | OtherFact;

export type TensorFact = {
  readonly kind: "tensor";
  readonly type: OnnxType;
  /** Null where not even the rank is known. Equal symbols are equal sizes; null may be any. */
  readonly shape: readonly Dimension[] | null;
  /** The elements of a small integer scalar or vector as far as they are known: sizes on their way through `Shape`, `Gather`, `Concat` to a `Reshape`. */
  readonly elements?: readonly Dimension[];
  /** The whole tensor, where it is an initializer. */
  readonly constant?: StoredTensor;
};

export type OtherFact =
  { readonly kind: "sequence" | "optional"; readonly of: Fact } | { readonly kind: "unknown" };

export type Facts = ReadonlyMap<string, Fact>;

export const UNKNOWN: Fact = { kind: "unknown" };

export const tensorFact = (
  type: OnnxType,
  shape: readonly Dimension[] | null,
  elements?: readonly Dimension[],
): TensorFact => ({ kind: "tensor", type, shape, ...(elements ? { elements } : {}) });

/** What a declaration says. */
export function factOfType(type: ValueType | undefined): Fact {
  switch (type?.kind) {
    case "tensor":
      return tensorFact(type.elementType, type.shape);
    case "sequence":
    case "optional":
      return { kind: type.kind, of: factOfType(type.of) };
    default:
      return UNKNOWN;
  }
}

/** The declaration that says what is known; undefined where nothing is. */
export function typeOfFact(fact: Fact): ValueType | undefined {
  if (fact.kind === "tensor") return { kind: "tensor", elementType: fact.type, shape: fact.shape };
  if (fact.kind === "unknown") return undefined;
  return { kind: fact.kind, of: typeOfFact(fact.of) ?? { kind: "none" } };
}

/** The sizes where all are known, else null. */
export function staticShape(shape: readonly Dimension[] | null): number[] | null {
  const sizes = shape?.filter((size) => typeof size === "number");
  return sizes === undefined || sizes.length !== shape?.length ? null : sizes;
}
