import type { Random } from "../../../../domain/statistics/random.ts";
import { countOf, type Tensor } from "../../../../domain/tensors/tensor.ts";

export const float32 = (dims: readonly number[], make: () => number): Tensor => ({
  type: "float32",
  dims: [...dims],
  data: Float32Array.from({ length: countOf(dims) }, make),
});

/** Standard normal numbers. */
export const normals = (random: Random, dims: readonly number[]): Tensor =>
  float32(dims, () => random.normal());
