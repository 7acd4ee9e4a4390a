import { maskedCrc } from "../../../../domain/datasets/formats/tfrecord/records.ts";
import { utf8 } from "../../../fixtures/dataset-tables.ts";

const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

const message = (field: number, content: Uint8Array): Uint8Array =>
  joined([Uint8Array.of((field << 3) | 2), varint(BigInt(content.length)), content]);

/** A Feature's list, by its field: 1 of bytes, 2 of floats, 3 of int64. */
export const bytesField = (values: Uint8Array[]): Uint8Array =>
  message(1, joined(values.map((value) => message(1, value))));

export const packedFloats = (values: number[]): Uint8Array =>
  message(2, message(1, new Uint8Array(Float32Array.from(values).buffer)));

export const packedInt64s = (values: bigint[]): Uint8Array =>
  message(3, message(1, joined(values.map(varint))));

/** Each number with a tag of its own. */
export const int64s = (values: bigint[]): Uint8Array =>
  message(3, joined(values.map((value) => joined([Uint8Array.of(8), varint(value)]))));

/** A tf.train.Example of these features. */
export const example = (features: Record<string, Uint8Array>): Uint8Array =>
  message(
    1,
    joined(
      Object.entries(features).map(([name, feature]) =>
        message(1, joined([message(1, utf8(name)), message(2, feature)])),
      ),
    ),
  );

/** A record with its length and its checks. */
export function framed(data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(data.length + 16);
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(frame.subarray(0, 8)), true);
  frame.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return frame;
}

export const fileOf = (records: Uint8Array[]): Uint8Array => joined(records.map(framed));
