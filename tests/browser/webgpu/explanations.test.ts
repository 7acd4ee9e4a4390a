import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { MethodOptions, Segments } from "../../../domain/explain/explain-request.ts";
import type { Explained, Method } from "../../../domain/explain/explanation.ts";
import type { Runtime } from "../../../domain/onnx/runtime.ts";
import { asked, explainOn } from "../../fixtures/explain.ts";
import {
  bearingNetwork,
  digitNetwork,
  recurrentNetwork,
  tumourNetwork,
  type ExplainedModel,
} from "../../fixtures/explained-models.ts";
import { wasmRuntime } from "../../fixtures/wasm-runtime.ts";
import type { Placements } from "./support/placements.ts";
import { startWebgpu, type WebgpuBrowser } from "./support/webgpu-browser.ts";

const chromium = inject("chromium");

/** A software device compiles and runs shaders on the machine's own cores. */
const TIMEOUT_MS = 180_000;

/** Of the largest contribution: a device may add in another order. */
const TOLERANCE = 1e-5;

/** The operators that make sizes ready, which start on the CPU and stay there. */
const ON_HOST = ["Cast", "Concat", "Gather", "ReduceProd", "Shape", "Unsqueeze"];

/** Before the Softmax: near a probability of 1 slopes are differences of almost equal numbers. */
const LOGITS = { logits: true };
const OPTIONS: Partial<Record<Method, MethodOptions>> = {
  gradient: { ...LOGITS, samples: 40 },
  integrated_gradients: { ...LOGITS, steps: 20 },
  deep: LOGITS,
};
const CAM = { ...LOGITS, relu: false };
/** Few coalitions and parts, as a software device takes long. */
const kernel = (segments: Segments): MethodOptions => ({ samples: 40, segments });

type Case = {
  name: string;
  made: () => Promise<ExplainedModel>;
  options: Partial<Record<Method, MethodOptions>>;
};
const CASES: Case[] = [
  {
    name: "an MLP",
    made: () => Promise.resolve(tumourNetwork()),
    options: { ...OPTIONS, kernel: { samples: 120 } },
  },
  {
    name: "an LSTM",
    made: () => Promise.resolve(recurrentNetwork()),
    options: { ...OPTIONS, kernel: kernel({ count: 4 }) },
  },
  {
    name: "a CNN over signals",
    made: bearingNetwork,
    options: { ...OPTIONS, grad_cam: CAM, kernel: kernel({ count: 10 }) },
  },
  {
    name: "a CNN over images",
    made: digitNetwork,
    options: { ...OPTIONS, grad_cam: CAM, kernel: kernel({ kind: "grid", count: 9 }) },
  },
];

describe.skipIf(chromium === null)("explanations on WebGPU", () => {
  let browser: WebgpuBrowser;
  beforeAll(async () => {
    browser = await startWebgpu(chromium ?? "");
  });
  afterAll(() => browser?.stop());

  test.each(CASES)(
    "of $name are those on wasm, with nothing fetched",
    async ({ made, options }) => {
      const { model, ...rows } = await made();
      const { runtime, placements } = watched(browser);
      const methods = Object.keys(options) as Method[];
      const requests = methods.map((method) =>
        asked({ method, seed: 7, options: options[method] ?? {} }),
      );
      const expected = await explainOn(wasmRuntime, model, rows, requests);
      const found = await explainOn(runtime, model, rows, requests);
      for (const [at, method] of methods.entries())
        for (const [row, explained] of (expected[at] ?? []).entries())
          expectAlike(found[at]?.[row], explained, `${method} of row ${row}`);
      expect(placements.length).toBeGreaterThan(2);
      for (const { device, host, fetches } of placements) {
        expect(device).toBeGreaterThan(7);
        expect(fetches).toBe(0);
        expect(host.filter((operator) => !ON_HOST.includes(operator))).toEqual([]);
      }
    },
    TIMEOUT_MS,
  );
});

/** The runtime, and where the nodes of each model run that it opens. */
function watched(browser: WebgpuBrowser): { runtime: Runtime; placements: Placements[] } {
  const placements: Placements[] = [];
  const open: Runtime["open"] = async (model) => {
    const opened = await browser.open(model);
    placements.push(opened.placements);
    return opened;
  };
  return { runtime: { ...browser, open }, placements };
}

function expectAlike(found: Explained | undefined, expected: Explained, what: string): void {
  expect(found?.target, what).toEqual(expected.target);
  expect(found?.model_rows, what).toBe(expected.model_rows);
  for (const numbersOf of NUMBERS) {
    const [wanted, got] = [numbersOf(expected), found ? numbersOf(found) : []];
    const largest = Math.max(...wanted.map(Math.abs));
    const worst = Math.max(...wanted.map((value, at) => Math.abs(value - (got[at] ?? NaN))));
    expect(worst / largest, what).toBeLessThan(TOLERANCE);
  }
}

const NUMBERS: ((of: Explained) => number[])[] = [
  ({ actual_prediction }) => [actual_prediction],
  ({ feature_contributions }) => feature_contributions.map(({ contribution }) => contribution),
];
