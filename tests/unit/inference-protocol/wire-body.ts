import { readInferBody } from "../../../domain/inference-protocol/infer-envelope.ts";
import { decodeInferRequest } from "../../../domain/inference-protocol/infer-request.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";

export const encoder = new TextEncoder();

/** A body as a client would send it: the JSON, then the binary chunks. */
export function body(document: unknown, ...chunks: Uint8Array[]) {
  const json = encoder.encode(JSON.stringify(document));
  return { bytes: Buffer.concat([json, ...chunks]), headerLength: String(json.length) };
}

export function decode(signature: Signature, bytes: Uint8Array, headerLength: string | null) {
  const envelope = readInferBody(bytes, headerLength);
  return envelope.ok ? decodeInferRequest(signature, envelope.value) : envelope;
}

export const decodeJson = (signature: Signature, document: unknown) =>
  decode(signature, body(document).bytes, null);

/** A model of two inputs and two outputs. */
export const pair: Signature = {
  inputs: [
    { name: "input0", type: "uint32", shape: [2, 2] },
    { name: "input1", type: "bool", shape: [3] },
  ],
  outputs: [
    { name: "output0", type: "float32", shape: [3, 2] },
    { name: "output1", type: "float32", shape: [null] },
  ],
};
