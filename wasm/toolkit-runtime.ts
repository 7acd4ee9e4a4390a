import type { Runtime } from "../domain/onnx/runtime.ts";
import { OnnxSession } from "./onnx-session.ts";
import { OnnxError, type OnnxRuntime } from "./onnxruntime.ts";

/** A model that opened and failed on what it was fed. */
export class OnnxRunFailed extends OnnxError {}

/**
 * ONNX Runtime as the toolkit takes it. A model that does not open
 * rejects with `OnnxError`, one that fails with `OnnxRunFailed`, one that traps with
 * `OnnxRuntimeLost`.
 */
export const toolkitRuntime = (runtime: OnnxRuntime): Runtime => ({
  name: "wasm",
  async open(model) {
    const session = OnnxSession.open(runtime, model);
    return {
      run: async (feeds, outputs) => explainingRuns(() => session.run(feeds, outputs)),
      release: () => session.release(),
    };
  },
});

function explainingRuns<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof OnnxError) throw new OnnxRunFailed(error.message, { cause: error });
    throw error;
  }
}
