import { expect } from "vitest";
import { writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";
import { runOnWasm } from "../../../fixtures/wasm-runtime.ts";
import type { Placements } from "./placements.ts";
import type { WebgpuBrowser } from "./webgpu-browser.ts";

type Tensors = Record<string, Tensor>;

/**
 * Runs a model on WebGPU and on wasm and holds every output of the first against the second, to
 * `tolerance` of its largest element, all of which have to be finite and not all 0. Answers with
 * where the nodes ran on WebGPU.
 */
export async function expectAsOnWasm(
  browser: WebgpuBrowser,
  model: Model,
  feeds: Tensors,
  tolerance: number,
): Promise<Placements> {
  const expected = await runOnWasm(model, feeds);
  const opened = await browser.open(writeModel(model));
  const found = await opened.run(feeds).finally(() => opened.release());
  for (const [name, tensor] of Object.entries(expected)) {
    const other = found[name];
    expect(other?.dims, name).toEqual(tensor.dims);
    const [wanted, got] = [numbersOf(tensor), numbersOf(other)];
    const largest = Math.max(...wanted.map(Math.abs));
    expect(largest > 0 && Number.isFinite(largest), `${name}: ${largest}`).toBe(true);
    const worst = Math.max(...wanted.map((value, index) => Math.abs(value - (got[index] ?? NaN))));
    expect(worst / largest, name).toBeLessThan(tolerance);
  }
  return opened.placements;
}

const numbersOf = (tensor: Tensor | undefined): number[] =>
  Array.from<unknown, number>(tensor?.data ?? [], Number);
