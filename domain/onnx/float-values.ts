import type { OnnxType, StoredTensor } from "./model.ts";
import { OnnxFault } from "./onnx-fault.ts";
import { elementsOf, storedTensor } from "./stored-tensor.ts";
import { float16Bits, float16Value } from "./tensors.ts";

export type FloatType = "float16" | "float32" | "float64";

export const isFloatType = (type: OnnxType): type is FloatType =>
  type === "float16" || type === "float32" || type === "float64";

/** The numbers of a tensor of floats, exactly. Throws for another type. */
export function floatsOf(stored: StoredTensor): Float64Array {
  const { type, data } = elementsOf(stored);
  if (!isFloatType(type))
    throw new OnnxFault(
      "unsupported",
      `'${stored.name ?? ""}' holds ${type} where floats are due`,
      {
        tensor: stored.name ?? "",
      },
    );
  const values = Float64Array.from<unknown>(data, Number);
  return type === "float16" ? values.map((bits) => float16Value(bits)) : values;
}

/** A tensor of floats, each rounded to the nearest of its type. */
export function storedFloats(
  name: string,
  type: FloatType,
  dims: readonly number[],
  values: Float64Array,
): StoredTensor {
  const rounded = {
    float16: () => Uint16Array.from(values, (value) => float16Bits(value)),
    float32: () => Float32Array.from(values),
    float64: () => values,
  };
  return storedTensor(name, { type, dims: [...dims], data: rounded[type]() });
}
