import { afterAll, beforeAll, expect, it } from "vitest";
import {
  explanations,
  models,
  versions,
  type ExplainRequest,
  type ExplanationView,
} from "../../clients/sdk/index.ts";
import type { Explained } from "../../domain/explain/explanation.ts";
import { writeModel } from "../../domain/onnx/codec/onnx-file.ts";
import type { Feeds } from "../../domain/onnx/rows.ts";
import { asked, explainOn } from "../fixtures/explain.ts";
import { tumourNetwork } from "../fixtures/explained-models.ts";
import { wasmRuntime } from "../fixtures/wasm-runtime.ts";
import { type RunningPlatform, runPlatform } from "./support/platform.ts";

const MODEL = "tumour";
const { model, feeds, background } = tumourNetwork();

let running: RunningPlatform;
beforeAll(async () => {
  running = await runPlatform();
  const { admin } = running;
  await models.create(admin, { name: MODEL });
  await versions.upload(admin, MODEL, writeModel(model));
});
afterAll(() => running.stop());

it.each(["gradient", "integrated_gradients", "deep", "kernel", "permutation", "lime"] as const)(
  "%s answers through HTTP with the very bytes that Node computes from the same seed",
  async (method) => {
    const seed = 11;
    const request: ExplainRequest = { model: MODEL, version: 1, method, seed };
    const items = await explanations.batchToEnd(running.admin, {
      ...request,
      inputs: inputsOf(feeds),
      background: { inputs: inputsOf(background) },
    });
    const [expected = []] = await explainOn(wasmRuntime, model, { feeds, background }, [
      asked({ method, seed }),
    ]);
    expect(items).toHaveLength(expected.length);
    for (const [row, explained] of expected.entries()) {
      expect(bytesOf(items[row])).toBe(bytesOf(explained));
      expect(intervalsOf(items[row])).toEqual(intervalsOf(explained));
    }
  },
);

/** What the same model, rows and seed decide: not when it was made, nor what it is called. */
function bytesOf(of: Explained | ExplanationView | undefined): string {
  if (of === undefined) return "nothing";
  const { base_prediction, actual_prediction, residual, model_rows, fit, method_version } = of;
  const decided = { base_prediction, actual_prediction, residual, model_rows, fit, method_version };
  const contributions = of.feature_contributions.map(({ contribution }) => contribution);
  return JSON.stringify({ ...decided, contributions });
}

/** An interval takes a quantile, which takes `Math.exp`: engines may differ in its last bit. */
const intervalsOf = (of: Explained | ExplanationView | undefined): string[] =>
  (of?.feature_contributions ?? []).flatMap(({ confidence_interval: interval }) =>
    (interval ?? []).map((end) => end.toPrecision(12)),
  );

const inputsOf = (rows: Feeds) =>
  Object.fromEntries(
    Object.entries(rows).map(([name, { dims, data }]) => [
      name,
      { shape: [...dims], data: Array.from<unknown, number>(data, Number) },
    ]),
  );
