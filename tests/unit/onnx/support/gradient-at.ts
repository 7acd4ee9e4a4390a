import { differentiate, gradientName } from "../../../../domain/onnx/gradient/differentiate.ts";
import type { Profile } from "../../../../domain/onnx/gradient/gradient-call.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { isNumbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";

/** The gradients of the sum of what `build` makes, by the name of each input of floats. */
export function gradientAt(
  inputs: Record<string, Numbers>,
  build: (b: GraphBuilder) => string,
  profile: Profile = "wasm",
): Record<string, number[]> {
  const b = GraphBuilder.empty();
  for (const [name, { type, dims }] of Object.entries(inputs)) b.input(name, type, dims);
  const of = b.output(build(b));
  const with_respect_to = Object.keys(inputs).filter((name) =>
    inputs[name]?.type.startsWith("float"),
  );
  const found = interpret(differentiate(b.model(), { of, with_respect_to, profile }), inputs);
  return Object.fromEntries(
    with_respect_to.map((name) => {
      const value = found[gradientName(name)];
      if (value === undefined || !isNumbers(value)) throw new Error(`no gradient of ${name}`);
      return [name, [...value.data]];
    }),
  );
}
