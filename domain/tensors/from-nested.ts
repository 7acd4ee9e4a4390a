import { fail, ok, type Result } from "../result.ts";
import { checkDimensions, elementCount, MAX_RANK, type SymbolSizes } from "./check-dimensions.ts";
import { describeElement, elementWriter, type ElementWriter } from "./element-writer.ts";
import { describeDims, describeValue, type InputProblem } from "./input-problem.ts";
import type { Tensor, TensorSpec } from "./tensor.ts";

/** Reads nested JSON arrays (a bare value for a scalar) as the declared input. */
export function tensorFromNested(
  spec: TensorSpec,
  value: unknown,
  sizes: SymbolSizes,
): Result<Tensor, InputProblem> {
  const dims = nestedDims(value);
  const mismatch = checkDimensions(spec, dims, sizes);
  if (mismatch)
    return fail(dims.length > 0 ? mismatch : { ...mismatch, found: describeValue(value) });
  if (!Array.isArray(value)) return written(spec, dims, [value], [1]);

  // Before any memory is taken: one long first row must not buy that length for every row.
  const ragged = findRagged(value, dims, 0);
  if (!ragged) return written(spec, dims, value, dims);
  return fail({
    code: "input_shape",
    input: spec.name,
    expected: `an array of ${dims[ragged.length]}`,
    found: describeValue(valueAt(value, ragged)),
    path: pathText(ragged),
  });
}

/** Reads a flat, row-major JSON array as the declared input with the given dims. */
export function tensorFromFlat(
  spec: TensorSpec,
  dims: number[],
  values: readonly unknown[],
  sizes: SymbolSizes,
): Result<Tensor, InputProblem> {
  const mismatch = checkDimensions(spec, dims, sizes);
  if (mismatch) return fail(mismatch);
  const count = elementCount(dims);
  if (values.length === count) return written(spec, dims, values, [count]);
  return fail({
    code: "input_shape",
    input: spec.name,
    expected: `${count} values for ${describeDims(dims)}`,
    found: `${values.length} values`,
  });
}

/** The lengths met on the way down the first elements, at most one more than the rank allowed. */
export function nestedDims(value: unknown): number[] {
  const dims: number[] = [];
  for (let part = value; Array.isArray(part) && dims.length <= MAX_RANK; part = part[0])
    dims.push(part.length);
  return dims;
}

/** `values` are nested as `layout` says, which differs from `dims` where they came flat. */
function written(
  spec: TensorSpec,
  dims: number[],
  values: readonly unknown[],
  layout: readonly number[],
): Result<Tensor, InputProblem> {
  const { data, put } = elementWriter(spec.type, elementCount(layout));
  const refused = fill(values, layout, 0, 0, put);
  if (!refused) return ok({ type: spec.type, dims, data });
  const found = valueAt(values, refused);
  const problem: InputProblem = {
    code: Array.isArray(found) ? "input_shape" : "input_type",
    input: spec.name,
    expected: Array.isArray(found) ? "a single value" : describeElement(spec.type),
    found: describeValue(found),
  };
  return fail(dims.length === 0 ? problem : { ...problem, path: pathText(refused) });
}

/** Writes the leaves in row-major order; the path to the first refused one, or null. */
function fill(
  part: readonly unknown[],
  layout: readonly number[],
  axis: number,
  at: number,
  put: ElementWriter["put"],
): number[] | null {
  if (axis === layout.length - 1) {
    const refused = put(part, at);
    return refused < 0 ? null : [refused];
  }
  const stride = elementCount(layout.slice(axis + 1));
  for (let i = 0; i < part.length; i++) {
    const child = part[i];
    if (!Array.isArray(child)) return [i];
    const below = fill(child, layout, axis + 1, at + i * stride, put);
    if (below) return [i, ...below];
  }
  return null;
}

/** The path to the first part that is not an array as long as `dims` says, or null. */
function findRagged(part: unknown, dims: readonly number[], axis: number): number[] | null {
  if (!Array.isArray(part) || part.length !== dims[axis]) return [];
  if (axis === dims.length - 1) return null;
  for (let i = 0; i < part.length; i++) {
    const below = findRagged(part[i], dims, axis + 1);
    if (below) return [i, ...below];
  }
  return null;
}

function valueAt(value: unknown, path: readonly number[]): unknown {
  let part = value;
  for (const index of path) part = Array.isArray(part) ? part[index] : undefined;
  return part;
}

const pathText = (path: readonly number[]): string => path.map((index) => `[${index}]`).join("");
