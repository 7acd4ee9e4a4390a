import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { readModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import {
  fromTensor,
  isNumbers,
  numbers,
  type Numbers,
  type Value,
} from "../../../../domain/onnx/interpret/array.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import type { Loss } from "../../../../domain/onnx/train/loss.ts";
import type { Optimiser } from "../../../../domain/onnx/train/optimiser.ts";
import { countOf, type Tensor } from "../../../../domain/tensors/tensor.ts";
import gradients from "../../vectors/onnx/torch-gradients.json" with { type: "json" };
import trainings from "../../vectors/onnx/torch-training.json" with { type: "json" };

type Values = { dims: number[]; data: number[] };

/** A model that predicts; `tests/unit/vectors/onnx/README.md` says what is stored of it. */
export type GradientVectors = {
  name: string;
  opset: number;
  /** `classes`: the input holds whole numbers below it. */
  x: { dims: number[]; classes?: number };
  /** How many numbers are learnt. */
  parameters: number;
  outputs: Values[];
  /** By the names of inputs and initializers. */
  gradients: Record<string, number[]>;
};

export type TrainingVectors = {
  model: string;
  rate: number;
  optimiser: Optimiser;
  loss: Loss;
  clip_norm?: number;
  x: { dims: number[] };
  parameters: number;
  losses: number[];
  /** After the last step, by the names of the initializers. */
  weights: Record<string, number[]>;
  statistics?: Record<string, number[]>;
  output: Values;
  evaluation_loss: number;
};

export const GRADIENTS = gradients as unknown as GradientVectors[];
export const TRAININGS = trainings as TrainingVectors[];

export const torchModel = (name: string): Model =>
  readModel(
    readFileSync(new URL(`../../vectors/onnx/torch-${name}.onnx`, import.meta.url)).subarray(),
  );

/** The formula of `make-vectors.py`: whole numbers below 4093. */
const wholeAt = (index: number, salt: number): number =>
  ((index + salt) ** 2 * 37 + index * 101) % 4093;

const made = (type: Numbers["type"], dims: number[], at: (index: number) => number): Numbers =>
  numbers(
    type,
    dims,
    Array.from({ length: countOf(dims) }, (_, index) => at(index)),
  );

/** Numbers from -1 to below 1 that float32 holds exactly. */
export const pattern = (dims: number[], salt: number): Numbers =>
  made("float32", dims, (index) => wholeAt(index, salt) / 2048 - 1);

/** Whole numbers below `count`. */
export const classes = (
  dims: number[],
  salt: number,
  count: number,
  type: Numbers["type"] = "int64",
): Numbers => made(type, dims, (index) => wholeAt(index, salt) % count);

/** A dropout mask: a quarter is left out, and the others make up for it. */
export const maskOf = (dims: number[], salt: number): Numbers =>
  made("float32", dims, (index) => (wholeAt(index, salt) % 4 === 0 ? 0 : 4 / 3));

export function numbersOf(value: Value | Tensor | undefined): Numbers {
  const found = value && "data" in value && !(value.data instanceof Float64Array);
  const read = found ? fromTensor(value as Tensor) : (value as Value | undefined);
  if (read && isNumbers(read)) return read;
  throw new Error("no numbers");
}

/** The largest difference, relative to the largest number that is expected (at least `floor`). */
export function expectNumbers(
  found: ArrayLike<number>,
  expected: readonly number[],
  { within, floor = 1e-2, of }: { within: number; floor?: number; of: string },
): void {
  expect(found.length, of).toBe(expected.length);
  const scale = Math.max(floor, ...expected.map(Math.abs));
  const differences = expected.map((value, at) => Math.abs(value - (found[at] ?? NaN)));
  const largest = differences.reduce((a, b) => (b <= a ? a : b), 0);
  expect(largest / scale, of).toBeLessThan(within);
}
