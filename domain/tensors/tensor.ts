/** The ONNX element types that a JavaScript value can carry, by their ONNX Runtime names. */
export const ELEMENT_TYPES = [
  "float32",
  "float64",
  "float16",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
  "string",
] as const;
export type ElementType = (typeof ELEMENT_TYPES)[number];

const elementTypes: ReadonlySet<string> = new Set(ELEMENT_TYPES);
export const isElementType = (type: string): type is ElementType => elementTypes.has(type);

/** `float16` is held as its bit patterns and `bool` as 0 or 1, so that every runtime can carry them. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | string[];

/** A dense, row-major tensor; `data.length` is the product of `dims` (1 for a scalar). */
export type Tensor = { type: ElementType; dims: number[]; data: TensorData };

/** How many elements a tensor of these sizes has. */
export const countOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);

/** A declared dimension: a fixed size, a symbolic name such as `batch`, or null when unknown. */
export type Dimension = number | string | null;

export type TensorSpec = { name: string; type: ElementType; shape: Dimension[] };

/** What a model takes and gives, as read from its graph when it was accepted. */
export type Signature = { inputs: TensorSpec[]; outputs: TensorSpec[] };
