import { utf8Encode } from "../text/utf8.ts";
import {
  ELEMENT_ARRAYS,
  elementsIn,
  type NumericData,
  type NumericType,
} from "../tensors/element-arrays.ts";
import { countOf, isElementType, type Tensor } from "../tensors/tensor.ts";
import { malformed, Reader, readText, viewOf } from "./codec/reader.ts";
import { READ_LIMITS } from "./codec/read-limits.ts";
import type { OnnxType, Payload, StoredTensor } from "./model.ts";
import { OnnxFault } from "./onnx-fault.ts";

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
  if (payload === undefined) return new ELEMENT_ARRAYS[type](0);
  switch (payload.field) {
    case "string_data":
      throw malformed(`a tensor of ${type} holds texts`);
    case "raw_data":
    case "float_data":
    case "double_data":
      return wholeElements(type, payload.bytes);
    default:
      return fromVarints(type, payload.bytes);
  }
}

function wholeElements(type: NumericType, bytes: Uint8Array): NumericData {
  const elements = elementsIn(type, bytes);
  if (elements === undefined) throw malformed("the elements of a tensor do not end evenly");
  return elements;
}

/** Negative int32 values are written with ten bytes, the bits of a float16 as a number. */
function fromVarints(type: NumericType, bytes: Uint8Array): NumericData {
  const Elements = ELEMENT_ARRAYS[type];
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
