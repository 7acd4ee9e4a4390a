/* oxlint-disable no-underscore-dangle -- Emscripten puts "_" before the name of every C function */
import type { OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import type { Dimension, Signature, Tensor, TensorSpec } from "../domain/tensors/tensor.ts";
import {
  allocate,
  lastError,
  OnnxError,
  OnnxRuntimeLost,
  thenCleanUp,
  type OnnxRuntime,
} from "./onnxruntime.ts";
import { createTensor, elementTypeOf, nameOfType, readTensor } from "./onnx-tensor.ts";

const OPTIMIZE_ALL = 99;
const LOG_FATAL = 4;
const UNKNOWN_DIMENSION = 0xffffffff;

/** One graph input or output; `pointer` is its name as ONNX Runtime's own heap string. */
type Port = { pointer: number; spec: TensorSpec };

/** The model opened, but one of its inputs or outputs cannot be carried as a `Tensor`. */
export class OnnxPortUnsupported extends OnnxError {
  readonly port: string;
  readonly type: string;

  constructor(port: string, type: string) {
    super(`'${port}' is ${type}`);
    this.port = port;
    this.type = type;
  }
}

/** An opened model. `run` is one synchronous call; nothing of a run outlives it. */
export class OnnxSession {
  readonly #runtime: OnnxRuntime;
  readonly #epoch: number;
  readonly #handle: number;
  readonly #inputs: ReadonlyMap<string, Port>;
  readonly #outputs: ReadonlyMap<string, Port>;

  private constructor(runtime: OnnxRuntime, handle: number, inputs: Port[], outputs: Port[]) {
    this.#runtime = runtime;
    this.#epoch = runtime.epoch;
    this.#handle = handle;
    this.#inputs = new Map(inputs.map((port) => [port.spec.name, port]));
    this.#outputs = new Map(outputs.map((port) => [port.spec.name, port]));
  }

  /**
   * Opens the bytes of an ONNX file. Throws `OnnxError` with ONNX Runtime's reason, or
   * `OnnxPortUnsupported`; outputs that are not tensors (sequences, maps) are left out.
   */
  static open(runtime: OnnxRuntime, model: Uint8Array): OnnxSession {
    return runtime.enter((ort) => {
      const handle = createSession(ort, model);
      const names: number[] = [];
      try {
        const [inputCount, outputCount] = countPorts(ort, handle);
        const inputs = readPorts(ort, handle, 0, inputCount, "input", names);
        const outputs = readPorts(ort, handle, inputCount, outputCount, "output", names);
        if (outputs.length === 0) throw new OnnxPortUnsupported("outputs", "without any tensor");
        return new OnnxSession(runtime, handle, inputs, outputs);
      } catch (error) {
        if (error instanceof OnnxError) {
          for (const name of names) ort._OrtFree(name);
          ort._OrtReleaseSession(handle);
        }
        throw error;
      }
    });
  }

  /** The runtime beneath it trapped or was restarted: the session can do nothing any more. */
  get isLost(): boolean {
    return this.#runtime.isLost || this.#runtime.epoch !== this.#epoch;
  }

  get signature(): Signature {
    return {
      inputs: [...this.#inputs.values()].map((port) => port.spec),
      outputs: [...this.#outputs.values()].map((port) => port.spec),
    };
  }

  /** Computes the named outputs (all when left out). Throws `OnnxError` for feeds that do not fit. */
  run(feeds: Record<string, Tensor>, outputs?: readonly string[]): Record<string, Tensor> {
    if (this.isLost) throw new OnnxRuntimeLost("the session was opened before a restart");
    for (const name of this.#inputs.keys())
      if (!Object.hasOwn(feeds, name)) throw new OnnxError(`input '${name}' is missing`);
    const wanted = outputs === undefined ? [...this.#outputs.keys()] : [...new Set(outputs)];
    if (wanted.length === 0) throw new OnnxError("no output was asked for");

    return this.#runtime.enter((ort) => {
      const entries = Object.entries(feeds);
      const owned: number[] = [];
      const handles: number[] = [];
      const inputsAt = ort.stackAlloc(8 * entries.length) / 4;
      const inputNamesAt = inputsAt + entries.length;
      const outputsAt = ort.stackAlloc(8 * wanted.length) / 4;
      const outputNamesAt = outputsAt + wanted.length;
      const compute = () => {
        for (const [index, [name, tensor]] of entries.entries()) {
          const handle = createTensor(ort, name, tensor, owned);
          handles.push(handle);
          ort.HEAPU32[inputsAt + index] = handle;
          ort.HEAPU32[inputNamesAt + index] = pointerOf(this.#inputs, name, "input");
        }
        for (const [index, name] of wanted.entries()) {
          ort.HEAPU32[outputsAt + index] = 0; // ONNX Runtime allocates it
          ort.HEAPU32[outputNamesAt + index] = pointerOf(this.#outputs, name, "output");
        }
        const status = ort._OrtRun(
          this.#handle,
          inputNamesAt * 4,
          inputsAt * 4,
          entries.length,
          outputNamesAt * 4,
          wanted.length,
          outputsAt * 4,
          0,
        );
        if (status !== 0) throw lastError(ort);
        const results = ort.HEAPU32.slice(outputsAt, outputsAt + wanted.length);
        handles.push(...results);
        return Object.fromEntries(
          wanted.map((name, index) => [name, readTensor(ort, results[index] ?? 0)]),
        );
      };
      return thenCleanUp(compute, () => {
        for (const handle of handles) ort._OrtReleaseTensor(handle);
        for (const pointer of owned) ort._free(pointer);
      });
    });
  }

  /** Gives the heap back. The session is not to be used afterwards. */
  release(): void {
    if (this.isLost) return; // a restart gives the whole heap back
    try {
      this.#runtime.enter((ort) => {
        for (const port of this.#inputs.values()) ort._OrtFree(port.pointer);
        for (const port of this.#outputs.values()) ort._OrtFree(port.pointer);
        ort._OrtReleaseSession(this.#handle);
      });
    } catch (error) {
      if (!(error instanceof OnnxRuntimeLost)) throw error;
    }
  }
}

function createSession(ort: OrtModule, model: Uint8Array): number {
  const bytes = allocate(ort, model.byteLength);
  let options = 0;
  const create = () => {
    ort.HEAPU8.set(model, bytes);
    // No arena and no memory pattern: both keep the largest run's memory for the session's life.
    options = ort._OrtCreateSessionOptions(
      OPTIMIZE_ALL,
      false,
      false,
      0,
      false,
      0,
      0,
      LOG_FATAL,
      0,
      0,
    );
    if (options === 0) throw lastError(ort);
    // Prepacked weights double what a session holds and slow its opening five-fold, to gain 10 % on
    // batches of 64 and nothing on single rows.
    configure(ort, options, "session.disable_prepacking", "1");
    const handle = ort._OrtCreateSession(bytes, model.byteLength, options);
    if (handle === 0) throw lastError(ort);
    return handle;
  };
  return thenCleanUp(create, () => {
    if (options !== 0) ort._OrtReleaseSessionOptions(options);
    ort._free(bytes);
  });
}

function configure(ort: OrtModule, options: number, key: string, value: string): void {
  const texts = [key, value].map((text) => {
    const pointer = ort.stackAlloc(ort.lengthBytesUTF8(text) + 1);
    ort.stringToUTF8(text, pointer, ort.lengthBytesUTF8(text) + 1);
    return pointer;
  });
  if (ort._OrtAddSessionConfigEntry(options, texts[0] ?? 0, texts[1] ?? 0) !== 0)
    throw lastError(ort);
}

function countPorts(ort: OrtModule, session: number): [inputs: number, outputs: number] {
  const at = ort.stackAlloc(8);
  if (ort._OrtGetInputOutputCount(session, at, at + 4) !== 0) throw lastError(ort);
  const [inputs = 0, outputs = 0] = ort.HEAPU32.subarray(at / 4, at / 4 + 2);
  return [inputs, outputs];
}

function readPorts(
  ort: OrtModule,
  session: number,
  first: number,
  count: number,
  kind: "input" | "output",
  names: number[],
): Port[] {
  const ports: Port[] = [];
  for (let index = first; index < first + count; index += 1) {
    const at = ort.stackAlloc(8);
    if (ort._OrtGetInputOutputMetadata(session, index, at, at + 4) !== 0) throw lastError(ort);
    const [pointer = 0, metadata = 0] = ort.HEAPU32.subarray(at / 4, at / 4 + 2);
    names.push(pointer);
    const name = ort.UTF8ToString(pointer);
    const code = ort.HEAP32[metadata / 4] ?? 0;
    const shape = code === 0 ? [] : readShape(ort, metadata);
    ort._OrtFree(metadata);

    if (code === 0 && kind === "output") continue;
    if (code === 0) throw new OnnxPortUnsupported(name, "not a tensor");
    const type = elementTypeOf(code);
    if (type === undefined) throw new OnnxPortUnsupported(name, nameOfType(code));
    ports.push({ pointer, spec: { name, type, shape } });
  }
  return ports;
}

/** The block is [element type, rank, a name pointer per dimension, a size per dimension]. */
function readShape(ort: OrtModule, metadata: number): Dimension[] {
  const rank = ort.HEAPU32[metadata / 4 + 1] ?? 0;
  const namesAt = metadata / 4 + 2;
  return Array.from({ length: rank }, (_, axis) => {
    const symbol = ort.HEAPU32[namesAt + axis] ?? 0;
    if (symbol !== 0) return ort.UTF8ToString(symbol);
    const size = ort.HEAPU32[namesAt + rank + axis] ?? UNKNOWN_DIMENSION;
    return size === UNKNOWN_DIMENSION ? null : size;
  });
}

function pointerOf(ports: ReadonlyMap<string, Port>, name: string, kind: string): number {
  const port = ports.get(name);
  if (port === undefined) throw new OnnxError(`the model has no ${kind} '${name}'`);
  return port.pointer;
}
