import { countOf, type Dimension, type Tensor } from "../../tensors/tensor.ts";
import type { OnnxType, StoredTensor, ValueType } from "../model.ts";
import { elementsOf } from "../stored-tensor.ts";

/** What is known of a value before anything runs. */
export type Fact = TensorFact | OtherFact;

export type TensorFact = {
  readonly kind: "tensor";
  readonly type: OnnxType;
  /** Null where not even the rank is known. Equal symbols are equal sizes; null may be any. */
  readonly shape: readonly Dimension[] | null;
  /** The elements of a small tensor of integers, row by row, as far as they are known: sizes on their way through `Shape`, `Gather`, `Concat` to a `Reshape`, pads as a matrix that is turned. */
  readonly elements?: readonly Dimension[];
  /** The whole tensor, where it is an initializer. */
  readonly constant?: StoredTensor;
};

export type OtherFact =
  { readonly kind: "sequence" | "optional"; readonly of: Fact } | { readonly kind: "unknown" };

export type Facts = ReadonlyMap<string, Fact>;

/** Small enough to be a shape; more elements are not followed. */
export const MAX_ELEMENTS = 64;

export const UNKNOWN: Fact = { kind: "unknown" };

export const tensorFact = (
  type: OnnxType,
  shape: readonly Dimension[] | null,
  elements?: readonly Dimension[],
): TensorFact => ({
  kind: "tensor",
  type,
  shape,
  ...(elements && elements.length <= MAX_ELEMENTS ? { elements } : {}),
});

/** What a declaration says. A negative size says nothing; some writers mean a free one by it. */
export function factOfType(type: ValueType | undefined): Fact {
  switch (type?.kind) {
    case "tensor":
      return tensorFact(type.elementType, type.shape?.map(declaredSize) ?? null);
    case "sequence":
    case "optional":
      return { kind: type.kind, of: factOfType(type.of) };
    default:
      return UNKNOWN;
  }
}

const declaredSize = (size: Dimension): Dimension =>
  typeof size === "number" && !(size >= 0 && Number.isSafeInteger(size)) ? null : size;

/** The declaration that says what is known; undefined where nothing is. */
export function typeOfFact(fact: Fact): ValueType | undefined {
  if (fact.kind === "tensor") return { kind: "tensor", elementType: fact.type, shape: fact.shape };
  if (fact.kind === "unknown") return undefined;
  return { kind: fact.kind, of: typeOfFact(fact.of) ?? { kind: "none" } };
}

/** What is known of a constant: all of it. */
export function factOfTensor(stored: StoredTensor): TensorFact {
  const { type, dims } = stored;
  const isShapeLike =
    (type === "int64" || type === "int32") && dims.length <= 1 && countOf(dims) <= MAX_ELEMENTS;
  const elements = isShapeLike ? integersOf(elementsOf(stored)) : undefined;
  return { ...tensorFact(type, dims, elements), constant: stored };
}

const integersOf = ({ data }: Tensor): Dimension[] => Array.from<unknown, number>(data, Number);

/** The sizes where all are known, else null. */
export function staticShape(shape: readonly Dimension[] | null): number[] | null {
  const sizes = shape?.filter((size) => typeof size === "number");
  return sizes === undefined || sizes.length !== shape?.length ? null : sizes;
}
