import { createRequire } from "node:module";
import type { Runtime } from "../../../domain/onnx/runtime.ts";
import type { ElementType, TensorData } from "../../../domain/tensors/tensor.ts";

type NativeTensor = { type: ElementType; dims: readonly number[]; data: TensorData };
type NativeSession = {
  readonly outputNames: readonly string[];
  run(
    feeds: Record<string, NativeTensor>,
    outputs: readonly string[],
  ): Promise<Record<string, NativeTensor>>;
  release(): Promise<void>;
};
type Native = {
  Tensor: new (type: string, data: TensorData, dims: readonly number[]) => NativeTensor;
  InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<NativeSession>;
  };
};

// The package is there for benchmarks only, so that its types are not.
const ort = createRequire(import.meta.url)("onnxruntime-node") as Native;

/** ONNX Runtime as a native library, on one thread as in the Worker. */
export const nativeRuntime: Runtime = {
  name: "native",
  profile: "native",
  async open(model) {
    const session = await ort.InferenceSession.create(model, {
      logSeverityLevel: 3,
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    return {
      run: async (feeds, outputs) => {
        const given = Object.fromEntries(
          Object.entries(feeds).map(([name, { type, data, dims }]) => [
            name,
            new ort.Tensor(type, data, dims),
          ]),
        );
        const found = await session.run(given, outputs ?? session.outputNames);
        return Object.fromEntries(
          Object.entries(found).map(([name, { type, dims, data }]) => [
            name,
            { type, dims: [...dims], data },
          ]),
        );
      },
      release: () => session.release(),
    };
  },
};
