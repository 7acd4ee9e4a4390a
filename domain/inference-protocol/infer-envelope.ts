import { fail, ok, type Result } from "../result.ts";
import { MAX_RANK } from "../tensors/check-dimensions.ts";
import { quote } from "../tensors/input-problem.ts";
import { utf8Decode } from "../text/utf8.ts";
import {
  fields,
  flag,
  list,
  listOf,
  malformed,
  optional,
  readFields,
  size,
  text,
  type Malformed,
} from "./field-rules.ts";
import type { ProtocolProblem } from "./protocol-problem.ts";

/** One input as sent: its elements are `data` (flat or nested JSON) or `bytes`, never both. */
export type WireInput = {
  name: string;
  datatype: string;
  shape: number[];
  data?: unknown;
  bytes?: Uint8Array;
};

export type RequestedOutput = { name: string; binary: boolean };

/** An inference request taken apart, before it is held to any model's signature. */
export type InferEnvelope = {
  id?: string;
  parameters: Record<string, unknown>;
  inputs: WireInput[];
  /** Null where the caller named none and so takes them all. */
  outputs: RequestedOutput[] | null;
  /** The form of the outputs that the caller did not name. */
  binaryByDefault: boolean;
};

const DOCUMENT = {
  id: optional(text),
  parameters: optional(fields),
  inputs: list,
  outputs: optional(list),
};
const PARAMETERS = { binary_data_output: optional(flag) };
const INPUT = {
  name: text,
  datatype: text,
  shape: listOf(size, MAX_RANK),
  parameters: optional(fields),
};
const INPUT_PARAMETERS = { binary_data_size: optional(size) };
const OUTPUT = { name: text, parameters: optional(fields) };
const OUTPUT_PARAMETERS = { binary_data: optional(flag) };

/**
 * Takes a body apart. `headerLength` is the `Inference-Header-Content-Length` header, null without
 * one. Where the platform decodes UTF-8 natively, `decode` makes large JSON many times faster.
 */
export function readInferBody(
  body: Uint8Array,
  headerLength: string | null,
  decode: (utf8: Uint8Array) => string = utf8Decode,
): Result<InferEnvelope, ProtocolProblem> {
  const length = headerLength === null ? body.length : Number(headerLength);
  if (headerLength !== null && !(/^\d{1,15}$/.test(headerLength) && length <= body.length))
    return fail(
      malformed(
        "Inference-Header-Content-Length",
        `the length of the JSON, at most ${body.length} bytes`,
        quote(headerLength),
      ),
    );
  let document: unknown;
  try {
    document = JSON.parse(decode(body.subarray(0, length)));
  } catch (error) {
    const expected =
      "JSON, its length in the Inference-Header-Content-Length header where binary data follows";
    return fail(malformed("", expected, String(error)));
  }
  return readInferDocument(document, body.subarray(length));
}

/** Takes the request object apart; `tail` is what followed it in the body, the binary tensors. */
export function readInferDocument(
  document: unknown,
  tail: Uint8Array,
): Result<InferEnvelope, ProtocolProblem> {
  const request = readFields(document, "", DOCUMENT);
  if (!request.ok) return request;
  const { id } = request.value;
  const parameters = readFields(request.value.parameters ?? {}, "parameters", PARAMETERS);
  if (!parameters.ok) return parameters;
  const inputs = readInputs(request.value.inputs, tail);
  if (!inputs.ok) return inputs;
  const binaryByDefault = parameters.value.binary_data_output ?? false;
  const outputs = readOutputs(request.value.outputs ?? [], binaryByDefault);
  if (!outputs.ok) return outputs;
  return ok({
    ...(typeof id === "string" ? { id } : {}),
    parameters: parameters.value,
    inputs: inputs.value,
    outputs: outputs.value.length > 0 ? outputs.value : null,
    binaryByDefault,
  });
}

function readInputs(
  inputs: readonly unknown[],
  tail: Uint8Array,
): Result<WireInput[], ProtocolProblem> {
  const wire = new Map<string, WireInput>();
  let at = 0;
  for (const [i, value] of inputs.entries()) {
    const path = `inputs[${i}]`;
    const input = readFields(value, path, INPUT);
    if (!input.ok) return input;
    const own = readFields(input.value.parameters ?? {}, `${path}.parameters`, INPUT_PARAMETERS);
    if (!own.ok) return own;
    const { name, datatype, shape } = input.value;
    const data = input.value["data"] ?? undefined;
    if (wire.has(name)) return fail(repeated(path, name));

    const bytes = own.value.binary_data_size ?? null;
    const left = tail.length - at;
    if (bytes === null) wire.set(name, { name, datatype, shape, data });
    else if (data === undefined && bytes <= left) {
      wire.set(name, { name, datatype, shape, bytes: tail.subarray(at, at + bytes) });
      at += bytes;
    } else
      return fail({
        code: "input_shape",
        input: name,
        expected: `${bytes} bytes after the JSON, as binary_data_size says`,
        found: data === undefined ? `${left} bytes` : "data in the JSON as well",
      });
  }
  if (at === tail.length) return ok([...wire.values()]);
  return fail(
    malformed("inputs", `binary_data_size to add up to ${tail.length} bytes`, `${at} bytes`),
  );
}

function readOutputs(
  outputs: readonly unknown[],
  binaryByDefault: boolean,
): Result<RequestedOutput[], Malformed> {
  const requested = new Map<string, RequestedOutput>();
  for (const [i, value] of outputs.entries()) {
    const path = `outputs[${i}]`;
    const output = readFields(value, path, OUTPUT);
    if (!output.ok) return output;
    const own = readFields(output.value.parameters ?? {}, `${path}.parameters`, OUTPUT_PARAMETERS);
    if (!own.ok) return own;
    const { name } = output.value;
    if (requested.has(name)) return fail(repeated(path, name));
    requested.set(name, { name, binary: own.value.binary_data ?? binaryByDefault });
  }
  return ok([...requested.values()]);
}

const repeated = (path: string, name: string): Malformed =>
  malformed(`${path}.name`, "a name used once", quote(name));
