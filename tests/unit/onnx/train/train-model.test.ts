import { describe, expect, test } from "vitest";
import { buildNetwork } from "../../../../domain/onnx/train/architectures/build-network.ts";
import type { Architecture } from "../../../../domain/onnx/train/architectures/network-config.ts";
import { range, takeSamples } from "../../../../domain/onnx/train/samples.ts";
import { trainModel, type TrainOptions } from "../../../../domain/onnx/train/train-model.ts";
import { splitDigits } from "../../../fixtures/digits.ts";
import { runOnWasm, wasmRuntime } from "../support/wasm-runtime.ts";

const { training, test: held } = splitDigits();
const few = takeSamples(training, range(0, 64));

const network = (architecture: Architecture) =>
  buildNetwork({
    architecture,
    input: { channels: 8, length: 8 },
    output: { classes: 10 },
    seed: 1,
  });

const options: TrainOptions = {
  loss: { kind: "cross_entropy" },
  optimiser: { kind: "adamw" },
  schedule: { learning_rate: 0.01, decay: { kind: "cosine" } },
  epochs: 2,
  batch_size: 32,
  seed: 1,
};

describe("training on ONNX Runtime", () => {
  test("a CNN learns handwritten digits: above 0.96 on those held out, as an ordinary model", async () => {
    const cnn = network({ kind: "cnn1d", channels: [32, 64], kernel: 3, dropout: 0.2 });
    const trained = await trainModel(wasmRuntime, cnn, training, {
      ...options,
      epochs: 12,
      validation: held,
    });
    const { probabilities } = await runOnWasm(trained.model, held.inputs);
    const right = Array.from(held.targets.data, Number).filter((digit, row) => {
      const scores = Array.from<unknown, number>(
        probabilities?.data.slice(row * 10, row * 10 + 10) ?? [],
        Number,
      );
      return scores.indexOf(Math.max(...scores)) === digit;
    });
    expect(right.length / (held.targets.dims[0] ?? 0)).toBeGreaterThan(0.96);
    expect(trained.epochs.at(-1)?.validation?.accuracy).toBeGreaterThan(0.96);
  }, 60_000);

  test("the same seed gives the same weights, another one others", async () => {
    const mlp = network({ kind: "mlp", hidden: [16], dropout: 0.5 });
    const run = async (seed: number) => {
      const trained = await trainModel(wasmRuntime, mlp, few, { ...options, seed });
      return trained.model.graph.initializers.map(({ payload }) => payload);
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(2)).not.toEqual(await run(1));
  });

  test("frozen weights stay as they are", async () => {
    const mlp = network({ kind: "mlp", hidden: [16] });
    const weights = ["head.weight", "head.bias"];
    const { model } = await trainModel(wasmRuntime, mlp, few, { ...options, weights });
    const moved = model.graph.initializers.filter(
      ({ payload }, index) => payload !== mlp.graph.initializers[index]?.payload,
    );
    expect(moved.map(({ name }) => name)).toEqual(weights);
  });

  test("training stops when nothing improves, and the best epoch's weights are kept", async () => {
    const trained = await trainModel(wasmRuntime, network({ kind: "mlp" }), few, {
      ...options,
      schedule: { learning_rate: 1 },
      epochs: 50,
      patience: 3,
      validation: takeSamples(held, range(0, 64)),
    });
    expect(trained.stopped).toBe("patience");
    expect(trained.epochs).toHaveLength(trained.best_epoch + 3);
    const losses = trained.epochs.map(({ validation }) => validation?.loss ?? Infinity);
    expect(losses[trained.best_epoch - 1]).toBe(Math.min(...losses));
  });

  test("a cancelled training gives what it has", async () => {
    let told = 0;
    const trained = await trainModel(
      wasmRuntime,
      network({ kind: "mlp" }),
      few,
      { ...options, epochs: 100 },
      {
        isCancelled: () => told >= 2,
        onEpoch: () => (told += 1),
      },
    );
    expect(trained).toMatchObject({ stopped: "cancelled", best_epoch: 2 });
  });

  test("a training that diverges stops and says so", async () => {
    const trained = await trainModel(wasmRuntime, network({ kind: "mlp" }), few, {
      ...options,
      optimiser: { kind: "sgd" },
      schedule: { learning_rate: 1e30 },
      epochs: 20,
    });
    expect(trained.stopped).toBe("diverged");
  });

  test.each([
    [{ epochs: 0 }, "epochs"],
    [{ batch_size: 1.5 }, "batch_size"],
    [{ weights: ["nothing"] }, "nothing"],
    [{ output: "nowhere" }, "nowhere"],
    [{ clip_norm: -1 }, "clip_norm"],
  ])("%j is refused by name", async (wrong, name) => {
    const training = trainModel(wasmRuntime, network({ kind: "mlp" }), few, {
      ...options,
      ...wrong,
    });
    await expect(training).rejects.toThrow(name);
  });
});
