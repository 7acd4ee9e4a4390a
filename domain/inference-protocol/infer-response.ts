import { jsonElements } from "../tensors/to-nested.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { utf8Encode } from "../text/utf8.ts";
import { tensorToBytes } from "./binary-tensor.ts";
import { DATATYPES } from "./datatypes.ts";

export type InferAnswer = {
  modelName: string;
  modelVersion: string;
  /** The request's id, which the protocol has the answer repeat. */
  id?: string | undefined;
  parameters?: Readonly<Record<string, string | number | boolean>>;
  outputs: readonly { name: string; tensor: Tensor; binary: boolean }[];
};

/** `headerLength` goes into `Inference-Header-Content-Length`; null where the body is JSON alone. */
export type InferBody =
  { body: string; headerLength: null } | { body: Uint8Array<ArrayBuffer>; headerLength: number };

/** The answer's body; the binary outputs follow the JSON in the order of `outputs`. */
export function inferBody({
  modelName,
  modelVersion,
  id,
  parameters,
  outputs,
}: InferAnswer): InferBody {
  const chunks: Uint8Array[] = [];
  const json = JSON.stringify({
    model_name: modelName,
    model_version: modelVersion,
    id,
    parameters,
    outputs: outputs.map(({ name, tensor, binary }) => {
      const described = { name, datatype: DATATYPES[tensor.type], shape: tensor.dims };
      if (!binary) return { ...described, data: jsonElements(tensor) };
      const bytes = tensorToBytes(tensor);
      chunks.push(bytes);
      return { ...described, parameters: { binary_data_size: bytes.length } };
    }),
  });
  if (chunks.length === 0) return { body: json, headerLength: null };

  const header = utf8Encode(json);
  const body = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, header.length));
  body.set(header);
  let at = header.length;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return { body, headerLength: header.length };
}
