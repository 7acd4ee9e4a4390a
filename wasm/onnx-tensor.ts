/* oxlint-disable no-underscore-dangle -- Emscripten puts "_" before the name of every C function */
import type { OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import { ONNX_TYPES, type OnnxType } from "../domain/onnx/model.ts";
import { ELEMENT_ARRAYS, type NumericData } from "../domain/tensors/element-arrays.ts";
import { countOf, isElementType, type ElementType, type Tensor } from "../domain/tensors/tensor.ts";
import { allocate, lastError, OnnxError } from "./onnxruntime.ts";

const LOCATION_CPU = 1;

/** ONNX Runtime's own codes: from 24 on they are not those of `onnx.TensorProto.DataType`. */
const RUNTIME_TYPES: readonly OnnxType[] = [
  ...ONNX_TYPES.slice(0, 24),
  "uint2",
  "int2",
  "float8e8m0",
];

export function elementTypeOf(code: number): ElementType | undefined {
  const type = nameOfType(code);
  return isElementType(type) ? type : undefined;
}

/** For messages: ONNX has types that have no JavaScript value here. */
export const nameOfType = (code: number): string => RUNTIME_TYPES[code] ?? `type ${code}`;

/**
 * Copies a tensor into the heap. `owned` receives every pointer that must stay until the run is
 * over and is then to be freed; the returned tensor handle is to be released.
 */
export function createTensor(ort: OrtModule, name: string, tensor: Tensor, owned: number[]) {
  const { type, dims, data } = tensor;
  if (!dims.every((dim) => Number.isInteger(dim) && dim >= 0))
    throw new OnnxError(`input '${name}' has a dimension that is not a whole number`);
  const size = countOf(dims);
  if (data.length !== size)
    throw new OnnxError(
      `input '${name}' has ${data.length} elements where its shape [${dims.join(", ")}] holds ${size}`,
    );
  const [pointer, bytes] = Array.isArray(data)
    ? writeStrings(ort, name, type, data, owned)
    : writeNumbers(ort, name, type, data, owned);

  const stack = ort.stackSave();
  const dimsAt = ort.stackAlloc(4 * dims.length);
  ort.HEAP32.set(dims, dimsAt / 4);
  const handle = ort._OrtCreateTensor(
    RUNTIME_TYPES.indexOf(type),
    pointer,
    bytes,
    dimsAt,
    dims.length,
    LOCATION_CPU,
  );
  ort.stackRestore(stack);
  if (handle === 0) throw lastError(ort);
  return handle;
}

function writeNumbers(
  ort: OrtModule,
  name: string,
  type: ElementType,
  data: NumericData,
  owned: number[],
): [pointer: number, bytes: number] {
  if (type === "string" || !(data instanceof ELEMENT_ARRAYS[type]))
    throw new OnnxError(`input '${name}' is declared ${type} and its data is not`);
  const pointer = allocate(ort, data.byteLength);
  owned.push(pointer);
  ort.HEAPU8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), pointer);
  return [pointer, data.byteLength];
}

function writeStrings(
  ort: OrtModule,
  name: string,
  type: ElementType,
  data: string[],
  owned: number[],
): [pointer: number, bytes: number] {
  if (type !== "string")
    throw new OnnxError(`input '${name}' is declared ${type} and its data is not`);
  const table = allocate(ort, 4 * data.length);
  owned.push(table);
  for (const [index, text] of data.entries()) {
    // ONNX Runtime reads each one up to a NUL, so a longer text would be cut without notice.
    if (text.includes("\0")) throw new OnnxError(`input '${name}' has a string with a NUL in it`);
    const bytes = ort.lengthBytesUTF8(text) + 1;
    const pointer = allocate(ort, bytes);
    owned.push(pointer);
    ort.stringToUTF8(text, pointer, bytes);
    ort.HEAPU32[table / 4 + index] = pointer;
  }
  return [table, 4 * data.length];
}

/** Copies a tensor out of the heap; the caller still releases the handle. */
export function readTensor(ort: OrtModule, handle: number): Tensor {
  const stack = ort.stackSave();
  const at = ort.stackAlloc(16);
  if (ort._OrtGetTensorData(handle, at, at + 4, at + 8, at + 12) !== 0) throw lastError(ort);
  const [code = 0, data = 0, dimsAt = 0, rank = 0] = ort.HEAPU32.subarray(at / 4, at / 4 + 4);
  const dims = [...ort.HEAPU32.subarray(dimsAt / 4, dimsAt / 4 + rank)];
  ort._OrtFree(dimsAt);
  ort.stackRestore(stack);

  const size = countOf(dims);
  const type = elementTypeOf(code);
  if (type === undefined) throw new OnnxError(`an output is ${nameOfType(code)}`);
  if (type === "string") return { type, dims, data: readStrings(ort, data, size) };
  const array = ELEMENT_ARRAYS[type];
  // The heap is shared memory; slice copies into an ordinary buffer, which RPC can carry.
  const bytes = ort.HEAPU8.slice(data, data + size * array.BYTES_PER_ELEMENT);
  return { type, dims, data: new array(bytes.buffer) };
}

/**
 * `table` is one block that this call frees: a pointer per text, then the texts back to back with
 * no NUL between them, and a NUL after the last.
 */
function readStrings(ort: OrtModule, table: number, size: number): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  const starts = ort.HEAPU32.slice(table / 4, table / 4 + size);
  const texts = Array.from(starts, (start, index) => {
    const end = starts[index + 1] ?? ort.HEAPU8.indexOf(0, start);
    return decoder.decode(ort.HEAPU8.slice(start, end)); // copied: shared memory cannot be decoded
  });
  ort._free(table);
  return texts;
}
