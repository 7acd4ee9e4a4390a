import { fail, ok, type Result } from "../result.ts";
import { ELEMENT_ARRAYS, elementsIn } from "../tensors/element-arrays.ts";
import type { ElementType, Tensor, TensorData } from "../tensors/tensor.ts";
import { utf8Decode, utf8Encode } from "../text/utf8.ts";

const LENGTH_BYTES = 4;

/**
 * A tensor's elements from their wire bytes, without a copy where they lie aligned. Fails with
 * what was expected and found; the number of elements is the caller's to check.
 */
export function elementsFromBytes(
  type: ElementType,
  bytes: Uint8Array,
): Result<TensorData, { expected: string; found: string }> {
  if (type === "string") return stringsFromBytes(bytes);
  const elements = elementsIn(type, bytes);
  if (elements !== undefined) return ok(elements);
  const size = ELEMENT_ARRAYS[type].BYTES_PER_ELEMENT;
  return fail({ expected: `a multiple of ${size} bytes`, found: `${bytes.length} bytes` });
}

/** The tensor's wire bytes: a view of its own memory, except for strings. */
export function tensorToBytes({ data }: Tensor): Uint8Array {
  if (!Array.isArray(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const texts = data.map(utf8Encode);
  const bytes = new Uint8Array(texts.reduce((sum, text) => sum + LENGTH_BYTES + text.length, 0));
  const lengths = new DataView(bytes.buffer);
  let at = 0;
  for (const text of texts) {
    lengths.setUint32(at, text.length, true);
    bytes.set(text, at + LENGTH_BYTES);
    at += LENGTH_BYTES + text.length;
  }
  return bytes;
}

function stringsFromBytes(
  bytes: Uint8Array,
): Result<string[], { expected: string; found: string }> {
  const lengths = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const left = bytes.length - at - LENGTH_BYTES;
    const length = left < 0 ? 0 : lengths.getUint32(at, true);
    if (length > left)
      return fail({
        expected: `a ${LENGTH_BYTES}-byte length and as many bytes for string ${texts.length}`,
        found: `${bytes.length - at} bytes`,
      });
    at += LENGTH_BYTES + length;
    texts.push(utf8Decode(bytes.subarray(at - length, at)));
  }
  return ok(texts);
}
