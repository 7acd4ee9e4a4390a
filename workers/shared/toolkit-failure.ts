import type { ComputeError } from "../../contract/compute.ts";
import type { ModelRef } from "../../contract/inference.ts";
import { OnnxFault } from "../../domain/onnx/onnx-fault.ts";
import { OnnxPortUnsupported } from "../../wasm/onnx-session.ts";
import { OnnxError, OnnxRuntimeLost } from "../../wasm/onnxruntime.ts";
import { OnnxRunFailed } from "../../wasm/toolkit-runtime.ts";
import { tooLarge } from "./model-bytes.ts";
import { isOutOfMemory, openFailure, readableReason } from "./onnx-failure.ts";

/**
 * What work with the toolkit was refused for; a bug is thrown on. What ONNX Runtime itself refused
 * is told as it is of a prediction.
 */
export function toolkitFailure(
  thrown: unknown,
  { size_bytes }: ModelRef,
  maxModelBytes: number,
): ComputeError {
  const error = runtimeErrorIn(thrown);
  if (error instanceof OnnxFault) return { code: "toolkit", problem: error.problem };
  if (error instanceof OnnxPortUnsupported)
    return { code: "model_io_unsupported", name: error.port, type: error.type };
  if (error instanceof OnnxRuntimeLost)
    return { code: "inference_failed", reason: `ONNX Runtime crashed: ${error.message}` };
  if (!(error instanceof OnnxError)) throw error;
  if (isOutOfMemory(error.message)) return tooLarge(size_bytes, maxModelBytes);
  return error instanceof OnnxRunFailed
    ? { code: "inference_failed", reason: readableReason(error.message) }
    : openFailure(error.message);
}

const runtimeErrorIn = (thrown: unknown): unknown =>
  thrown instanceof OnnxFault && thrown.cause !== undefined ? thrown.cause : thrown;
