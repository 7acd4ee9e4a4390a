import { ONNX_TYPES, type OnnxType } from "../model.ts";
import { intOf } from "../node.ts";
import { describeShape } from "./broadcast.ts";
import { convolutionShape } from "./convolution.ts";
import { tensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";
import { matMulShape } from "./linear.ts";

/** The type that the attribute names; undefined where it is left out or 0. */
function namedType(call: InferenceCall): OnnxType | undefined {
  const code = intOf(call.node, "output_dtype", 0);
  return code === 0 ? undefined : ONNX_TYPES[code];
}

/** Refuses a scale that is neither one number nor a vector nor, in blocks, as the input is. */
function expectScale(call: InferenceCall): void {
  const [x, scale] = [call.shape(0), call.shape(1)];
  const zeroPoint = call.optional(2)?.shape ?? null;
  if (scale === null) return;
  const isInBlocks = intOf(call.node, "block_size", 0) > 0;
  if (x !== null && (isInBlocks ? scale.length !== x.length : scale.length > 1))
    throw call.fault(
      `the scale ${describeShape(scale)} is to be ${isInBlocks ? `in blocks of ${describeShape(x)}` : "a scalar or a vector along 'axis'"}`,
    );
  const isOne = (shape: typeof scale): boolean => shape.every((size) => size === 1);
  if (zeroPoint && zeroPoint.length !== scale.length && !(isOne(zeroPoint) && isOne(scale)))
    throw call.fault(
      `the zero point ${describeShape(zeroPoint)} is to have the shape of the scale ${describeShape(scale)}`,
    );
}

export const QUANTISATION: Record<string, InferenceRule> = {
  QuantizeLinear: (call) => {
    expectScale(call);
    return tensorFact(namedType(call) ?? call.optional(2)?.type ?? "uint8", call.shape(0));
  },
  DequantizeLinear: (call) => {
    expectScale(call);
    return tensorFact(namedType(call) ?? call.type(1), call.shape(0));
  },
  DynamicQuantizeLinear: (call) => [
    tensorFact("uint8", call.shape(0)),
    tensorFact("float32", []),
    tensorFact("uint8", []),
  ],
  MatMulInteger: (call) => tensorFact("int32", matMulShape(call, call.shape(0), call.shape(1))),
  QLinearMatMul: (call) =>
    tensorFact(call.type(7), matMulShape(call, call.shape(0), call.shape(3))),
  ConvInteger: (call) => tensorFact("int32", convolutionShape(call, call.shape(0), call.shape(1))),
  QLinearConv: (call) =>
    tensorFact(call.type(7), convolutionShape(call, call.shape(0), call.shape(3))),
};
