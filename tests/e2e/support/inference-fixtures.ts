import type { ModelRef } from "../../../contract/inference.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import { onnxModel, type OnnxNode } from "../../fixtures/onnx-writer.ts";

export const float32 = (data: number[], dims = [data.length]): Tensor => ({
  type: "float32",
  dims,
  data: Float32Array.from(data),
});

export const int32 = (value: number): Tensor => ({
  type: "int32",
  dims: [1],
  data: Int32Array.of(value),
});

/** A model of one operator from `x` to `y`, both float32 vectors. */
export const unary = (op: string, node: Partial<OnnxNode> = {}): Uint8Array =>
  onnxModel({
    inputs: [{ name: "x", type: "float32", shape: ["n"] }],
    outputs: [{ name: "y", type: "float32", shape: ["n"] }],
    nodes: [{ op, inputs: ["x"], outputs: ["y"], ...node }],
  });

/** A model that no bucket holds. */
export const absent = (key: string): ModelRef => ({ sha256: "0".repeat(64), key, size_bytes: 10 });
