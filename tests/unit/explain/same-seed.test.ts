import { beforeAll, describe, expect, test } from "vitest";
import type { Explained, Method } from "../../../domain/explain/explanation.ts";
import type { Runtime } from "../../../domain/onnx/runtime.ts";
import { asked, explainOn } from "../../fixtures/explain.ts";
import { tumourNetwork } from "../../fixtures/explained-models.ts";
import { wasmRuntime } from "../../fixtures/wasm-runtime.ts";

/** Of the largest contribution: a native library adds in another order. */
const TOLERANCE = 1e-5;

const METHODS = ["gradient", "integrated_gradients", "deep", "kernel", "lime"] as const;

/** Is installed with the benchmarks only. */
const native = await import("../../bench/onnx/native-runtime.ts").then(
  ({ nativeRuntime }): Runtime => nativeRuntime,
  () => null,
);
if (native === null)
  console.warn("SKIPPED: explanations on native ONNX Runtime; run `npm ci` in tests/bench.");

const requests = METHODS.map((method: Method) => asked({ method, seed: 3 }));
const explained = (runtime: Runtime): Promise<Explained[][]> => {
  const { model, ...rows } = tumourNetwork();
  return explainOn(runtime, model, rows, requests);
};

describe("the same seed", () => {
  let onWasm: Explained[][];
  beforeAll(async () => {
    onWasm = await explained(wasmRuntime);
  });

  test("gives the same bytes, again", async () => {
    expect(JSON.stringify(await explained(wasmRuntime))).toBe(JSON.stringify(onWasm));
  });

  test.skipIf(native === null)(
    "gives the same contributions on native ONNX Runtime, but for rounding",
    async () => {
      const onNative = await explained(native ?? wasmRuntime);
      for (const [at, method] of METHODS.entries())
        for (const [row, { feature_contributions, model_rows }] of (onWasm[at] ?? []).entries()) {
          const other = onNative[at]?.[row];
          expect(other?.model_rows).toBe(model_rows);
          const largest = Math.max(
            ...feature_contributions.map(({ contribution }) => Math.abs(contribution)),
          );
          for (const [index, { contribution }] of feature_contributions.entries()) {
            const found = other?.feature_contributions[index]?.contribution ?? NaN;
            expect(Math.abs(found - contribution) / largest, method).toBeLessThan(TOLERANCE);
          }
        }
    },
  );
});
