import { isElementType, type Signature, type TensorSpec } from "../tensors/tensor.ts";
import { factOfType } from "./infer/fact.ts";
import type { Model, ValueInfo } from "./model.ts";
import { inputsOf } from "./rows.ts";

/** What the model declares to take and give, as far as it is tensors that JSON can carry. */
export const signatureOf = (model: Model): Signature => ({
  inputs: inputsOf(model).flatMap((input) => specOf(input.name, input.type, input.shape)),
  outputs: model.graph.outputs.flatMap(outputSpec),
});

function outputSpec({ name, type }: ValueInfo): TensorSpec[] {
  const fact = factOfType(type);
  return fact.kind === "tensor" ? specOf(name, fact.type, fact.shape) : [];
}

const specOf = (
  name: string,
  type: string,
  shape: readonly TensorSpec["shape"][number][] | null,
) => (isElementType(type) ? [{ name, type, shape: [...(shape ?? [])] }] : []);
