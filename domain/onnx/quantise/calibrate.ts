import type { Tensor } from "../../tensors/tensor.ts";
import { writeModel } from "../codec/onnx-file.ts";
import { GraphBuilder } from "../graph-builder.ts";
import { tensorFact } from "../infer/fact.ts";
import type { Model } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { withOpenModel, type Runtime } from "../runtime.ts";
import type { Feeds } from "../rows.ts";
import { union, type Range } from "./affine.ts";
import { addToHistogram, emptyHistogram, entropyRange, percentileRange } from "./histogram.ts";

/** How the range of an activation is found from the values that it takes. */
export type CalibrationOptions =
  /** All values; with a moving average, the batches' ranges smoothed by that weight of each new one. */
  | { method: "min_max"; moving_average?: number }
  /** The range that keeps most of the values' distribution. */
  | { method: "entropy"; bins?: number }
  /** The range that holds so many per cent of the values. */
  | { method: "percentile"; percentile?: number; bins?: number };

/** Gives the same batches each time that it is called: a histogram takes two passes. */
export type Batches = () => Iterable<Feeds> | AsyncIterable<Feeds>;

const BINS = 2048;
const FEWEST_BINS = 128;
/** The entropy of a tensor takes time in the square of the bins. */
const MOST_BINS = 4096;
const PERCENTILE = 99.999;

/**
 * The range of each float32 tensor of the model over the batches, found by running it. For MinMax
 * only two numbers a tensor come back from each run; for the others a second pass fetches the
 * tensors, one batch at a time, into histograms: memory is bounded by a batch and the bins, not by
 * the number of batches. Throws `OnnxFault` without a batch, and where a value is not finite.
 */
export async function calibrate(
  runtime: Runtime,
  model: Model,
  tensors: readonly string[],
  batches: Batches,
  options: CalibrationOptions,
): Promise<Map<string, Range>> {
  checkOptions(options);
  if (tensors.length === 0) return new Map();
  const smoothing = options.method === "min_max" ? options.moving_average : undefined;
  const seen = await minMax(runtime, model, tensors, batches, smoothing);
  if (options.method === "min_max") return seen;
  const { bins = BINS } = options;
  const histograms = new Map([...seen].map(([name, range]) => [name, emptyHistogram(range, bins)]));
  const { opened, copies } = withCopies(model, tensors);
  await withOpenModel(runtime, writeModel(opened), async (open) => {
    for await (const feeds of batches()) {
      const values = await open.run(feeds);
      for (const { tensor, copy } of copies) {
        const histogram = histograms.get(tensor);
        if (histogram) addToHistogram(histogram, numbersOf(tensor, values[copy]));
      }
    }
  });
  return new Map(
    [...histograms].map(([name, histogram]) => {
      const all = seen.get(name) ?? { min: 0, max: 0 };
      return [
        name,
        options.method === "entropy"
          ? entropyRange(histogram, all)
          : percentileRange(histogram, all, options.percentile ?? PERCENTILE),
      ];
    }),
  );
}

async function minMax(
  runtime: Runtime,
  model: Model,
  tensors: readonly string[],
  batches: Batches,
  smoothing: number | undefined,
): Promise<Map<string, Range>> {
  const { probed, probes } = withProbes(model, tensors);
  const ranges = new Map<string, Range>();
  await withOpenModel(runtime, writeModel(probed), async (open) => {
    for await (const feeds of batches()) {
      const values = await open.run(feeds);
      for (const { tensor, min, max, finite } of probes) {
        if (numbersOf(finite, values[finite])[0] !== 0) throw notFinite(tensor);
        const range = {
          min: numbersOf(min, values[min])[0] ?? 0,
          max: numbersOf(max, values[max])[0] ?? 0,
        };
        ranges.set(tensor, combined(ranges.get(tensor), range, smoothing));
      }
    }
  });
  if (ranges.size > 0) return ranges;
  throw new OnnxFault("bad_request", "calibration needs at least one batch of inputs");
}

function combined(known: Range | undefined, next: Range, smoothing: number | undefined): Range {
  if (known === undefined) return next;
  if (smoothing === undefined) return union(known, next);
  return {
    min: known.min + smoothing * (next.min - known.min),
    max: known.max + smoothing * (next.max - known.max),
  };
}

type Probe = { tensor: string; min: string; max: string; finite: string };

/** The model with three scalars for each tensor as its outputs: minimum, maximum, and 0 where all elements are finite. */
function withProbes(
  model: Model,
  tensors: readonly string[],
): { probed: Model; probes: readonly Probe[] } {
  const b = GraphBuilder.extending(model);
  b.clearOutputs();
  const scalar = tensorFact("float32", []);
  const reduced = (operator: string, value: string): string =>
    b.output(b.node(operator, [value], { keepdims: 0 }), undefined, scalar);
  const probes = tensors.map((tensor) => ({
    tensor,
    min: reduced("ReduceMin", tensor),
    max: reduced("ReduceMax", tensor),
    finite: reduced("ReduceSum", b.node("Mul", [tensor, b.scalar(0)])),
  }));
  return { probed: b.model(), probes };
}

/** The model with copies of tensors as its outputs: an input of a graph should not be its output. */
function withCopies(
  model: Model,
  tensors: readonly string[],
): { opened: Model; copies: readonly { tensor: string; copy: string }[] } {
  const b = GraphBuilder.extending(model);
  b.clearOutputs();
  const copies = tensors.map((tensor) => ({
    tensor,
    copy: b.output(b.node("Identity", [tensor]), undefined, b.factOf(tensor)),
  }));
  return { opened: b.model(), copies };
}

function numbersOf(name: string, tensor: Tensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new OnnxFault("unsupported", `'${name}' is not float32, and cannot be calibrated`, {
    tensor: name,
  });
}

const notFinite = (tensor: string): OnnxFault =>
  new OnnxFault(
    "bad_request",
    `'${tensor}' is not finite for the calibration data, so that it has no range; correct the data or exclude the node that makes it`,
    { tensor },
  );

function checkOptions(options: CalibrationOptions): void {
  if (options.method === "min_max") {
    const { moving_average = 1 } = options;
    if (!(moving_average > 0 && moving_average <= 1))
      throw new OnnxFault("bad_request", "'calibration.moving_average' is to be in (0, 1]");
    return;
  }
  const { bins = BINS } = options;
  if (!Number.isInteger(bins) || bins < FEWEST_BINS || bins % 2 !== 0 || bins > MOST_BINS)
    throw new OnnxFault(
      "bad_request",
      `'calibration.bins' is to be an even number from ${FEWEST_BINS} to ${MOST_BINS}`,
    );
  if (options.method === "entropy") return;
  const { percentile = PERCENTILE } = options;
  if (!(percentile > 0 && percentile <= 100))
    throw new OnnxFault("bad_request", "'calibration.percentile' is to be in (0, 100]");
}
