import { expect } from "vitest";
import { gradientName } from "../../../../domain/onnx/gradient/differentiate.ts";
import { tensorFact } from "../../../../domain/onnx/infer/fact.ts";
import {
  fromTensor,
  isNumbers,
  toTensor,
  type Numbers,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { profilesOf, type GradientCase } from "./gradient-check.ts";
import { builtCase, gradientsFor } from "./gradients-for.ts";
import { normals, randomOf, SEED } from "./random-numbers.ts";
import { runOnWasm } from "./wasm-runtime.ts";

const TOLERANCE = 2e-5;

/**
 * Runs the forward graph and the emitted gradient in float32 on ONNX Runtime and holds every output
 * against the interpreter's float64. The error of each element is relative to the largest element
 * of its tensor (at least 1). Inputs of floats become float32.
 */
export async function checkOnWasm(gradientCase: GradientCase): Promise<void> {
  const { name } = gradientCase;
  const inputs = Object.fromEntries(
    Object.entries(gradientCase.inputs).map(([input, value]) => [input, asFloat32(value)]),
  );
  const { b, of } = builtCase(gradientCase, inputs);
  // Without a shape: before opset 22 ONNX Runtime counts a last window that it then leaves out.
  b.output(of, of, tensorFact("float32", null));
  const with_respect_to =
    gradientCase.with_respect_to ??
    Object.keys(inputs).filter((input) => inputs[input]?.type === "float32");
  const model = b.model();
  const y = interpret(model, inputs)[of];
  if (y === undefined || !isNumbers(y)) throw new Error("no numbers");
  const direction = asFloat32(normals(randomOf(name), y.dims));
  const options = { of, with_respect_to, seed: "input", keep_outputs: true } as const;
  for (const { profiles, gradient } of gradientsFor(model, options, profilesOf(gradientCase))) {
    const feeds = { ...inputs, [gradientName(of)]: direction };
    const expected = interpret(gradient, feeds);
    const found = await runOnWasm(
      gradient,
      Object.fromEntries(Object.entries(feeds).map(([input, value]) => [input, toTensor(value)])),
    );
    for (const [output, value] of Object.entries(expected)) {
      const message = `${name}: ${output} for ${profiles}, SEED=${SEED}`;
      const tensor = found[output];
      if (!isNumbers(value) || tensor === undefined) throw new Error(message);
      expect(tensor.dims, message).toEqual(value.dims);
      const { data } = fromTensor(tensor);
      const scale = Math.max(1, ...value.data.map(Math.abs));
      const worst = Math.max(
        0,
        ...value.data.map((element, index) => Math.abs(element - Number(data[index]))),
      );
      expect(worst / scale, message).toBeLessThan(TOLERANCE);
    }
  }
}

const asFloat32 = (value: Numbers): Numbers =>
  value.type === "float64"
    ? { ...value, type: "float32", data: value.data.map(Math.fround) }
    : value;
