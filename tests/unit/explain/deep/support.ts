import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { openDeepShap } from "../../../../domain/explain/deep/deep-shap.ts";
import { lastEstimate, residualOf, type Estimate } from "../../../../domain/explain/estimate.ts";
import type { Background } from "../../../../domain/explain/game.ts";
import { layoutOf, newRows, type RowLayout, type Rows } from "../../../../domain/explain/rows.ts";
import { scoreOf, type Target } from "../../../../domain/explain/score.ts";
import { readModel, writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { withOpenModel } from "../../../../domain/onnx/runtime.ts";
import { makeBatchDynamic } from "../../../../domain/onnx/rewrite/make-batch-dynamic.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";

const VECTORS = new URL("../../vectors/", import.meta.url);

/** What lies in a file of the vectors. */
export const bytesOf = (path: string): Uint8Array => readFileSync(new URL(path, VECTORS));

export const fileOf = (path: string): Model => readModel(bytesOf(path));

/** The layout of a model of one input of floats. */
export function layoutFor({ graph }: Model): RowLayout {
  const [info] = graph.inputs;
  const shape = info?.type?.kind === "tensor" ? (info.type.shape ?? []) : [];
  const dims = [1, ...shape.slice(1).map(Number)];
  const name = info?.name ?? "";
  const data = new Float32Array(dims.reduce((count, size) => count * size));
  return layoutOf(
    { inputs: [{ name, type: "float32", shape: [...shape] }], outputs: [] },
    { [name]: { type: "float32", dims, data } },
  );
}

export function randomRows(layout: RowLayout, count: number, seed: string): Rows {
  const random = seededRandom(seed);
  return newRows(layout, count).map(() => random.normal());
}

export const evenly = (rows: Rows, count: number): Background => ({
  rows,
  count,
  weights: new Float64Array(count).fill(1 / count),
});

const ROWS = 6;

/** A random instance of a model explained against random rows, and what the model itself says of both. */
export async function explained(model: Model, target: Target, seed = "deep") {
  const layout = layoutFor(model);
  const instance = randomRows(layout, 1, `${seed} instance`);
  const background = evenly(randomRows(layout, ROWS, `${seed} background`), ROWS);
  const estimate = await withDeepShap(model, target, (deep) =>
    lastEstimate(deep.explain(instance, background)),
  );
  const scores = await withOpenModel(wasmRuntime, writeModel(makeBatchDynamic(model)), (open) => {
    const rows = newRows(layout, ROWS + 1);
    rows.set(instance);
    rows.set(background.rows, layout.size);
    return scoreOf(open, layout, target)(rows, ROWS + 1);
  });
  return { estimate, scores, instance, background };
}

export async function withDeepShap<T>(
  model: Model,
  target: Target,
  use: (deep: Awaited<ReturnType<typeof openDeepShap>>) => Promise<T>,
): Promise<T> {
  const deep = await openDeepShap(wasmRuntime, model, layoutFor(model), target);
  try {
    return await use(deep);
  } finally {
    await deep.release();
  }
}

/** Base and prediction are the model's own, and the values lie between them, to 1e-4 of the range of the scores. */
export function expectAdditive(
  estimate: Estimate,
  [prediction = 0, ...others]: Iterable<number>,
): void {
  const range = Math.max(prediction, ...others) - Math.min(prediction, ...others);
  const tolerance = 1e-4 * range;
  const base = others.reduce((sum, score) => sum + score / others.length, 0);
  expect(range).toBeGreaterThan(1e-3);
  expect(Math.abs(estimate.prediction - prediction)).toBeLessThan(tolerance);
  expect(Math.abs(estimate.base - base)).toBeLessThan(tolerance);
  expect(Math.abs(residualOf(estimate))).toBeLessThan(tolerance);
  expect(estimate.values.some((value) => Math.abs(value) > tolerance)).toBe(true);
}

/** The one number of an output `y`. */
export const Y: Target = { output: "y", index: 0 };
