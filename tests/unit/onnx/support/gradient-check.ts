import { expect } from "vitest";
import { gradientName } from "../../../../domain/onnx/gradient/differentiate.ts";
import type { Profile } from "../../../../domain/onnx/gradient/gradient-call.ts";
import type { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { isNumbers, type Numbers, type Value } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { builtCase, gradientsFor } from "./gradients-for.ts";
import { normals, randomOf, SEED } from "./random-numbers.ts";

export type GradientCase = {
  name: string;
  /** The inputs by name; those of floats are differentiated unless `with_respect_to` says else. */
  inputs: Record<string, Numbers>;
  /** Adds the operator to a graph that has the inputs, and answers with the tensor to differentiate. */
  build: (b: GraphBuilder) => string;
  with_respect_to?: string[];
  profiles?: Profile[];
  /** Declares the first size of every input as a symbol, as a model with a free batch does. */
  symbolic?: boolean;
};

export const profilesOf = ({ profiles = ["native", "wasm", "webgpu"] }: GradientCase): Profile[] =>
  profiles;

const STEP = 1e-5;
const TOLERANCE = 1e-6;

/**
 * Holds the emitted gradient graph against central finite differences, both in float64 through the
 * interpreter, along the random direction `r` of the outputs: d(sum(r y))/dx. The error of each
 * element is relative to the largest element of its gradient (at least 1).
 */
export function checkGradient(gradientCase: GradientCase): void {
  const { name, inputs } = gradientCase;
  const { b, of } = builtCase(gradientCase, inputs);
  b.output(of);
  const model = b.model();
  const with_respect_to =
    gradientCase.with_respect_to ??
    Object.keys(inputs).filter((input) => inputs[input]?.type === "float64");

  const value = numbersOf(interpret(model, inputs)[of]);
  const direction = normals(randomOf(name), value.dims);
  const expected = new Map(
    with_respect_to.map((input) => [input, finiteDifferences(model, of, inputs, input, direction)]),
  );
  const options = { of, with_respect_to, seed: "input" } as const;
  for (const { profiles, gradient } of gradientsFor(model, options, profilesOf(gradientCase))) {
    const found = interpret(gradient, { ...inputs, [gradientName(of)]: direction });
    for (const [input, differences] of expected) {
      const { dims, data } = numbersOf(found[gradientName(input)]);
      const message = `${name}: d/d${input} for ${profiles}, SEED=${SEED}`;
      expect(dims, message).toEqual(inputs[input]?.dims);
      const scale = Math.max(1, ...differences.map(Math.abs));
      const worst = Math.max(
        0,
        ...differences.map((d, index) => Math.abs(d - (data[index] ?? NaN))),
      );
      expect(worst / scale, message).toBeLessThan(TOLERANCE);
    }
  }
}

function finiteDifferences(
  model: Model,
  of: string,
  inputs: Record<string, Numbers>,
  input: string,
  direction: Numbers,
): number[] {
  const { data } = numbersOf(inputs[input]);
  const projected = (index: number, step: number): number => {
    const moved = data.slice();
    moved[index] = (moved[index] ?? 0) + step;
    const feeds = { ...inputs, [input]: { ...numbersOf(inputs[input]), data: moved } };
    return numbersOf(interpret(model, feeds)[of]).data.reduce(
      (sum, y, at) => sum + y * (direction.data[at] ?? 0),
      0,
    );
  };
  return Array.from(
    data,
    (_, index) => (projected(index, STEP) - projected(index, -STEP)) / (2 * STEP),
  );
}

function numbersOf(value: Value | undefined): Numbers {
  if (value && isNumbers(value)) return value;
  throw new Error("no numbers");
}
