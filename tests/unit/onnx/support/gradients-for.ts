import { writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import {
  differentiate,
  type DifferentiateOptions,
} from "../../../../domain/onnx/gradient/differentiate.ts";
import type { Profile } from "../../../../domain/onnx/gradient/gradient-call.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Numbers } from "../../../../domain/onnx/interpret/array.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import type { GradientCase } from "./gradient-check.ts";

/** The graph of a case up to the tensor to differentiate, which is no output yet. */
export function builtCase(
  { build, symbolic }: GradientCase,
  inputs: Record<string, Numbers>,
): { b: GraphBuilder; of: string } {
  const b = GraphBuilder.empty();
  for (const [input, { type, dims }] of Object.entries(inputs))
    b.input(input, type, symbolic ? dims.map((size, axis) => (axis === 0 ? "batch" : size)) : dims);
  return { b, of: build(b) };
}

/** The gradient graph for each profile; profiles that have the same one share it. */
export function gradientsFor(
  model: Model,
  options: DifferentiateOptions,
  profiles: readonly Profile[],
): { profiles: string; gradient: Model }[] {
  const gradients = profiles.map((profile) => {
    const gradient = differentiate(model, { ...options, profile });
    return { profile, gradient, file: Buffer.from(writeModel(gradient)).toString("latin1") };
  });
  return [...Map.groupBy(gradients, ({ file }) => file).values()].map((same) => ({
    profiles: same.map(({ profile }) => profile).join(", "),
    gradient: same[0]?.gradient ?? model,
  }));
}
