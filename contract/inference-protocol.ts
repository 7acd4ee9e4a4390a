import * as z from "zod";

/** The wire of the Open Inference Protocol V2, as far as Linnet writes it down for OpenAPI. */
const TensorMetadata = z
  .object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) })
  .meta({ id: "InferenceTensorMetadata" });

export const ServerMetadata = z
  .object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) })
  .meta({ id: "InferenceServerMetadata" });

export const ModelMetadata = z
  .object({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(TensorMetadata),
    outputs: z.array(TensorMetadata),
  })
  .meta({ id: "InferenceModelMetadata" });

export const ModelReady = z
  .object({ name: z.string(), ready: z.boolean() })
  .meta({ id: "InferenceModelReady" });

/** Only for OpenAPI: a body is read by `domain/inference-protocol`, as it may end in raw bytes. */
export const INFER_REQUEST = {
  type: "object",
  required: ["inputs"],
  properties: {
    id: { type: "string" },
    parameters: { type: "object" },
    inputs: { type: "array", items: { type: "object" } },
    outputs: { type: "array", items: { type: "object" } },
  },
  example: { inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [0.5, 1] }] },
} satisfies z.core.JSONSchema.JSONSchema;

const InferTensor = z.looseObject({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int()),
  data: z.array(z.unknown()).optional(),
});

export const InferAnswer = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    outputs: z.array(InferTensor),
  })
  .meta({ id: "InferenceResponse" });
