import { expect } from "vitest";
import {
  fromTensor,
  isNumbers,
  numbers,
  type Numbers,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { operatorOf } from "../../../../domain/onnx/node.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import type { Random } from "../../../../domain/statistics/random.ts";
import { countOf, type Tensor } from "../../../../domain/tensors/tensor.ts";
import { runOnWasm } from "./wasm-runtime.ts";

/** Standard normal numbers, as float32. */
export const normalTensor = (random: Random, dims: number[], scale = 1): Tensor =>
  floatTensor(
    dims,
    Array.from({ length: countOf(dims) }, () => random.normal() * scale),
  );

/** The operators of the main graph in their order. */
export const operatorsOf = ({ graph }: Model): string[] => graph.nodes.map(operatorOf);

export type Feeds = Readonly<Record<string, Tensor>>;

/** Holds a rewritten model against the original through the float64 interpreter. */
export function expectSame(
  original: Model,
  rewritten: Model,
  feeds: Feeds,
  tolerance = 1e-6,
): void {
  const given = Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [name, fromTensor(tensor)]),
  );
  compare(interpret(original, given), interpret(rewritten, given), tolerance);
}

/** As `expectSame`, on the real runtime. */
export async function expectSameOnWasm(
  original: Model,
  rewritten: Model,
  feeds: Feeds,
  tolerance = 1e-5,
): Promise<void> {
  const expected = await runOnWasm(original, feeds);
  compare(values(expected), values(await runOnWasm(rewritten, feeds)), tolerance);
}

const values = (tensors: Record<string, Tensor>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, fromTensor(tensor)]));

function compare(
  expected: Record<string, unknown>,
  found: Record<string, unknown>,
  tolerance: number,
): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    const [a, b] = [numbersOf(value), numbersOf(found[name])];
    expect(b.dims, name).toEqual(a.dims);
    expect(distance(a, b), name).toBeLessThan(tolerance);
  }
}

/** The largest difference of two tensors, relative to the largest number of the first (at least 1). */
export function distance(a: Numbers, b: Numbers): number {
  const scale = Math.max(1, ...a.data.map(Math.abs));
  return Math.max(0, ...a.data.map((value, at) => Math.abs(value - (b.data[at] ?? NaN)))) / scale;
}

function numbersOf(value: unknown): Numbers {
  if (isNumbers(value as Numbers)) return value as Numbers;
  return numbers("undefined", [], []);
}
