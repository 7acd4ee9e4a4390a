import { descriptionOf } from "../../../domain/models/description.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { OnnxFault } from "../../../domain/onnx/onnx-fault.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";

export const HASHING = {
  version: 1,
  kind: "text",
  input: "features",
  tokens: { by: "words" },
  vector: { by: "hashing", n_features: 4 },
};
export const IMAGE = {
  version: 1,
  kind: "image",
  input: "image",
  channels: 1,
  layout: "chw",
  steps: [{ op: "resize", width: 8, height: 8 }],
};
export const read = (value: object) => descriptionOf({ value, path: "description" });

/** A linear model of four features and three classes. */
export function linear() {
  const b = GraphBuilder.empty();
  const weights = b.constant(floatTensor([4, 3], new Float32Array(12)));
  b.output(b.node("MatMul", [b.input("features", "float32", ["rows", 4]), weights]), "scores");
  return b.model();
}

/** The message of the fault that the work ends in. */
export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof OnnxFault) return error.message;
    throw error;
  }
  return "none";
}
