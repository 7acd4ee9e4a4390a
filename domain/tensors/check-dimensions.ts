import { describeDims, describeSpec, type InputProblem } from "./input-problem.ts";
import type { TensorSpec } from "./tensor.ts";

/** Bounds recursion over caller-given shapes; NumPy stops at 64, real models below 10. */
export const MAX_RANK = 32;

/** The size that each symbolic dimension took in this request, and the input that gave it. */
export type SymbolSizes = Map<string, { size: number; input: string }>;

export const elementCount = (dims: readonly number[]): number => {
  let count = 1;
  for (const size of dims) count *= size;
  return count;
};

/**
 * Compares dims with the declared shape and notes its symbols in `sizes`. A declared `[]` takes
 * any shape, because ONNX Runtime reports it for scalars and for unknown rank alike.
 */
export function checkDimensions(
  spec: TensorSpec,
  dims: readonly number[],
  sizes: SymbolSizes,
): InputProblem | null {
  const { name, shape } = spec;
  const refuse = (note = ""): InputProblem => ({
    code: "input_shape",
    input: name,
    expected: describeSpec(spec) + note,
    found: describeDims(dims),
  });
  if (dims.length > MAX_RANK)
    return { ...refuse(), found: `more than ${MAX_RANK} nested dimensions` };
  if (shape.length === 0) return null;
  if (shape.length !== dims.length) return refuse();
  for (const [axis, declared] of shape.entries()) {
    const size = dims[axis] ?? 0;
    if (typeof declared === "number") {
      if (size !== declared) return refuse();
    } else if (declared !== null) {
      const bound = sizes.get(declared);
      if (bound === undefined) sizes.set(declared, { size, input: name });
      else if (bound.size !== size)
        return refuse(` where ${declared} is ${bound.size}, as in input "${bound.input}"`);
    }
  }
  return null;
}
