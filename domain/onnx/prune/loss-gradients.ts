import type { Tensor } from "../../tensors/tensor.ts";
import { writeModel } from "../codec/onnx-file.ts";
import { differentiate, gradientName } from "../gradient/differentiate.ts";
import type { Model } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { batchesOf, rowCountOf, type Feeds } from "../rows.ts";
import { withOpenModel, type Runtime } from "../runtime.ts";
import { isFloats } from "../scores.ts";
import { packedValues } from "../train/parameters.ts";
import { range, takeRows } from "../train/samples.ts";
import { evaluationGraph } from "../train/training-graph.ts";

const BATCH = 64;

/**
 * The gradient of the mean loss over labelled rows for every weight, by name: cross entropy for
 * classes, squared error for floats. One run of a gradient graph a batch. Throws `OnnxFault` where
 * an operator has no gradient, and for labels that are neither class numbers nor floats.
 */
export async function lossGradients(
  runtime: Runtime,
  model: Model,
  { inputs, labels }: { inputs: Feeds; labels: Tensor },
): Promise<Record<string, Tensor>> {
  const targets = isFloats(labels) ? labels : classNumbers(labels);
  const loss = { kind: isFloats(labels) ? "mean_squared_error" : "cross_entropy" } as const;
  const graph = evaluationGraph(model, { loss });
  const { parameters, statistics } = graph;
  const gradient = differentiate(graph.model, { of: "loss", with_respect_to: ["parameters"] });
  const weights = {
    parameters: vector(packedValues(model, parameters)),
    ...(statistics.size > 0 ? { statistics: vector(packedValues(model, statistics)) } : {}),
  };
  const count = rowCountOf(model, inputs);
  const sum = new Float64Array(parameters.size);
  await withOpenModel(runtime, writeModel(gradient), async (open) => {
    let from = 0;
    for (const { feeds, rows } of batchesOf(model, inputs, BATCH)) {
      // A batch that the model fixes is filled with its last row; so are its targets.
      const size = Object.values(feeds)[0]?.dims[0] ?? rows;
      const given = range(from, from + size).map((row) => Math.min(row, from + rows - 1));
      const found = await open.run({ ...feeds, ...weights, targets: takeRows(targets, given) });
      const slopes = found[gradientName("parameters")]?.data as Float32Array;
      for (const [at, slope] of slopes.entries()) sum[at] = (sum[at] ?? 0) + slope * rows;
      from += rows;
    }
  });
  return Object.fromEntries(
    parameters.slots.map(({ name, dims, offset, size }) => {
      const data = Float32Array.from(sum.subarray(offset, offset + size), (one) => one / count);
      return [name, { type: "float32", dims: [...dims], data }];
    }),
  );
}

const vector = (data: Float32Array): Tensor => ({ type: "float32", dims: [data.length], data });

function classNumbers({ type, dims, data }: Tensor): Tensor {
  if (type === "string" || Array.isArray(data))
    throw new OnnxFault(
      "bad_request",
      "'data.labels' are texts; the importances 'taylor' and 'snip' need the numbers of classes",
    );
  const classes = BigInt64Array.from(data as Iterable<number | bigint>, (one) => BigInt(one));
  return { type: "int64", dims, data: classes };
}
