import { FlatTensor } from "../../../contract/optimize.ts";
import { fail, type Result } from "../../../domain/result.ts";
import { collectFeeds } from "../../../domain/tensors/collect-feeds.ts";
import type { SymbolSizes } from "../../../domain/tensors/check-dimensions.ts";
import { tensorFromFlat, tensorFromNested } from "../../../domain/tensors/from-nested.ts";
import { describeValue, type InputProblem } from "../../../domain/tensors/input-problem.ts";
import type { Signature, Tensor, TensorSpec } from "../../../domain/tensors/tensor.ts";
import { ApiProblem } from "../http/problem.ts";
import { inputProblem } from "../prediction/inference-problem.ts";

type Given = { inputs: Record<string, unknown>; labels?: unknown[] | undefined };
export type Data = { inputs: Record<string, Tensor>; labels?: Tensor };

/** Rows for calibration and comparison, with what is right for each where that is given. */
export function readData(signature: Signature, { inputs, labels }: Given): Data {
  const feeds = readRows(signature, inputs);
  if (labels === undefined) return { inputs: feeds };
  const read = readLabels(labels);
  const [first] = signature.inputs;
  const rows = first && feeds[first.name]?.dims[0];
  if (first && rows !== undefined && rows !== labels.length)
    throw new ApiProblem(
      "optimization_invalid",
      `'data.labels' has ${labels.length} entries where 'data.inputs.${first.name}' has ${rows} rows; give one for each`,
    );
  return { inputs: feeds, labels: read };
}

/** Any number of rows for each input, also of a model that fixes how many it takes at once. */
export function readRows(
  { inputs, outputs }: Signature,
  given: Record<string, unknown>,
): Record<string, Tensor> {
  const free = inputs.map((spec) => ({ ...spec, shape: withFreeRows(spec) }));
  const fed = collectFeeds({ inputs: free, outputs }, given, readTensor);
  if (!fed.ok) throw inputProblem(fed.error);
  return fed.value.feeds;
}

const withFreeRows = ({ shape: [rows, ...rest] }: TensorSpec): TensorSpec["shape"] =>
  rows === undefined ? [] : [typeof rows === "number" ? null : rows, ...rest];

function readTensor(
  spec: TensorSpec,
  value: unknown,
  sizes: SymbolSizes,
): Result<Tensor, InputProblem> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return tensorFromNested(spec, value, sizes);
  const flat = FlatTensor.safeParse(value);
  const refuse = (code: "input_shape" | "input_type", expected: string, found: string) =>
    fail({ code, input: spec.name, expected, found });
  if (!flat.success)
    return refuse(
      "input_shape",
      "a nested array, or {dtype?, shape, data} with a shape of whole numbers and a list of values",
      describeValue(value),
    );
  const { dtype = spec.type, shape, data } = flat.data;
  if (dtype !== spec.type) return refuse("input_type", spec.type, dtype);
  return tensorFromFlat(spec, shape, data, sizes);
}

/** Classes as whole numbers, texts or booleans; numbers, or lists of them, otherwise. */
function readLabels(labels: unknown[]): Tensor {
  const values = labels.flat();
  if (values.includes(null))
    throw new ApiProblem("optimization_invalid", "'data.labels' has a null; leave such rows out");
  const type = values.every((value) => typeof value === "string")
    ? "string"
    : values.every((value) => typeof value === "boolean")
      ? "bool"
      : values.every((value) => Number.isInteger(value))
        ? "int64"
        : "float64";
  const read = tensorFromNested({ name: "data.labels", type, shape: [] }, labels, new Map());
  if (read.ok) return read.value;
  const { expected, found, path = "" } = read.error;
  throw new ApiProblem(
    "optimization_invalid",
    `'data.labels'${path}: expected ${expected}, found ${found}`,
  );
}
