import { describe, expect, test } from "vitest";
import type { Architecture } from "../../../../domain/onnx/train/architectures/network-config.ts";
import { trainModel } from "../../../../domain/onnx/train/train-model.ts";
import { howTo, TASKS } from "../../../fixtures/learning-tasks.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";

const bearings = TASKS.bearings();

/** The share of right answers on bearings and speeds that the training had none of. */
async function learnt(architecture: Architecture, epochs: number, rate: number): Promise<number> {
  const model = bearings.network(architecture);
  const options = howTo(epochs, rate, bearings);
  const { epochs: seen } = await trainModel(wasmRuntime, model, bearings.training, options);
  return seen.at(-1)?.validation?.accuracy ?? 0;
}

describe("faults of bearings that no recording of the training is of", () => {
  test("a ResNet1D learns them: above 0.9", async () => {
    const resnet = { kind: "resnet1d", channels: [8, 16, 32], blocks: 1 } as const;
    expect(await learnt(resnet, 6, 0.005)).toBeGreaterThan(0.9);
  }, 60_000);

  test("an LSTM learns them: above 0.9", async () => {
    expect(await learnt({ kind: "lstm", hidden: 32, frame: 4 }, 10, 0.01)).toBeGreaterThan(0.9);
  }, 60_000);

  test("a network that only remembers the recordings does not", async () => {
    expect(await learnt({ kind: "mlp" }, 6, 0.003)).toBeLessThan(0.6);
  }, 60_000);
});
