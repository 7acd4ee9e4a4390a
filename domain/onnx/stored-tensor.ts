import { utf8Encode } from "../text/utf8.ts";
import {
  ELEMENT_TYPES,
  type ElementType,
  type Tensor,
  type TensorData,
} from "../tensors/tensor.ts";
import { malformed, Reader, readText, viewOf } from "./codec/reader.ts";
import { READ_LIMITS } from "./codec/read-limits.ts";
import type { OnnxType, Payload, StoredTensor } from "./model.ts";
import { OnnxFault } from "./onnx-fault.ts";

type NumericType = Exclude<ElementType, "string">;
export type NumericData = Exclude<TensorData, string[]>;
type View = {
  new (buffer: ArrayBufferLike, offset: number, length: number): NumericData;
  new (length: number): NumericData;
  readonly BYTES_PER_ELEMENT: number;
};

/** What holds the elements of a tensor in memory. */
export const ARRAYS: Record<NumericType, View> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** Bits of an element, for the types that `Tensor` cannot carry too. Texts and `undefined` have none. */
const BITS: Record<OnnxType, number> = {
  undefined: 0,
  float32: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  string: 0,
  bool: 8,
  float16: 16,
  float64: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  float8e8m0: 8,
  uint2: 2,
  int2: 2,
  float6e2m3: 6,
  float6e3m2: 6,
};

export const bitsOf = (type: OnnxType): number => BITS[type];

export const countOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);

const elementTypes: ReadonlySet<string> = new Set(ELEMENT_TYPES);
export const isElementType = (type: OnnxType): type is ElementType => elementTypes.has(type);

/**
 * The elements of a stored tensor: a view of the file where they lie aligned, else a copy. Throws
 * `OnnxFault` where they do not fill the dims, or have a type that JavaScript cannot carry.
 */
export function elementsOf(stored: StoredTensor): Tensor {
  const { type, payload, name = "" } = stored;
  const dims = [...stored.dims];
  const place = { tensor: name };
  if (!isElementType(type))
    throw new OnnxFault("unsupported", `'${name}' holds ${type}, which is not read here`, place);
  if (dims.some((size) => size < 0 || !Number.isSafeInteger(size)))
    throw new OnnxFault("malformed", `'${name}' has the dims [${dims.join(", ")}]`, place);
  const data = type === "string" ? readStrings(payload) : readNumbers(type, payload);
  const count = countOf(dims);
  if (data.length !== count)
    throw new OnnxFault(
      "malformed",
      `'${name}' has ${data.length} elements where [${dims.join(", ")}] asks for ${count}`,
      place,
    );
  return { type, dims, data };
}

/** A tensor as a file holds it, its elements as little-endian bytes (which every platform here has). */
export function storedTensor(name: string, { type, dims, data }: Tensor): StoredTensor {
  if (Array.isArray(data))
    return {
      name,
      type,
      dims,
      payload: { field: "string_data", strings: data.map((text) => utf8Encode(text)) },
    };
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, type, dims, payload: { field: "raw_data", bytes } };
}

/** Bytes that the elements take in memory. */
export const byteSizeOf = ({ type, dims, payload }: StoredTensor): number =>
  payload?.field === "string_data"
    ? payload.strings.reduce((sum, text) => sum + text.length, 0)
    : Math.ceil((countOf(dims) * BITS[type]) / 8);

function readStrings(payload: Payload | undefined): string[] {
  if (payload === undefined) return [];
  if (payload.field !== "string_data") throw malformed("a tensor of texts holds numbers");
  return payload.strings.map((bytes) => {
    const text = readText(bytes);
    if (text === undefined) throw new OnnxFault("unsupported", "a text is not UTF-8");
    return text;
  });
}

function readNumbers(type: NumericType, payload: Payload | undefined): NumericData {
  const Elements = ARRAYS[type];
  if (payload === undefined) return new Elements(0);
  switch (payload.field) {
    case "string_data":
      throw malformed(`a tensor of ${type} holds texts`);
    case "raw_data":
    case "float_data":
    case "double_data":
      return viewElements(Elements, payload.bytes);
    default:
      return fromVarints(type, payload.bytes);
  }
}

function viewElements(Elements: View, bytes: Uint8Array): NumericData {
  const size = Elements.BYTES_PER_ELEMENT;
  if (bytes.length % size !== 0) throw malformed("the elements of a tensor do not end evenly");
  // `slice` of a Node Buffer would be a view of the same bytes.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new Elements(aligned.buffer, aligned.byteOffset, bytes.length / size);
}

/** Negative int32 values are written with ten bytes, the bits of a float16 as a number. */
function fromVarints(type: NumericType, bytes: Uint8Array): NumericData {
  const Elements = ARRAYS[type];
  const count = bytes.reduce((ends, byte) => ends + (byte < 128 ? 1 : 0), 0);
  const data = new Elements(count);
  const view = viewOf(new Uint8Array(data.buffer));
  const reader = Reader.of(bytes, READ_LIMITS);
  const size = Elements.BYTES_PER_ELEMENT;
  for (let index = 0; index < count; index += 1) {
    const value = reader.long();
    if (size === 8) view.setBigInt64(index * 8, value, true);
    else if (size === 4) view.setInt32(index * 4, Number(BigInt.asIntN(32, value)), true);
    else if (size === 2) view.setInt16(index * 2, Number(BigInt.asIntN(16, value)), true);
    else view.setInt8(index, Number(BigInt.asIntN(8, value)));
  }
  return data;
}
