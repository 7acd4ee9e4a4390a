import { fail, ok, type Result } from "../result.ts";
import { checkDimensions, elementCount, type SymbolSizes } from "./check-dimensions.ts";
import { describeElement } from "./element-writer.ts";
import { describeDims, type InputProblem } from "./input-problem.ts";
import type { Tensor, TensorSpec } from "./tensor.ts";

/** Holds a tensor that came typed already to the declared input: type, dims, count, 0 or 1 for bool. */
export function checkedTensor(
  spec: TensorSpec,
  tensor: Tensor,
  sizes: SymbolSizes,
): Result<Tensor, InputProblem> {
  const { type, dims, data } = tensor;
  const input = spec.name;
  if (type !== spec.type)
    return fail({ code: "input_type", input, expected: spec.type, found: type });
  const mismatch = checkDimensions(spec, dims, sizes);
  if (mismatch) return fail(mismatch);
  const count = elementCount(dims);
  if (data.length !== count)
    return fail({
      code: "input_shape",
      input,
      expected: `${count} values for ${describeDims(dims)}`,
      found: `${data.length} values`,
    });
  const odd = type === "bool" ? data.findIndex((value: unknown) => Number(value) > 1) : -1;
  if (odd >= 0)
    return fail({
      code: "input_type",
      input,
      expected: describeElement(type),
      found: String(data[odd]),
      path: `[${odd}]`,
    });
  return ok(tensor);
}
