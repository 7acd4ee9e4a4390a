import { utf8Encode } from "../../../../domain/text/utf8.ts";

/** Protobuf by hand, so that the codec is held against something else than itself. */
export const varint = (value: number | bigint): number[] => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest % 128n) + 128);
  return [...bytes, Number(rest)];
};

export const tag = (number: number, wire: number): number[] => varint(number * 8 + wire);
export const int = (number: number, value: number | bigint): number[] => [
  ...tag(number, 0),
  ...varint(value),
];
export const block = (number: number, ...content: number[]): number[] => [
  ...tag(number, 2),
  ...varint(content.length),
  ...content,
];
export const text = (number: number, value: string): number[] =>
  block(number, ...utf8Encode(value));
export const float = (value: number): number[] => [
  ...new Uint8Array(Float32Array.of(value).buffer),
];

/** A model of IR version 8 and opset 17 with the given content of its graph. */
export const modelBytes = (...graph: number[]): Uint8Array =>
  Uint8Array.from([...int(1, 8), ...block(7, ...graph), ...block(8, ...int(2, 17))]);
