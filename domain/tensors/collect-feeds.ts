import { fail, ok, type Result } from "../result.ts";
import type { SymbolSizes } from "./check-dimensions.ts";
import { describeNames, describeSpec, quote, type InputProblem } from "./input-problem.ts";
import type { Signature, Tensor, TensorSpec } from "./tensor.ts";

/**
 * One request's inputs by name. `batch` is the leading size shared by the inputs whose leading
 * dimension is free; null when there is none or they differ.
 */
export type Feeds = { feeds: Record<string, Tensor>; batch: number | null };

/** Reads each declared input from what was `given` under its name, and refuses other names. */
export function collectFeeds<T>(
  { inputs }: Signature,
  given: Readonly<Record<string, T>>,
  read: (spec: TensorSpec, value: T, sizes: SymbolSizes) => Result<Tensor, InputProblem>,
): Result<Feeds, InputProblem> {
  const names = Object.keys(given);
  const missing = inputs.find(({ name }) => !Object.hasOwn(given, name));
  if (missing || names.length > inputs.length) {
    const declared = new Set(inputs.map(({ name }) => name));
    // A misspelt name is both unknown and missing; the unknown one tells the caller more.
    const stray = names.find((name) => !declared.has(name));
    if (stray !== undefined)
      return fail({
        code: "input_unknown",
        input: stray,
        expected: describeNames([...declared]),
        found: quote(stray),
      });
  }
  if (missing) return fail(missingInput(missing));

  const sizes: SymbolSizes = new Map();
  const batches = new Set<number>();
  const feeds: Record<string, Tensor> = {};
  for (const spec of inputs) {
    const value = given[spec.name];
    if (value === undefined) return fail(missingInput(spec));
    const tensor = read(spec, value, sizes);
    if (!tensor.ok) return tensor;
    feeds[spec.name] = tensor.value;
    const [leading] = spec.shape;
    const [size] = tensor.value.dims;
    if (typeof leading !== "number" && leading !== undefined && size !== undefined)
      batches.add(size);
  }
  const [batch = null] = batches;
  return ok({ feeds, batch: batches.size === 1 ? batch : null });
}

const missingInput = (spec: TensorSpec): InputProblem => ({
  code: "input_missing",
  input: spec.name,
  expected: describeSpec(spec),
  found: "nothing",
});
