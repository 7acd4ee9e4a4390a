import type { Tensor } from "../tensors/tensor.ts";
import type { Profile } from "./gradient/gradient-call.ts";
import { OnnxFault } from "./onnx-fault.ts";

/**
 * What runs a model: ONNX Runtime on the platform at hand (wasm, native, WebGPU). A pass that has
 * to compute with a model (folding, calibration, gradients, accuracy) is handed one, so that it
 * gets the very numbers that serving gets.
 */
export type Runtime = {
  readonly name: string;
  /** What gradients are emitted for; wasm where nothing is said. */
  readonly profile?: Profile;
  /** Rejects where the bytes are no model that the runtime takes. Whoever opens it releases it. */
  open(model: Uint8Array): Promise<OpenModel>;
};

/** A model that is ready to run, any number of times. */
export type OpenModel = {
  /** The outputs by name: those asked for, else all. `feeds` has every input that has no default. */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: readonly string[],
  ): Promise<Record<string, Tensor>>;
  release(): void | Promise<void>;
};

/** Opens a model. What the runtime refuses, be it in a run, becomes an `OnnxFault` in its words, with its error as the cause. */
export async function openModel(runtime: Runtime, model: Uint8Array): Promise<OpenModel> {
  const open = await told(`${runtime.name} does not take the model`, () => runtime.open(model));
  return {
    run: (feeds, outputs) =>
      told(`${runtime.name} cannot run the model`, () => open.run(feeds, outputs)),
    release: () => open.release(),
  };
}

async function told<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OnnxFault) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OnnxFault("unsupported", `${what}: ${reason}`, {}, { cause: error });
  }
}

/** Opens a model, hands it to `use`, and releases it whatever happens. */
export async function withOpenModel<T>(
  runtime: Runtime,
  model: Uint8Array,
  use: (open: OpenModel) => Promise<T>,
): Promise<T> {
  const open = await openModel(runtime, model);
  try {
    return await use(open);
  } finally {
    await open.release();
  }
}
