import type { Random } from "../statistics/random.ts";
import { ELEMENT_ARRAYS } from "../tensors/element-arrays.ts";
import { countOf, isElementType, type ElementType, type Tensor } from "../tensors/tensor.ts";
import type { Model } from "./model.ts";
import { OnnxFault } from "./onnx-fault.ts";
import { inputsOf, refuseLarge, type ModelInput } from "./rows.ts";
import { float16Bits } from "./tensors.ts";

/**
 * Inputs of `rows` rows for a model of which nothing but its signature is known: standard normal
 * floats, and zeros and ones for integers, which are valid in any table of two rows or more. Throws
 * `OnnxFault` (bad_request) where a size other than that of the batch is free.
 */
export function generatedInputs(
  model: Model,
  rows: number,
  random: Random,
): Record<string, Tensor> {
  const inputs = inputsOf(model);
  const batch = inputs[0]?.shape?.[0];
  return Object.fromEntries(
    inputs.map((input) => {
      const dims = sizesOf(input, batch, rows);
      refuseLarge(input.name, dims);
      return [input.name, filled(input, dims, random)];
    }),
  );
}

function sizesOf({ name, shape }: ModelInput, batch: unknown, rows: number): number[] {
  if (shape === null) throw unknownSize(name, "its rank is not declared");
  return shape.map((size, axis) => {
    if (typeof size === "number") return size;
    if (axis === 0 || (size !== null && size === batch)) return rows;
    throw unknownSize(name, `the size of axis ${axis} (${size ?? "without a name"}) is free`);
  });
}

const unknownSize = (name: string, reason: string): OnnxFault =>
  new OnnxFault(
    "bad_request",
    `inputs cannot be made up for '${name}': ${reason}; give 'data.inputs'`,
    { tensor: name },
  );

function filled({ name, type }: ModelInput, dims: number[], random: Random): Tensor {
  const count = countOf(dims);
  if (!isElementType(type))
    throw new OnnxFault("unsupported", `inputs of ${type}, as '${name}', cannot be made up`, {
      tensor: name,
    });
  if (type === "string") return { type, dims, data: Array<string>(count).fill("") };
  const data = new ELEMENT_ARRAYS[type](count);
  for (let at = 0; at < count; at += 1)
    if (data instanceof BigInt64Array || data instanceof BigUint64Array)
      data[at] = BigInt(random.integer(2));
    else data[at] = numberOf(type, random);
  return { type, dims, data };
}

function numberOf(type: ElementType, random: Random): number {
  if (type === "float16") return float16Bits(random.normal());
  return type === "float32" || type === "float64" ? random.normal() : random.integer(2);
}
