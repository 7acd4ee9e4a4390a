import type { NumericData } from "../tensors/element-arrays.ts";
import { countOf, type Dimension, type Tensor, type TensorData } from "../tensors/tensor.ts";
import { factOfType } from "./infer/fact.ts";
import type { Model, OnnxType } from "./model.ts";
import { OnnxFault } from "./onnx-fault.ts";

export type Feeds = Readonly<Record<string, Tensor>>;

/** Inputs for one run, of which the first `rows` are asked for; the others only fill a fixed batch. */
export type Batch = { feeds: Record<string, Tensor>; rows: number };

/** An input that has to be fed. `shape` is null where not even the rank is declared. */
export type ModelInput = { name: string; type: OnnxType; shape: readonly Dimension[] | null };

/** The inputs without a default, as declared. Throws `OnnxFault` for one that is no tensor. */
export function inputsOf({ graph }: Model): ModelInput[] {
  const initialized = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs.flatMap(({ name, type }) => {
    if (initialized.has(name)) return [];
    const fact = factOfType(type);
    if (fact.kind === "tensor") return [{ name, type: fact.type, shape: fact.shape }];
    throw new OnnxFault("unsupported", `the input '${name}' is not a tensor`, { tensor: name });
  });
}

/** The leading size that every run must have, where the model fixes it. */
export function fixedBatchOf(model: Model): number | undefined {
  const size = inputsOf(model)[0]?.shape?.[0];
  return typeof size === "number" ? size : undefined;
}

/** Rows of a data set: the leading size of the model's first input. */
export function rowCountOf(model: Model, inputs: Feeds): number {
  const [first] = inputsOf(model);
  if (first === undefined) throw new OnnxFault("unsupported", "the model has no inputs");
  const rows = given(inputs, first).dims[0];
  if (rows !== undefined && rows > 0) return rows;
  throw new OnnxFault("bad_request", `'data.inputs.${first.name}' has no rows`, {
    tensor: first.name,
  });
}

/**
 * A data set cut along the leading axis into batches of `size` rows, or of the size that the model
 * fixes: then the last is filled up with its own last row. An input that has the very shape that
 * the model fixes for it goes whole into every batch. Throws `OnnxFault` (bad_request) for an input
 * that is missing, of another type, or of another number of rows.
 */
export function* batchesOf(model: Model, inputs: Feeds, size: number): Generator<Batch> {
  const count = rowCountOf(model, inputs);
  const fixed = fixedBatchOf(model);
  const batch = fixed ?? Math.min(size, count);
  if (!Number.isInteger(batch) || batch < 1)
    throw new OnnxFault("bad_request", `a batch is to have 1 row or more, not ${batch}`);
  for (let from = 0; from < count; from += batch) {
    const rows = Math.min(batch, count - from);
    yield { feeds: feedsOf(model, inputs, count, { from, rows, filled: fixed ?? rows }), rows };
  }
}

/** One batch of just `size` rows, the last row repeated where the data set has fewer. */
export function firstBatch(model: Model, inputs: Feeds, size: number): Record<string, Tensor> {
  const count = rowCountOf(model, inputs);
  const rows = Math.min(size, count);
  return feedsOf(model, inputs, count, { from: 0, rows, filled: size });
}

/** Elements of one input of a run: a batch size of a file or a request can ask for more than memory holds. */
const MOST_ELEMENTS = 2 ** 26;

/** Throws `OnnxFault` (too_large) for an input that is not to be made. */
export function refuseLarge(name: string, dims: readonly number[]): void {
  const count = countOf(dims);
  if (count > MOST_ELEMENTS)
    throw new OnnxFault(
      "too_large",
      `the input '${name}' would be [${dims.join(", ")}], which is ${count} elements, over ${MOST_ELEMENTS}`,
      { tensor: name },
    );
}

type Span = { from: number; rows: number; filled: number };

function feedsOf(model: Model, inputs: Feeds, count: number, span: Span): Record<string, Tensor> {
  const feeds = inputsOf(model).map((input) => {
    const tensor = given(inputs, input);
    if (isWhole(tensor, input, count)) return [input.name, tensor] as const;
    if (tensor.dims[0] === count) {
      refuseLarge(input.name, [span.filled, ...tensor.dims.slice(1)]);
      return [input.name, rowsOf(tensor, span.from, span.rows, span.filled)] as const;
    }
    throw new OnnxFault(
      "bad_request",
      `'data.inputs.${input.name}' has ${tensor.dims[0] ?? "no"} rows where the first input has ${count}`,
      { tensor: input.name },
    );
  });
  return Object.fromEntries(feeds);
}

/** `rows` rows from `from` on, filled up to `filled` with the last of them. */
export function rowsOf(tensor: Tensor, from: number, rows: number, filled = rows): Tensor {
  const { type, data } = tensor;
  const [, ...rest] = tensor.dims;
  const width = countOf(rest);
  const taken = data.slice(from * width, (from + rows) * width);
  return {
    type,
    dims: [filled, ...rest],
    data: filled === rows ? taken : repeatedLast(taken, rows, filled, width),
  };
}

function repeatedLast(taken: TensorData, rows: number, filled: number, width: number): TensorData {
  const source = (at: number): number =>
    Math.min(Math.floor(at / width), rows - 1) * width + (at % width);
  if (Array.isArray(taken))
    return Array.from({ length: filled * width }, (_, at) => taken[source(at)] ?? "");
  const Elements = taken.constructor as new (length: number) => NumericData;
  const data = new Elements(filled * width);
  for (let at = 0; at < data.length; at += 1) data[at] = taken[source(at)] ?? 0;
  return data;
}

const isWhole = ({ dims }: Tensor, { shape }: ModelInput, rows: number): boolean =>
  dims[0] !== rows &&
  shape !== null &&
  shape.length === dims.length &&
  shape.every((size, axis) => size === dims[axis]);

function given(inputs: Feeds, { name, type }: ModelInput): Tensor {
  const tensor = inputs[name];
  if (tensor === undefined)
    throw new OnnxFault("bad_request", `'data.inputs.${name}' is missing; the model takes it`, {
      tensor: name,
    });
  if (tensor.type === type) return tensor;
  throw new OnnxFault(
    "bad_request",
    `'data.inputs.${name}' is ${tensor.type}, and the model takes ${type}`,
    { tensor: name },
  );
}
