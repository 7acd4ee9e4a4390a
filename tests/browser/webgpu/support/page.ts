// Runs in the browser: sessions of ONNX Runtime on WebGPU, by number, as webgpu-browser.ts asks for them.
import * as ort from "onnxruntime-web/webgpu";

/** A tensor as JSON: the bytes of its elements in base64. */
export type SentTensor = { type: string; dims: readonly number[]; bytes: string };
export type SentTensors = Record<string, SentTensor>;

/** What a session was made of: its number, and what ONNX Runtime said while it was made. */
export type Opened = { session: number; log: string };

const ELEMENTS = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  float32: Float32Array,
} as const;

const sessions: ort.InferenceSession[] = [];

/** The lines of ONNX Runtime's log, which takes hold of the console once, before its first session. */
const said: string[] = [];
for (const method of ["log", "warn", "error", "info", "debug"] as const)
  globalThis.console[method] = (line: unknown) => void said.push(String(line));

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("/onnxruntime/", location.href).href;

/** Whether the browser has a device for WebGPU, and which. */
export async function adapter(): Promise<string | null> {
  const found = await navigator.gpu?.requestAdapter();
  return found ? `${found.info.vendor} ${found.info.architecture}` : null;
}

export async function open(model: string): Promise<Opened> {
  said.length = 0;
  const made = await ort.InferenceSession.create(bytesOf(model), {
    executionProviders: ["webgpu"],
    logSeverityLevel: 0,
  });
  return { session: sessions.push(made) - 1, log: said.join("\n") };
}

export async function run(
  session: number,
  feeds: SentTensors,
  outputs?: readonly string[],
): Promise<SentTensors> {
  const open = sessionOf(session);
  const found = await open.run(
    mapped(feeds, ({ type, dims, bytes }) => {
      const elements = ELEMENTS[type as keyof typeof ELEMENTS];
      return new ort.Tensor(
        type as "float32",
        new elements(bytesOf(bytes).buffer) as Float32Array,
        dims,
      );
    }),
    outputs ?? open.outputNames,
  );
  return mapped(found, ({ type, dims, data }) => {
    const { buffer, byteOffset, byteLength } = data as Float32Array<ArrayBuffer>;
    return { type, dims, bytes: new Uint8Array(buffer, byteOffset, byteLength).toBase64() };
  });
}

export const release = (session: number): Promise<void> => sessionOf(session).release();

function sessionOf(session: number): ort.InferenceSession {
  const found = sessions[session];
  if (found) return found;
  throw new Error(`there is no session ${session}`);
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.fromBase64(base64);

const mapped = <T, U>(
  values: Readonly<Record<string, T>>,
  map: (value: T) => U,
): Record<string, U> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
