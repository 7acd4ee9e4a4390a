import type { OpenModel, Runtime } from "../../../../domain/onnx/runtime.ts";
import { ELEMENT_ARRAYS, type NumericType } from "../../../../domain/tensors/element-arrays.ts";
import type { ElementType, Tensor } from "../../../../domain/tensors/tensor.ts";
import { Chromium } from "./chromium.ts";
import type { Opened, SentTensor, SentTensors } from "./page.ts";
import { placementsOf, type Placements } from "./placements.ts";
import { servePage } from "./serve-page.ts";

/** A model that is ready on WebGPU, and where its nodes run. */
export type WebgpuModel = OpenModel & { placements: Placements };

/** ONNX Runtime's WebGPU execution provider in a headless Chromium, as the toolkit takes a runtime. */
export type WebgpuBrowser = Omit<Runtime, "open"> & {
  /** The device, as the browser names it. */
  adapter: string;
  open(model: Uint8Array): Promise<WebgpuModel>;
  stop(): Promise<void>;
};

export async function startWebgpu(executable: string): Promise<WebgpuBrowser> {
  const page = await servePage();
  const chromium = await Chromium.start(executable, page.url).catch(async (error: unknown) => {
    await page.stop();
    throw error;
  });
  const call = (name: string, ...given: unknown[]): Promise<unknown> =>
    chromium.evaluate(
      `import("/page.mjs").then((page) => page.${name}(...${JSON.stringify(given)}))`,
    );
  const stop = async (): Promise<void> => {
    await chromium.stop();
    await page.stop();
  };
  const adapter = await call("adapter");
  if (typeof adapter !== "string") {
    await stop();
    throw new Error(`${executable} has no WebGPU device`);
  }
  return {
    name: "webgpu",
    profile: "webgpu",
    adapter,
    stop,
    async open(model) {
      const { session, log } = (await call("open", base64Of(model))) as Opened;
      return {
        placements: placementsOf(log),
        async run(feeds, outputs) {
          const given = outputs === undefined ? [] : [outputs];
          const found = (await call("run", session, sent(feeds), ...given)) as SentTensors;
          return Object.fromEntries(
            Object.entries(found).map(([name, tensor]) => [name, received(tensor)]),
          );
        },
        release: () => call("release", session).then(() => undefined),
      };
    },
  };
}

const base64Of = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("base64");

const sent = (feeds: Readonly<Record<string, Tensor>>): SentTensors =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { type, dims, data }]) => [
      name,
      { type, dims, bytes: base64Of(data as ArrayBufferView) },
    ]),
  );

function received({ type, dims, bytes }: SentTensor): Tensor {
  const elements = ELEMENT_ARRAYS[type as NumericType];
  const { buffer } = Uint8Array.from(Buffer.from(bytes, "base64"));
  return { type: type as ElementType, dims: [...dims], data: new elements(buffer) };
}
