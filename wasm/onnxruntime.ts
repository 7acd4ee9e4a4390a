/* oxlint-disable no-underscore-dangle -- Emscripten puts "_" before the name of every C function */
import createModule, { type OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import compiled from "onnxruntime-web/ort-wasm-simd-threaded.wasm";

const WASM_PAGE_BYTES = 65536;
/** ONNX Runtime's own stderr lines stop below "fatal": its messages come back as status texts. */
const LOG_FATAL = 4;

/** A refusal by ONNX Runtime, with its text; the runtime stays usable. */
export class OnnxError extends Error {}

/**
 * WebAssembly trapped or aborted inside the runtime; an int32 `Div` of -2147483648 by -1 is enough.
 * Its stack and locks are in an unknown state, so every session of that runtime is gone.
 */
export class OnnxRuntimeLost extends Error {}

/**
 * ONNX Runtime in one WebAssembly memory. It speaks to the package's Emscripten module and not to
 * its `InferenceSession`, for three reasons:
 * - a trap leaves the memory in an unknown state, and that class has no way back; here `restart`
 *   puts the memory back to what it was after the start;
 * - its `run` awaits while it holds WebAssembly stack space, which is sound only while no two runs
 *   overlap; here everything is one synchronous call and needs no queue;
 * - the heap can be given a limit (see `start`).
 */
export class OnnxRuntime {
  readonly #module: OrtModule;
  readonly #memory: WebAssembly.Memory;
  readonly #fresh: { bytes: Uint8Array; stack: number };
  #lost: string | undefined;
  #epoch = 0;

  private constructor(module: OrtModule, memory: WebAssembly.Memory) {
    this.#module = module;
    this.#memory = memory;
    if (module._OrtInit(1, LOG_FATAL) !== 0) throw lastError(module);
    this.#fresh = { bytes: copyUsed(module.HEAPU32), stack: module.stackSave() };
  }

  /**
   * Starts it with an empty heap. Growing the heap beyond `heapLimitBytes` fails as an allocation
   * failure in ONNX Runtime, which it reports; without that the platform would end the whole
   * isolate at 128 MB.
   */
  static async start(heapLimitBytes: number): Promise<OnnxRuntime> {
    let memory: WebAssembly.Memory | undefined;
    const starting = withoutNode(() =>
      createModule({
        numThreads: 1, // an isolate has no threads
        // workerd refuses to compile bytes; the module comes compiled with the Worker's upload.
        instantiateWasm(imports, done) {
          memory = findMemory(imports);
          limitGrowth(memory, heapLimitBytes);
          done(new WebAssembly.Instance(compiled, imports), compiled);
        },
      }),
    );
    const module = await starting;
    if (memory === undefined) throw new Error("ONNX Runtime was instantiated without a memory");
    return new OnnxRuntime(module, memory);
  }

  /** Size of the WebAssembly memory, which grows and never shrinks. */
  get heapBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Counts the restarts; a session belongs to the epoch in which it was opened. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Back to an empty heap, whatever happened before; every session is gone. All state of the module
   * is in its memory and its stack pointer. A second instance would do as well, but V8 does not
   * count shared memories when it decides to collect: 400 of them were 2.7 GB.
   */
  restart(): void {
    const { HEAPU8 } = this.#module;
    HEAPU8.fill(0, this.#fresh.bytes.length);
    HEAPU8.set(this.#fresh.bytes);
    this.#module.stackRestore(this.#fresh.stack);
    this.#lost = undefined;
    this.#epoch += 1;
  }

  /**
   * The only way into WebAssembly. An `OnnxError` passes; anything else that is thrown there (trap,
   * abort, stack overflow, C++ exception) loses the runtime until `restart`.
   */
  enter<T>(use: (ort: OrtModule) => T): T {
    if (this.#lost !== undefined) throw new OnnxRuntimeLost(this.#lost);
    const ort = this.#module;
    const stack = ort.stackSave();
    try {
      const result = use(ort);
      ort.stackRestore(stack);
      return result;
    } catch (error) {
      if (error instanceof OnnxError) {
        ort.stackRestore(stack);
        throw error;
      }
      this.#lost = error instanceof Error ? error.message : `C++ exception ${String(error)}`;
      throw new OnnxRuntimeLost(this.#lost, { cause: error });
    }
  }
}

/** The text of the last call that failed, as an error to throw. */
export function lastError(ort: OrtModule): OnnxError {
  const stack = ort.stackSave();
  const at = ort.stackAlloc(8);
  ort._OrtGetLastError(at, at + 4);
  const message = ort.HEAPU32[(at + 4) / 4] ?? 0;
  const text = message === 0 ? "unknown failure" : ort.UTF8ToString(message);
  ort.stackRestore(stack);
  return new OnnxError(text);
}

/**
 * Calls `cleanUp` after `use`, also when `use` throws an `OnnxError`; not after a trap, when a lock
 * that the trapped code held would make any further call wait for ever.
 */
export function thenCleanUp<T>(use: () => T, cleanUp: () => void): T {
  let result: T;
  try {
    result = use();
  } catch (error) {
    if (error instanceof OnnxError) cleanUp();
    throw error;
  }
  cleanUp();
  return result;
}

/** Reserves heap for the caller, who frees it. */
export function allocate(ort: OrtModule, bytes: number): number {
  const pointer = ort._malloc(Math.max(1, bytes));
  if (pointer === 0) throw new OnnxError(`Failed to allocate memory for ${bytes} bytes`);
  return pointer;
}

/**
 * The Emscripten glue takes workerd's `process` for Node and then wants `node:fs` and a file URL.
 * It looks once, synchronously, when it is called.
 */
function withoutNode<T>(call: () => T): T {
  const process: unknown = Reflect.get(globalThis, "process");
  Reflect.set(globalThis, "process", undefined);
  try {
    return call();
  } finally {
    Reflect.set(globalThis, "process", process);
  }
}

function findMemory(imports: WebAssembly.Imports): WebAssembly.Memory {
  // Names of imports are minified and differ between releases; only the memory has this class.
  for (const namespace of Object.values(imports))
    for (const value of Object.values(namespace))
      if (value instanceof WebAssembly.Memory) return value;
  throw new Error("ONNX Runtime imports no memory");
}

/** The memory's bytes up to the last that is not zero: 9.4 MB after the start, of 16.8. */
function copyUsed(words: Uint32Array): Uint8Array {
  let used = words.length;
  while (used > 0 && words[used - 1] === 0) used -= 1;
  return new Uint8Array(words.slice(0, used).buffer);
}

/** The glue grows the heap by calling `grow` on this object and takes a throw for "no more". */
function limitGrowth(memory: WebAssembly.Memory, limitBytes: number): void {
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * WASM_PAGE_BYTES > limitBytes)
      throw new RangeError(`the ONNX Runtime heap may not grow beyond ${limitBytes} bytes`);
    return grow(pages);
  };
}
