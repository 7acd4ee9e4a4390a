import * as ort from "onnxruntime-web/wasm";
import { writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import type { ElementType, Tensor } from "../../../../domain/tensors/tensor.ts";

ort.env.wasm.numThreads = 1;

/** Runs a model once on ONNX Runtime's WebAssembly build, the engine that serves. */
export async function runOnWasm(
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const session = await ort.InferenceSession.create(writeModel(model), { logSeverityLevel: 4 });
  try {
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, { type, data, dims }]) => [
        name,
        // A float16 is held as its bits, which ONNX Runtime takes as they are.
        new ort.Tensor(type as "float32", data as Float32Array, dims),
      ]),
    );
    const outputs = await session.run(inputs);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { type, data, dims }]) => [
        name,
        { type: type as ElementType, data, dims: [...dims] },
      ]),
    );
  } finally {
    await session.release();
  }
}
