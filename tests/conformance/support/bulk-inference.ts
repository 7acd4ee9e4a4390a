import { createHash } from "node:crypto";
import type { InferenceError, InferenceState, ModelRef } from "../../../contract/inference.ts";
import { ok, type Result } from "../../../domain/result.ts";
import { ELEMENT_ARRAYS, type NumericType } from "../../../domain/tensors/element-arrays.ts";
import type { Signature, Tensor } from "../../../domain/tensors/tensor.ts";
import { runBuiltInference, type LogLine } from "../../fixtures/built-inference.ts";

export type Tensors = Record<string, Tensor>;
/** Null where the call threw: the Worker is to answer every call with a result. */
export type Answer<T> = Result<T, InferenceError> | { ok: null; thrown: string };
export type Run = { model: ModelRef; feeds: Tensors };

/** The built inference Worker, asked for many models with each request. */
export type BulkInference = {
  /** Names the models and puts their bytes into the bucket. */
  store(models: readonly Uint8Array[]): Promise<ModelRef[]>;
  inspect(models: readonly ModelRef[]): Promise<Answer<Signature>[]>;
  run(runs: readonly Run[]): Promise<Answer<Tensors>[]>;
  state(): Promise<InferenceState>;
  logs(): LogLine[];
  stop(): Promise<void>;
};

type WireTensor =
  | { type: "string"; dims: number[]; data: string[] }
  | { type: NumericType; dims: number[]; data: string };
type WireRun = Answer<{ outputs: Record<string, WireTensor> }>;

/** Does a list of calls one after another; the bytes of tensors and models travel as base64. */
const CALLER = `
const ARRAYS = { float32: Float32Array, float64: Float64Array, float16: Uint16Array, int8: Int8Array,
  uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array,
  int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array, string: Array };
const read = (t) => t.type === "string" ? t
  : { ...t, data: new ARRAYS[t.type](Uint8Array.fromBase64(t.data).buffer) };
const write = (t) => {
  if (t.data.constructor !== ARRAYS[t.type]) throw new Error(t.type + " came as " + t.data.constructor.name);
  if (t.type === "string") return t;
  return { ...t, data: new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength).toBase64() };
};
const each = (tensors, change) =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, change(t)]));
const trace = { request_id: "req_test", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
const METHODS = {
  async store(env, { key, sha256, bytes }) {
    await env.MODELS.put(key, Uint8Array.fromBase64(bytes), { sha256 });
    return { ok: true };
  },
  async inspect(env, { model }) {
    const result = await env.INFERENCE.inspect(model, trace);
    return result.ok ? { ok: true, value: result.value.signature } : result;
  },
  async run(env, { model, feeds }) {
    const result = await env.INFERENCE.run(model, each(feeds, read), trace);
    return result.ok ? { ok: true, value: { outputs: each(result.value.outputs, write) } } : result;
  },
  state: (env) => env.INFERENCE.state(),
};
export default {
  async fetch(request, env) {
    const answers = [];
    for (const { method, ...call } of await request.json())
      try {
        answers.push(await METHODS[method](env, call));
      } catch (error) {
        answers.push({ ok: null, thrown: String(error) });
      }
    return Response.json(answers);
  },
};`;

/** The limits that the Worker is deployed with. */
const LIMITS = { session_budget: 32_000_000, max_model: 16_000_000, heap_limit: 72_000_000 };

export async function startBulkInference(folder: string): Promise<BulkInference> {
  const built = await runBuiltInference(folder, CALLER, LIMITS);
  const call = async (calls: object[]) => {
    const response = await fetch(built.url, { method: "POST", body: JSON.stringify(calls) });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  return {
    async store(models) {
      const refs = models.map((bytes) => {
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        return { sha256, key: `models/${sha256}`, size_bytes: bytes.length };
      });
      const puts = refs.map((ref, index) => ({
        method: "store",
        ...ref,
        bytes: toBase64(models[index] ?? new Uint8Array()),
      }));
      await call(puts);
      return refs;
    },
    inspect: (models) => call(models.map((model) => ({ method: "inspect", model }))),
    async run(runs) {
      const answers: WireRun[] = await call(
        runs.map(({ model, feeds }) => ({ method: "run", model, feeds: each(feeds, toWire) })),
      );
      return answers.map((answer) =>
        answer.ok === true ? ok(each(answer.value.outputs, fromWire)) : answer,
      );
    },
    state: async () => (await call([{ method: "state" }]))[0],
    logs: () => built.logs(),
    stop: () => built.stop(),
  };
}

const each = <From, To>(tensors: Record<string, From>, change: (tensor: From) => To) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));

const toBase64 = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");

function toWire({ type, dims, data }: Tensor): WireTensor {
  if (type === "string") return { type, dims, data: Array.from(data, String) };
  if (Array.isArray(data)) throw new Error(`texts in a tensor of ${type}`);
  return { type, dims, data: toBase64(data) };
}

const fromWire = (tensor: WireTensor): Tensor =>
  tensor.type === "string" ? tensor : { ...tensor, data: fromBase64(tensor.type, tensor.data) };

const fromBase64 = (type: NumericType, text: string) =>
  new ELEMENT_ARRAYS[type](new Uint8Array(Buffer.from(text, "base64")).buffer);
