import { fail, ok, type Result } from "../result.ts";
import type { SymbolSizes } from "../tensors/check-dimensions.ts";
import { checkedTensor } from "../tensors/checked-tensor.ts";
import { collectFeeds, type Feeds } from "../tensors/collect-feeds.ts";
import { nestedDims, tensorFromFlat, tensorFromNested } from "../tensors/from-nested.ts";
import {
  describeDims,
  describeNames,
  describeValue,
  quote,
  type InputProblem,
} from "../tensors/input-problem.ts";
import type { Signature, Tensor, TensorSpec } from "../tensors/tensor.ts";
import { elementsFromBytes } from "./binary-tensor.ts";
import { DATATYPES } from "./datatypes.ts";
import type { InferEnvelope, RequestedOutput, WireInput } from "./infer-envelope.ts";
import type { ProtocolProblem } from "./protocol-problem.ts";

/** What the model is fed, and the outputs to answer with, in the caller's order. */
export type InferRequest = Feeds & { outputs: RequestedOutput[] };

/** Holds a request to the model's signature. */
export function decodeInferRequest(
  signature: Signature,
  { inputs, outputs, binaryByDefault }: InferEnvelope,
): Result<InferRequest, ProtocolProblem> {
  const declared = signature.outputs.map(({ name }) => name);
  const unknown = outputs?.find(({ name }) => !declared.includes(name));
  if (unknown)
    return fail({
      code: "output_unknown",
      output: unknown.name,
      expected: describeNames(declared),
      found: quote(unknown.name),
    });
  const given = Object.fromEntries(inputs.map((input) => [input.name, input]));
  const collected = collectFeeds(signature, given, tensorFromWire);
  if (!collected.ok) return collected;
  return ok({
    ...collected.value,
    outputs: outputs ?? declared.map((name) => ({ name, binary: binaryByDefault })),
  });
}

function tensorFromWire(
  spec: TensorSpec,
  { datatype, shape, data, bytes }: WireInput,
  sizes: SymbolSizes,
): Result<Tensor, InputProblem> {
  const refuse = (
    code: InputProblem["code"],
    expected: string,
    found: string,
  ): Result<never, InputProblem> => fail({ code, input: spec.name, expected, found });

  if (datatype !== DATATYPES[spec.type])
    return refuse("input_type", `datatype ${DATATYPES[spec.type]}`, `datatype ${quote(datatype)}`);
  if (bytes) {
    const elements = elementsFromBytes(spec.type, bytes);
    return elements.ok
      ? checkedTensor(spec, { type: spec.type, dims: shape, data: elements.value }, sizes)
      : refuse("input_shape", elements.error.expected, elements.error.found);
  }
  if (!Array.isArray(data)) return refuse("input_shape", "an array of data", describeValue(data));
  if (!Array.isArray(data[0])) return tensorFromFlat(spec, shape, data, sizes);
  const nested = nestedDims(data);
  return describeDims(nested) === describeDims(shape)
    ? tensorFromNested(spec, data, sizes)
    : refuse("input_shape", `data of shape ${describeDims(shape)} or flat`, describeDims(nested));
}
