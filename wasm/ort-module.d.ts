/**
 * The part of ONNX Runtime's Emscripten module that Linnet calls. The package ships these functions
 * without types; pointers and sizes are 32-bit byte counts, strings are UTF-8 ending in a NUL, and
 * a status of 0 means success. Every function is synchronous in the build without JSPI or Asyncify.
 */
declare module "onnxruntime-web/ort-wasm-simd-threaded.mjs" {
  export interface OrtModule {
    readonly HEAPU8: Uint8Array;
    readonly HEAP32: Int32Array;
    readonly HEAPU32: Uint32Array;
    stackSave(): number;
    stackRestore(stack: number): void;
    stackAlloc(bytes: number): number;
    UTF8ToString(pointer: number): string;
    lengthBytesUTF8(text: string): number;
    stringToUTF8(text: string, pointer: number, capacity: number): void;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _OrtInit(threads: number, logLevel: number): number;
    _OrtGetLastError(codeAt: number, messageAt: number): void;
    _OrtCreateSessionOptions(
      graphOptimization: number,
      memoryArena: boolean,
      memoryPattern: boolean,
      executionMode: number,
      profiling: boolean,
      profilePrefix: number,
      logId: number,
      logLevel: number,
      logVerbosity: number,
      optimizedModelPath: number,
    ): number;
    _OrtAddSessionConfigEntry(options: number, key: number, value: number): number;
    _OrtReleaseSessionOptions(options: number): number;
    _OrtCreateSession(model: number, bytes: number, options: number): number;
    _OrtReleaseSession(session: number): number;
    _OrtGetInputOutputCount(session: number, inputsAt: number, outputsAt: number): number;
    _OrtGetInputOutputMetadata(
      session: number,
      index: number,
      nameAt: number,
      metadataAt: number,
    ): number;
    _OrtFree(pointer: number): number;
    _OrtCreateTensor(
      type: number,
      data: number,
      bytes: number,
      dims: number,
      rank: number,
      location: number,
    ): number;
    _OrtGetTensorData(
      tensor: number,
      typeAt: number,
      dataAt: number,
      dimsAt: number,
      rankAt: number,
    ): number;
    _OrtReleaseTensor(tensor: number): number;
    _OrtRun(
      session: number,
      inputNames: number,
      inputs: number,
      inputCount: number,
      outputNames: number,
      outputCount: number,
      outputs: number,
      runOptions: number,
    ): number;
  }

  const createModule: (options: {
    numThreads: number;
    instantiateWasm(
      imports: WebAssembly.Imports,
      done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ): void;
  }) => Promise<OrtModule>;
  export default createModule;
}
