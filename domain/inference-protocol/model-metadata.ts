import type { Signature, TensorSpec } from "../tensors/tensor.ts";
import { DATATYPES, type Datatype } from "./datatypes.ts";

/** A tensor's metadata; a size that is free is -1. */
export type TensorMetadata = { name: string; datatype: Datatype; shape: number[] };

export type ModelMetadata = {
  name: string;
  versions: string[];
  platform: string;
  inputs: TensorMetadata[];
  outputs: TensorMetadata[];
};

/**
 * The answer to `GET /v2/models/{name}`. The platform is the protocol's name for a model that
 * ONNX Runtime runs; Triton itself says `onnxruntime_onnx`.
 */
export const modelMetadata = (
  name: string,
  versions: string[],
  { inputs, outputs }: Signature,
): ModelMetadata => ({
  name,
  versions,
  platform: "onnx_onnxv1",
  inputs: inputs.map(tensorMetadata),
  outputs: outputs.map(tensorMetadata),
});

const tensorMetadata = ({ name, type, shape }: TensorSpec): TensorMetadata => ({
  name,
  datatype: DATATYPES[type],
  shape: shape.map((dimension) => (typeof dimension === "number" ? dimension : -1)),
});
