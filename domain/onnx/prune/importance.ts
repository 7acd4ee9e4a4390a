import { countOf, type Tensor } from "../../tensors/tensor.ts";
import { seededRandom } from "../../statistics/random.ts";
import { floatsOf } from "../float-values.ts";
import type { StoredTensor } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { storedTensor } from "../stored-tensor.ts";

/**
 * What a weight is worth. With g its gradient: `l1` |w|, `l2` w² (a root over those that go
 * together), `snip` |w g| (Lee et al. 2019), `taylor` |Σ w g| over those that go together
 * (Molchanov et al. 2019), `random` anything.
 */
export type Importance = "l1" | "l2" | "random" | "taylor" | "snip";

export type ImportanceOptions = {
  importance?: Importance;
  /** The gradient of the loss for each weight, by the weight's name, as `differentiate` gives them. */
  gradients?: Readonly<Record<string, Tensor>>;
  /** For `random`. */
  seed?: string | number;
};

/** Scores of single weights, whose sums are finished to one score. */
export type Scorer = {
  of: (weight: StoredTensor) => Float64Array;
  finish: (sum: number) => number;
};

export function scorerOf(options: ImportanceOptions): Scorer {
  const { importance = "l1", seed = 0 } = options;
  const same = (sum: number): number => sum;
  switch (importance) {
    case "l1":
      return { of: (weight) => floatsOf(weight).map(Math.abs), finish: same };
    case "l2":
      return { of: (weight) => floatsOf(weight).map((value) => value * value), finish: Math.sqrt };
    case "random": {
      const random = seededRandom(`prune ${seed}`);
      return {
        of: ({ dims }) => new Float64Array(countOf(dims)).map(() => random.uniform()),
        finish: same,
      };
    }
    case "taylor":
      return { of: (weight) => products(weight, options.gradients), finish: Math.abs };
    case "snip":
      return { of: (weight) => products(weight, options.gradients).map(Math.abs), finish: same };
  }
}

/** Each weight times its gradient. */
function products(weight: StoredTensor, gradients: ImportanceOptions["gradients"]): Float64Array {
  const { name = "", dims } = weight;
  const gradient = gradients?.[name];
  if (gradient === undefined || gradient.dims.join() !== dims.join())
    throw new OnnxFault(
      "bad_request",
      `a gradient of the dims [${dims.join(", ")}] is needed for the weight '${name}'`,
      { tensor: name },
    );
  const slopes = floatsOf(storedTensor(name, gradient));
  return floatsOf(weight).map((value, at) => value * (slopes[at] ?? 0));
}

/** The fraction that is removed; throws where it is none. */
export function amountOf(amount: number | undefined): number {
  const given = amount ?? 0.3;
  if (given >= 0 && given < 1) return given;
  throw new OnnxFault("bad_request", `'amount' is to be at least 0 and below 1, and is ${given}`);
}
