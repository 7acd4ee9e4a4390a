import type { ModelRef } from "../../../contract/inference.ts";
import { BUILT_OPSET } from "../../../domain/onnx/graph-builder.ts";
import type { Node } from "../../../domain/onnx/model.ts";
import { newNode } from "../../../domain/onnx/rewrite/new-node.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import { modelFile, port } from "../../fixtures/model-file.ts";

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

/** A model of one operator from `x` to `y`, both float32 vectors; it need not exist. */
export const unary = (opType: string, changes: Partial<Node> = {}): Uint8Array => {
  const node = { ...newNode(opType, ["x"], ["y"]), ...changes };
  const opsets = [{ version: BUILT_OPSET }];
  return modelFile(
    { inputs: [port("x")], outputs: [port("y")], nodes: [node] },
    node.domain === undefined ? opsets : [...opsets, { domain: node.domain, version: 1 }],
  );
};

/** A model that no bucket holds. */
export const absent = (key: string): ModelRef => ({ sha256: "0".repeat(64), key, size_bytes: 10 });
