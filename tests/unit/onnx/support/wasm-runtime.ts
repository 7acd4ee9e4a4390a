export { runOnWasm, wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
