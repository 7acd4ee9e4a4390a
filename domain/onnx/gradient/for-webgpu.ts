import type { GraphBuilder } from "../graph-builder.ts";
import type { Model } from "../model.ts";
import { operatorOf } from "../node.ts";
import { replaceNodes } from "./replace-nodes.ts";
import { WEBGPU_FORMS } from "./webgpu-forms.ts";

/**
 * A model of opset 18 or later for ONNX Runtime's WebGPU provider: what would be computed beside
 * the device, wrong, or not at all is written in other operators. What has no such form stays as it
 * is and runs on the CPU; sub-graphs stay too.
 */
export const forWebgpu = (model: Model): Model =>
  replaceNodes(model, (b, node) => {
    const form = WEBGPU_FORMS.get(operatorOf(node));
    return form !== undefined && isOnDevice(b, node.inputs[0] ?? "") ? form(b, node) : undefined;
  });

/** WebGPU computes with floats of 16 and 32 bits; integers are sizes and labels, which start on the CPU. */
function isOnDevice(b: GraphBuilder, value: string): boolean {
  const fact = b.factOf(value);
  return (
    fact.kind === "tensor" &&
    fact.shape !== null &&
    (fact.type === "float32" || fact.type === "float16")
  );
}
