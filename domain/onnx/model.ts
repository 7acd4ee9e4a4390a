import type { Dimension } from "../tensors/tensor.ts";

/**
 * An ONNX file as plain, immutable values, field for field as onnx.proto has them
 * (https://onnx.ai/onnx/repo-docs/IR.html). To change a model, copy the parts that change; what is
 * shared with a model that was read is written with the bytes that it was read from.
 */
export type Model = {
  readonly irVersion: number;
  readonly opsets: readonly Opset[];
  readonly graph: Graph;
  readonly functions?: readonly LocalFunction[];
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly domain?: string;
  readonly modelVersion?: number;
  readonly doc?: string;
  readonly metadata?: readonly Property[];
  readonly trainingInfo?: readonly Uint8Array[];
  readonly deviceConfigurations?: readonly Uint8Array[];
};

/** The version of an operator set; the domain is absent or "" for ONNX's own operators. */
export type Opset = { readonly domain?: string; readonly version: number };

export type Property = { readonly key: string; readonly value: string };

/** Nodes are in topological order. A sub-graph (an attribute) sees the names of the graphs around it. */
export type Graph = {
  readonly nodes: readonly Node[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: readonly StoredTensor[];
  /** What is declared about inner tensors; may be empty and is not to be relied on. */
  readonly valueInfo?: readonly ValueInfo[];
  readonly name?: string;
  readonly doc?: string;
  readonly metadata?: readonly Property[];
  readonly sparseInitializers?: readonly Uint8Array[];
  readonly quantizationAnnotations?: readonly Uint8Array[];
};

/** `""` among the inputs or outputs stands for an optional one that is left out. */
export type Node = {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Attribute[];
  readonly name?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly doc?: string;
  readonly metadata?: readonly Property[];
  readonly deviceConfigurations?: readonly Uint8Array[];
};

/** Whole numbers are JavaScript numbers: beyond 2^53 they are rounded, beyond int64 clamped when written. */
export type AttributeValue =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "tensor"; readonly value: StoredTensor }
  | { readonly kind: "graph"; readonly value: Graph }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "tensors"; readonly value: readonly StoredTensor[] }
  | { readonly kind: "graphs"; readonly value: readonly Graph[] }
  | { readonly kind: "type"; readonly value: ValueType }
  /** The value of an attribute of the function around the node. */
  | { readonly kind: "reference"; readonly value: string; readonly of: number }
  /** A sparse tensor, a list of types, or bytes that are no UTF-8: the whole attribute as the file has it. */
  | { readonly kind: "opaque"; readonly value: Uint8Array };

export type Attribute = AttributeValue & { readonly name: string; readonly doc?: string };

export type ValueInfo = {
  readonly name: string;
  readonly type?: ValueType;
  readonly doc?: string;
  readonly metadata?: readonly Property[];
};

/** `shape` is null where not even the rank is known. */
export type ValueType =
  | TensorType
  | { readonly kind: "sequence"; readonly of: ValueType }
  | { readonly kind: "optional"; readonly of: ValueType }
  | { readonly kind: "map"; readonly key: OnnxType; readonly of: ValueType }
  /** A sparse tensor or an opaque type: kept as the file has it. */
  | { readonly kind: "sparse" | "opaque"; readonly value: Uint8Array }
  /** A type that says nothing. */
  | { readonly kind: "none" };

export type TensorType = {
  readonly kind: "tensor";
  readonly elementType: OnnxType;
  readonly shape: readonly Dimension[] | null;
};

/** `onnx.TensorProto.DataType`, each at the index of its code. */
export const ONNX_TYPES = [
  "undefined",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
  "float8e8m0",
  "uint2",
  "int2",
  "float6e2m3",
  "float6e3m2",
] as const;
export type OnnxType = (typeof ONNX_TYPES)[number];
export const codeOf = (type: OnnxType): number => ONNX_TYPES.indexOf(type);

/** The field of `onnx.TensorProto` that holds a tensor's elements; an empty tensor may have none. */
export type Payload =
  | {
      readonly field: "raw_data" | "float_data" | "double_data";
      /** Little-endian, elements side by side. */
      readonly bytes: Uint8Array;
    }
  | {
      readonly field: "int32_data" | "int64_data" | "uint64_data";
      /** Varints side by side. */
      readonly bytes: Uint8Array;
    }
  | { readonly field: "string_data"; readonly strings: readonly Uint8Array[] };

/** A tensor as it lies in a file; `elementsOf` (stored-tensor.ts) reads it. The bytes are views of the file. */
export type StoredTensor = {
  readonly name?: string;
  readonly type: OnnxType;
  readonly dims: readonly number[];
  readonly payload?: Payload;
  readonly doc?: string;
  readonly metadata?: readonly Property[];
};

/** A function that nodes of the model call as an operator (`inline-functions.ts` puts its body in their place). */
export type LocalFunction = {
  readonly name: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly Node[];
  readonly opsets: readonly Opset[];
  /** Attributes that a call must give, and those that have a default. */
  readonly attributeNames?: readonly string[];
  readonly attributeDefaults?: readonly Attribute[];
  readonly valueInfo?: readonly ValueInfo[];
  readonly doc?: string;
  readonly metadata?: readonly Property[];
};
