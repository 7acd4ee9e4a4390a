import { countOf, type Tensor, type TensorData } from "../tensors/tensor.ts";
import { OnnxFault } from "./onnx-fault.ts";
import { float16Value } from "./tensors.ts";

export type Evaluation =
  | { task: "classification"; rows: number; accuracy: number }
  /** `r2` is null where all labels are equal. */
  | { task: "regression"; rows: number; r2: number | null; mae: number; rmse: number };

export type Agreement = {
  rows: number;
  /** Of absolute differences, over all elements of all outputs of floats; infinite where one is not a number. */
  max_difference: number;
  mean_difference: number;
  /** The share of rows for which the judged output names the same class; null for one number a row. */
  same_class: number | null;
};

export const isFloats = ({ type }: Tensor): boolean =>
  type === "float32" || type === "float64" || type === "float16";

const widthOf = ({ dims }: Tensor): number => countOf(dims.slice(1));

/** A number of a tensor, NaN beyond its end; a float16 is held as its bits. */
export function numberAt({ type, data }: { type: string; data: TensorData }, at: number): number {
  const value = Number(data[at] ?? Number.NaN);
  return type === "float16" ? float16Value(value) : value;
}

/** The class that an output names for a row: a label as it is, as text so that all kinds compare. */
function classAt(output: Tensor, row: number, threshold: number): string {
  const width = widthOf(output);
  if (!isFloats(output)) return String(output.data[row * width]);
  if (width === 1) return numberAt(output, row) >= threshold ? "1" : "0";
  let best = 0;
  for (let at = 1; at < width; at += 1)
    if (numberAt(output, row * width + at) > numberAt(output, row * width + best)) best = at;
  return String(best);
}

/** Right classes. */
export class Hits {
  readonly #threshold: number;
  #right = 0;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  add(output: Tensor, labels: Tensor): void {
    if (widthOf(labels) !== 1)
      throw new OnnxFault("bad_request", "'data.labels' is to have one class for each row");
    for (let row = 0; row < labels.data.length; row += 1) {
      const label = isFloats(labels) ? numberAt(labels, row) : labels.data[row];
      if (classAt(output, row, this.#threshold) === String(label)) this.#right += 1;
    }
  }

  result(rows: number): Evaluation {
    return { task: "classification", rows, accuracy: this.#right / rows };
  }
}

/** Errors of numbers. */
export class Errors {
  readonly #spread: number;
  #count = 0;
  #absolute = 0;
  #squared = 0;

  constructor(labels: Tensor) {
    const values = Array.from({ length: labels.data.length }, (_, at) => numberAt(labels, at));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    this.#spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  }

  add(output: Tensor, labels: Tensor): void {
    if (output.data.length !== labels.data.length)
      throw new OnnxFault(
        "bad_request",
        `'data.labels' has ${widthOf(labels)} numbers a row where the output has ${widthOf(output)}`,
      );
    for (let at = 0; at < labels.data.length; at += 1) {
      const error = numberAt(output, at) - numberAt(labels, at);
      this.#count += 1;
      this.#absolute += Math.abs(error);
      this.#squared += error ** 2;
    }
  }

  result(rows: number): Evaluation {
    return {
      task: "regression",
      rows,
      r2: this.#spread === 0 ? null : 1 - this.#squared / this.#spread,
      mae: this.#absolute / this.#count,
      rmse: Math.sqrt(this.#squared / this.#count),
    };
  }
}

/** Differences between the outputs of two models. */
export class Alikeness {
  #count = 0;
  #sum = 0;
  #max = 0;
  #classes = 0;
  #same = 0;

  addDifferences(expected: Tensor, found: Tensor): void {
    if (!isFloats(expected)) return;
    if (expected.data.length !== found.data.length)
      throw new OnnxFault("invalid", "the two models give outputs of different sizes");
    for (let at = 0; at < expected.data.length; at += 1) {
      const [a, b] = [numberAt(expected, at), numberAt(found, at)];
      const apart = Object.is(a, b) ? 0 : Math.abs(a - b);
      const difference = Number.isNaN(apart) ? Infinity : apart;
      this.#count += 1;
      this.#sum += difference;
      this.#max = Math.max(this.#max, difference);
    }
  }

  addClasses(expected: Tensor, found: Tensor, threshold: number): void {
    if (isFloats(expected) && widthOf(expected) === 1) return;
    const rows = expected.dims[0] ?? 0;
    for (let row = 0; row < rows; row += 1) {
      this.#classes += 1;
      if (classAt(expected, row, threshold) === classAt(found, row, threshold)) this.#same += 1;
    }
  }

  result(rows: number): Agreement {
    return {
      rows,
      max_difference: this.#max,
      mean_difference: this.#count === 0 ? 0 : this.#sum / this.#count,
      same_class: this.#classes === 0 ? null : this.#same / this.#classes,
    };
  }
}
