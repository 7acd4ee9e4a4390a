import { createHash } from "node:crypto";
import type {
  InferenceError,
  InferenceState,
  Inspected,
  ModelRef,
  RunResult,
} from "../../../contract/inference.ts";
import type { Result } from "../../../domain/result.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import {
  buildInference as build,
  runBuiltInference,
  type Limits,
  type LogLine,
} from "../../fixtures/built-inference.ts";

export type Inference = {
  /** Puts bytes into the bucket under their hash and names them. */
  store(bytes: Uint8Array, key?: string): Promise<ModelRef>;
  inspect(model: ModelRef): Promise<Result<Inspected, InferenceError>>;
  run(
    model: ModelRef,
    feeds: Record<string, Tensor>,
    options?: { outputs?: string[]; signal?: AbortSignal },
  ): Promise<Result<RunResult, InferenceError>>;
  state(): Promise<InferenceState>;
  /** Status of a plain HTTP request to the Worker. */
  publicStatus(): Promise<number>;
  /** The Worker's structured log lines so far. */
  logs(): LogLine[];
  stop(): Promise<void>;
};

const OUTPUT = "dist/tests/inference";

/** Typed arrays travel between this process and the caller Worker as arrays of texts. */
const CALLER = `
const ARRAYS = { float32: Float32Array, float64: Float64Array, float16: Uint16Array, int8: Int8Array,
  uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array,
  int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array };
const isBig = (type) => type === "int64" || type === "uint64";
const parse = (t) => t.type === "string" ? t
  : { ...t, data: ARRAYS[t.as ?? t.type].from(t.data, isBig(t.type) ? BigInt : Number) };
const print = (t) => ({ ...t, array: t.data.constructor.name, data: Array.from(t.data, String) });
const each = (tensors, change) =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, change(t)]));
const trace = { request_id: "req_test", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/public") return env.PUBLIC.fetch("https://inference/");
    const { method, model, feeds, outputs } = await request.json();
    if (method === "state") return Response.json(await env.INFERENCE.state());
    if (method === "inspect") return Response.json(await env.INFERENCE.inspect(model, trace));
    const result = await env.INFERENCE.run(model, each(feeds, parse), trace, outputs);
    if (result.ok) result.value = { ...result.value, outputs: each(result.value.outputs, print) };
    return Response.json(result);
  },
};`;

export const buildInference = (): Promise<void> => build(OUTPUT);

/** Runs the built Worker behind a caller that is bound to its RPC entrypoint. */
export async function startInference(limits: Limits): Promise<Inference> {
  const built = await runBuiltInference(OUTPUT, CALLER, limits);

  const call = async (body: object, signal?: AbortSignal) => {
    const init = { method: "POST", body: JSON.stringify(body), ...(signal && { signal }) };
    const response = await fetch(built.url, init);
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  return {
    async store(bytes, key) {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const model = { sha256, key: key ?? `models/${sha256}`, size_bytes: bytes.length };
      await built.put(model.key, bytes, sha256);
      return model;
    },
    inspect: (model) => call({ method: "inspect", model }),
    async run(model, feeds, { outputs, signal } = {}) {
      const printed = Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [
          name,
          { ...tensor, data: Array.from(tensor.data, String) },
        ]),
      );
      return call({ method: "run", model, feeds: printed, outputs }, signal);
    },
    state: () => call({ method: "state" }),
    publicStatus: async () => (await fetch(new URL("/public", built.url))).status,
    logs: () => built.logs(),
    stop: () => built.stop(),
  };
}
