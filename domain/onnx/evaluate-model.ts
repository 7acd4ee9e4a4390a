import type { Tensor } from "../tensors/tensor.ts";
import { readModel } from "./codec/onnx-file.ts";
import type { Model, ValueInfo } from "./model.ts";
import { OnnxFault } from "./onnx-fault.ts";
import { batchesOf, rowCountOf, rowsOf, type Feeds } from "./rows.ts";
import { withOpenModel, type Runtime } from "./runtime.ts";
import { Alikeness, Errors, Hits, isFloats, type Agreement, type Evaluation } from "./scores.ts";

export type EvaluateOptions = {
  /** The output that is judged. Default: one of integers or texts for a class label, else the first. */
  output?: string;
  /** Default: classification for labels of integers, booleans and texts, regression for floats. */
  task?: "classification" | "regression";
  /** From this value on, a single number for a row means class 1. */
  threshold?: number;
  batch_size?: number;
};

export type Comparison = {
  agreement: Agreement;
  /** Null without labels. */
  evaluations: { before: Evaluation; after: Evaluation } | null;
};

const BATCH = 64;
const THRESHOLD = 0.5;

/**
 * How right a model is on labelled rows. A class is the index of the greatest of a row's numbers, 0
 * or 1 by the threshold where there is one float, or the label that the output itself is. Throws
 * `OnnxFault` (bad_request) where labels, inputs and outputs do not fit each other.
 */
export async function evaluateModel(
  runtime: Runtime,
  bytes: Uint8Array,
  { inputs, labels }: { inputs: Feeds; labels: Tensor },
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const model = readModel(bytes);
  const judge = judgeOf(model, inputs, labels, options);
  await withOpenModel(runtime, bytes, async (open) => {
    let from = 0;
    for (const { feeds, rows } of batchesOf(model, inputs, options.batch_size ?? BATCH)) {
      const found = await open.run(feeds, [judge.output]);
      judge.add(rowsIn(judge.output, found, rows), rowsOf(labels, from, rows));
      from += rows;
    }
  });
  return judge.result();
}

/**
 * How far two models that take the same inputs answer alike, output by output, and how right each
 * is where there are labels; each is run once over the data.
 */
export async function compareModels(
  runtime: Runtime,
  files: { before: Uint8Array; after: Uint8Array },
  { inputs, labels }: { inputs: Feeds; labels?: Tensor },
  options: EvaluateOptions = {},
): Promise<Comparison> {
  const model = readModel(files.before);
  const judges = labels && {
    before: judgeOf(model, inputs, labels, options),
    after: judgeOf(model, inputs, labels, options),
  };
  const judged = judges?.before.output ?? judgedOutput(model, options, true);
  const names = model.graph.outputs.flatMap(({ name, type }) =>
    type === undefined || type.kind === "tensor" ? [name] : [],
  );
  const alike = new Alikeness();
  await withOpenModel(runtime, files.before, (before) =>
    withOpenModel(runtime, files.after, async (after) => {
      let from = 0;
      for (const { feeds, rows } of batchesOf(model, inputs, options.batch_size ?? BATCH)) {
        const expected = await before.run(feeds, names);
        const found = await after.run(feeds, names);
        for (const name of names) {
          const pair = [rowsIn(name, expected, rows), rowsIn(name, found, rows)] as const;
          alike.addDifferences(...pair);
          if (name === judged) alike.addClasses(...pair, options.threshold ?? THRESHOLD);
        }
        if (judges && labels) {
          const right = rowsOf(labels, from, rows);
          judges.before.add(rowsIn(judged, expected, rows), right);
          judges.after.add(rowsIn(judged, found, rows), right);
        }
        from += rows;
      }
    }),
  );
  return {
    agreement: alike.result(rowCountOf(model, inputs)),
    evaluations: judges ? { before: judges.before.result(), after: judges.after.result() } : null,
  };
}

/** What holds an output against labels, batch by batch. */
type Judge = {
  output: string;
  add: (output: Tensor, labels: Tensor) => void;
  result: () => Evaluation;
};

function judgeOf(model: Model, inputs: Feeds, labels: Tensor, options: EvaluateOptions): Judge {
  const rows = rowCountOf(model, inputs);
  if (labels.dims[0] !== rows)
    throw new OnnxFault(
      "bad_request",
      `'data.labels' has ${labels.dims[0] ?? "no"} rows where the inputs have ${rows}`,
    );
  const task = options.task ?? (isFloats(labels) ? "regression" : "classification");
  const score =
    task === "classification" ? new Hits(options.threshold ?? THRESHOLD) : new Errors(labels);
  return {
    output: judgedOutput(model, options, task === "classification"),
    add: (output, right) => score.add(output, right),
    result: () => score.result(rows),
  };
}

/** The output that a label is compared with. */
function judgedOutput(model: Model, { output }: EvaluateOptions, wantsLabel: boolean): string {
  const { outputs } = model.graph;
  const isLabel = ({ type }: ValueInfo): boolean =>
    type?.kind === "tensor" && ["int64", "int32", "string"].includes(type.elementType);
  const found =
    output === undefined
      ? ((wantsLabel ? outputs.find(isLabel) : undefined) ?? outputs[0])
      : outputs.find(({ name }) => name === output);
  if (found) return found.name;
  throw new OnnxFault(
    "bad_request",
    `the model has no output '${output ?? ""}'; it has ${outputs.map(({ name }) => name).join(", ")}`,
  );
}

function rowsIn(name: string, outputs: Record<string, Tensor>, rows: number): Tensor {
  const found = outputs[name];
  if (found === undefined)
    throw new OnnxFault("unsupported", `the runtime gives no tensor '${name}'`, { tensor: name });
  if (found.dims.length === 0 || (found.dims[0] ?? 0) < rows)
    throw new OnnxFault(
      "unsupported",
      `'${name}' has the dims [${found.dims.join(", ")}], and not a row for each of ${rows}`,
      { tensor: name },
    );
  return rowsOf(found, 0, rows);
}
