import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { differentiate, gradientName } from "../../../domain/onnx/gradient/differentiate.ts";
import type { Model } from "../../../domain/onnx/model.ts";
import { buildNetwork } from "../../../domain/onnx/train/architectures/build-network.ts";
import type { Architecture } from "../../../domain/onnx/train/architectures/network-config.ts";
import type { Loss } from "../../../domain/onnx/train/loss.ts";
import { stepScalars } from "../../../domain/onnx/train/optimiser.ts";
import { packedValues } from "../../../domain/onnx/train/parameters.ts";
import { trainingGraph, type DropoutMask } from "../../../domain/onnx/train/training-graph.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import { expectAsOnWasm } from "./support/against-wasm.ts";
import { float32, normals } from "./support/random-tensors.ts";
import { startWebgpu, type WebgpuBrowser } from "./support/webgpu-browser.ts";

const chromium = inject("chromium");
const BATCH = 4;
const CLASSES = 3;
const TOLERANCE = 1e-4;
const SIGNAL = { channels: 2, length: 8 };

/** The operators that make sizes and class numbers ready, which start on the CPU and stay there. */
const ON_HOST = ["Cast", "Concat", "Gather", "ReduceProd", "Shape", "Unsqueeze"];

const CROSS_ENTROPY: Loss = { kind: "cross_entropy" };
const WEIGHTED: Loss = { ...CROSS_ENTROPY, label_smoothing: 0.1, class_weights: [1, 2, 0.5] };

/** Every architecture, and between them every loss. */
const CASES: { architecture: Architecture; loss: Loss }[] = [
  { architecture: { kind: "mlp", hidden: [6, 5], dropout: 0.2 }, loss: WEIGHTED },
  { architecture: { kind: "cnn1d", channels: [3, 4], kernel: 3 }, loss: CROSS_ENTROPY },
  { architecture: { kind: "resnet1d", channels: [3, 4], blocks: 1 }, loss: CROSS_ENTROPY },
  {
    architecture: { kind: "lstm", hidden: 2, layers: 1, frame: 4 },
    loss: { kind: "mean_squared_error" },
  },
  {
    architecture: { kind: "bilstm", hidden: 2, layers: 1, frame: 4 },
    loss: { kind: "mean_absolute_error" },
  },
  {
    architecture: { kind: "cnn_lstm", channels: [3], hidden: 2, pool: 4 },
    loss: { kind: "binary_cross_entropy" },
  },
  {
    architecture: { kind: "transformer", width: 4, heads: 2, layers: 1, frame: 4 },
    loss: { kind: "huber" },
  },
];

describe.skipIf(chromium === null)("on WebGPU, with nothing fetched on the way", () => {
  let browser: WebgpuBrowser;
  beforeAll(async () => {
    browser = await startWebgpu(chromium ?? "");
  });
  afterAll(() => browser?.stop());

  test.each(CASES)("a training step of $architecture.kind with Adam", ({ architecture, loss }) =>
    checkStep(architecture, loss),
  );

  test.each(CASES)("the gradient of the input of $architecture.kind", async ({ architecture }) => {
    const model = buildNetwork({ architecture, input: SIGNAL, output: { classes: CLASSES } });
    const of = "probabilities";
    const gradient = differentiate(model, {
      of,
      with_respect_to: ["signal"],
      seed: "input",
      profile: "webgpu",
    });
    const random = seededRandom(architecture.kind);
    await checkOnDevice(gradient, {
      signal: normals(random, [BATCH, SIGNAL.channels, SIGNAL.length]),
      [gradientName(of)]: normals(random, [BATCH, CLASSES]),
    });
  });

  /**
   * The moments start at 0, so that the next first moment is the gradient and hides nothing of it.
   * A large epsilon: the gradient of an attention's key bias is 0 but for rounding, which Adam's
   * first step would else make as large as any.
   */
  async function checkStep(architecture: Architecture, loss: Loss): Promise<void> {
    const optimiser = { kind: "adam", epsilon: 1e-3 } as const;
    const model = buildNetwork({ architecture, input: SIGNAL, output: { classes: CLASSES } });
    const graph = trainingGraph(model, { loss, optimiser, profile: "webgpu" });
    const random = seededRandom(architecture.kind);
    const zeros = float32([graph.parameters.size], () => 0);
    const scalars = { learning_rate: 0.01, ...stepScalars(optimiser, 1) };
    const feeds: Record<string, Tensor> = {
      signal: normals(random, [BATCH, SIGNAL.channels, SIGNAL.length]),
      targets:
        loss.kind === "cross_entropy"
          ? { type: "int64", dims: [BATCH], data: BigInt64Array.of(0n, 2n, 1n, 2n) }
          : float32([BATCH, CLASSES], () => random.integer(2)),
      parameters: vector(packedValues(model, graph.parameters)),
      statistics: vector(packedValues(model, graph.statistics)),
      ...Object.fromEntries(graph.states.map((state) => [state, zeros])),
      ...Object.fromEntries(
        Object.entries(scalars).map(([name, value]) => [name, float32([], () => value)]),
      ),
      ...Object.fromEntries(graph.masks.map((mask) => [mask.mask, maskOf(mask)])),
    };
    const taken = new Set(graph.model.graph.inputs.map(({ name }) => name));
    await checkOnDevice(
      graph.model,
      Object.fromEntries(Object.entries(feeds).filter(([name]) => taken.has(name))),
    );
  }

  async function checkOnDevice(model: Model, feeds: Record<string, Tensor>): Promise<void> {
    const { device, host, fetches } = await expectAsOnWasm(browser, model, feeds, TOLERANCE);
    expect(device).toBeGreaterThan(10);
    expect(fetches).toBe(0);
    expect(host.filter((operator) => !ON_HOST.includes(operator))).toEqual([]);
  }
});

const vector = (data: Float32Array): Tensor => ({ type: "float32", dims: [data.length], data });

/** Every third element is left out. */
function maskOf({ ratio, shape }: DropoutMask): Tensor {
  const dims = shape.map((size) => (typeof size === "number" ? size : BATCH));
  let at = 0;
  return float32(dims, () => (at++ % 3 === 0 ? 0 : 1 / (1 - ratio)));
}
