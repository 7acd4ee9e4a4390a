import { readModel, writeModel } from "../../onnx/codec/onnx-file.ts";
import type { Model } from "../../onnx/model.ts";
import { attempt } from "../../onnx/onnx-fault.ts";
import { makeBatchDynamic } from "../../onnx/rewrite/make-batch-dynamic.ts";
import { fixedBatchOf, type Feeds } from "../../onnx/rows.ts";
import { openModel, type OpenModel, type Runtime } from "../../onnx/runtime.ts";
import { summarise } from "../../onnx/summarise.ts";
import type { Signature } from "../../tensors/tensor.ts";
import { ExplainFault } from "../explain-fault.ts";
import { layoutOf, type RowLayout } from "../rows.ts";
import { rowsAtOnce, type ScoreOptions } from "../score.ts";
import { Kept } from "./kept.ts";
import { numericFeeds, preparationOf, type Preparation } from "./prepared-rows.ts";

export type InputKind = "table" | "signal" | "image";

/** A model that is open to be explained. */
export type Subject = {
  readonly runtime: Runtime;
  /** Takes any number of rows wherever that could be arranged. */
  readonly model: Model;
  readonly signature: Signature;
  readonly open: OpenModel;
  readonly layout: RowLayout;
  readonly kind: InputKind;
  /** One for each number of a row. */
  readonly feature_names: readonly string[];
  readonly class_names: readonly string[] | null;
  /** The leading size that the model insists on. */
  readonly fixed_batch: number | null;
  /** As many as their activations fit the memory that a Worker has for them. */
  readonly rows_at_once: number;
  /** Multiply-accumulates that a row costs, or a lower bound of them. */
  readonly macs_per_row: number;
  readonly preparation: Preparation;
  readonly kept: Kept;
};

/** `example` are instances, whose sizes stand for those that the model leaves free. */
export async function openSubject(
  runtime: Runtime,
  bytes: Uint8Array,
  signature: Signature,
  example: Feeds,
): Promise<Subject> {
  const file = readModel(bytes);
  const preparation = preparationOf(file);
  const layout = layoutOf(signature, numericFeeds(signature, preparation, example).feeds);
  const freed = fixedBatchOf(file) === undefined ? null : attempt(() => makeBatchDynamic(file));
  const model = freed?.ok === true ? freed.value : file;
  const open = await openModel(runtime, model === file ? bytes : writeModel(model));
  return {
    runtime,
    model,
    signature,
    open,
    layout,
    kind: kindOf(layout),
    feature_names: namesIn(layout, preparation),
    class_names: preparation.description?.class_names ?? null,
    fixed_batch: fixedBatchOf(model) ?? null,
    ...costsOf(model, layout),
    preparation,
    kept: new Kept(),
  };
}

/** Those of the file, where they are as many as a row has numbers: the vector of a text has names of its own. */
function namesIn(layout: RowLayout, { description }: Preparation): string[] {
  const names = description?.feature_names ?? [];
  return names.length === layout.size ? [...names] : namesOf(layout);
}

export async function releaseSubject({ open, kept }: Subject): Promise<void> {
  await kept.release();
  await open.release();
}

/** How the model is run on many rows. */
export const runOptions = ({ rows_at_once, fixed_batch }: Subject): ScoreOptions => ({
  rows_at_once,
  ...(fixed_batch !== null && { fixed_batch }),
});

function kindOf({ ports }: RowLayout): InputKind {
  const [port, ...others] = ports;
  if (port === undefined || others.length > 0 || port.type === "string") return "table";
  if (port.shape.length === 3) return "image";
  return port.shape.length === 2 ? "signal" : "table";
}

/** As they were given, the input's own name where it is one number, else `input[3]` or `input[0,17]`. */
export function namesOf({ ports, size }: RowLayout, given?: readonly string[]): string[] {
  if (given !== undefined) return checked(given, size);
  return ports.flatMap(({ name, shape, count }) =>
    count === 1
      ? [name]
      : Array.from({ length: count }, (_, at) => `${name}[${positionIn(shape, at).join(",")}]`),
  );
}

function checked(given: readonly string[], size: number): string[] {
  if (given.length !== size)
    throw new ExplainFault(
      "option_invalid",
      `'feature_names' has ${given.length} names where the model takes ${size} values a row`,
      "feature_names",
    );
  const twice = given.find((name, at) => given.indexOf(name) !== at);
  if (twice === undefined) return [...given];
  throw new ExplainFault(
    "option_invalid",
    `'feature_names' has '${twice}' twice; each feature needs a name of its own`,
    "feature_names",
  );
}

function positionIn(shape: readonly number[], at: number): number[] {
  let rest = at;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .toReversed();
}

/** Activations of one run may take this much of a Worker's heap. */
const ACTIVATION_BYTES = 16_000_000;
/** What moving a row through the runtime costs at least. */
const LEAST_MACS = 1_000;

function costsOf(model: Model, layout: RowLayout): Pick<Subject, "macs_per_row" | "rows_at_once"> {
  const summary = attempt(() => summarise(model, { fileBytes: 0 }));
  const { macs, activations } = summary.ok
    ? summary.value
    : { macs: 0, activations: { peak_bytes: 0 } };
  const fitting = Math.floor(ACTIVATION_BYTES / Math.max(1, activations.peak_bytes));
  return {
    macs_per_row: Math.max(LEAST_MACS, macs),
    rows_at_once: rowsAtOnce(layout, fitting),
  };
}
