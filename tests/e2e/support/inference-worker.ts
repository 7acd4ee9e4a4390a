import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { Miniflare } from "miniflare";
import type {
  InferenceError,
  InferenceState,
  ModelRef,
  RunResult,
} from "../../../contract/inference.ts";
import type { Result } from "../../../domain/result.ts";
import type { Signature, Tensor } from "../../../domain/tensors/tensor.ts";

export type Limits = { session_budget: number; max_model: number; heap_limit?: number };
/** The text fields of a log line. */
export type LogLine = Record<string, string>;
export type Inference = {
  /** Puts bytes into the bucket under their hash and names them. */
  store(bytes: Uint8Array, key?: string): Promise<ModelRef>;
  inspect(model: ModelRef): Promise<Result<Signature, InferenceError>>;
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

/** Absolute, because wrangler takes a relative one from the folder of the configuration. */
const OUTPUT = resolve("dist/tests/inference");
const MAIN = "index.js";

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

/** Builds the inference Worker as a deployment would. */
export async function buildInference(): Promise<void> {
  await promisify(execFile)("wrangler", [
    "deploy",
    "--dry-run",
    "--config=workers/inference/wrangler.toml",
    `--outdir=${OUTPUT}`,
  ]);
}

/** Runs the built Worker behind a caller that is bound to its RPC entrypoint. */
export async function startInference(limits: Limits): Promise<Inference> {
  const lines: LogLine[] = [];
  const compatibilityDate = "2026-11-01";
  const miniflare = new Miniflare({
    logRequests: false,
    enableDevRegistry: false,
    // A logged object arrives as text, printed the way Node prints objects.
    handleStructuredLogs: ({ message }) => {
      const pairs = message.matchAll(/(?<name>\w+): '(?<value>[^']*)'/g);
      lines.push(Object.fromEntries([...pairs].map(([, name, value]) => [name, value])));
    },
    workers: [
      {
        config: {
          name: "caller",
          compatibilityDate,
          manifest: {
            mainModule: "caller.js",
            modules: { "caller.js": { type: "esm", contents: CALLER } },
          },
          env: {
            INFERENCE: { type: "worker", worker: "linnet-inference", exportName: "Inference" },
            PUBLIC: { type: "worker", worker: "linnet-inference" },
            MODELS: { type: "r2", name: "linnet-models" },
          },
        },
      },
      {
        config: {
          name: "linnet-inference",
          compatibilityDate,
          manifest: { mainModule: MAIN, modules: await builtModules() },
          env: {
            MODELS: { type: "r2", name: "linnet-models" },
            SESSION_BUDGET_BYTES: { type: "text", value: String(limits.session_budget) },
            MAX_MODEL_BYTES: { type: "text", value: String(limits.max_model) },
            HEAP_LIMIT_BYTES: { type: "text", value: String(limits.heap_limit ?? 72_000_000) },
          },
        },
      },
    ],
  });
  const url = await miniflare.ready;
  const bucket = await miniflare.getR2Bucket("MODELS", "caller");

  const call = async (body: object, signal?: AbortSignal) => {
    const init = { method: "POST", body: JSON.stringify(body), ...(signal && { signal }) };
    const response = await fetch(url, init);
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  return {
    async store(bytes, key) {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const model = { sha256, key: key ?? `models/${sha256}`, size_bytes: bytes.length };
      await bucket.put(model.key, bytes, { sha256 });
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
    publicStatus: async () => (await fetch(new URL("/public", url))).status,
    logs: () => lines,
    stop: () => miniflare.dispose(),
  };
}

type BuiltModules = Record<
  string,
  { type: "esm"; contents: string } | { type: "wasm"; contents: Uint8Array<ArrayBuffer> }
>;

/** What wrangler wrote: the bundle, and the .wasm beside it under the name the bundle imports. */
async function builtModules(): Promise<BuiltModules> {
  const modules: BuiltModules = {};
  for (const file of await readdir(OUTPUT)) {
    // oxlint-disable-next-line no-await-in-loop -- two files
    const bytes = await readFile(`${OUTPUT}/${file}`);
    if (file === MAIN) modules[file] = { type: "esm", contents: bytes.toString() };
    if (file.endsWith(".wasm")) modules[file] = { type: "wasm", contents: new Uint8Array(bytes) };
  }
  return modules;
}
