import { readModel, writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { halve } from "../../../domain/onnx/halve/halve.ts";
import { quantiseDynamic } from "../../../domain/onnx/quantise/quantise-dynamic.ts";
import { quantiseStatic } from "../../../domain/onnx/quantise/quantise-static.ts";
import type { Runtime } from "../../../domain/onnx/runtime.ts";
import { range, takeRows } from "../../../domain/onnx/train/samples.ts";
import { trainModel } from "../../../domain/onnx/train/train-model.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import { howTo, TASKS } from "../../fixtures/learning-tasks.ts";
import { percent, ratioOf, type Options, type Row } from "../experiments/row.ts";
import { largeModel } from "./codec.ts";
import { timesOf } from "./timing.ts";

type Subject = { name: string; bytes: Uint8Array; input: string; rows: Tensor };

/** Sizes and speeds of models with fewer bits, against the same model in float32. */
export async function quantised(runtimes: readonly Runtime[], { quick }: Options): Promise<Row[]> {
  const rows: Row[] = [];
  const [trainer] = runtimes;
  if (trainer === undefined) return rows;
  for (const { name, bytes, input, rows: data } of await subjects(trainer, quick)) {
    const model = readModel(bytes);
    const calibration = () => [{ [input]: takeRows(data, range(0, 128)) }];
    const made = {
      float32: bytes,
      "INT8 static": writeModel((await quantiseStatic(trainer, model, calibration)).model),
      "INT8 dynamic": writeModel(quantiseDynamic(model).model),
      float16: writeModel(halve(model).model),
    };
    rows.push({
      measure: `size, ${name}`,
      ours: Object.entries(made)
        .filter(([kind]) => kind !== "float32")
        .map(([kind, file]) => `${kind} ${percent(file.length / bytes.length, 1)}`)
        .join("; "),
      peers: [{ name: "float32", value: `${(bytes.length / 1e6).toFixed(3)} MB` }],
      how: "of the file",
    });
    for (const runtime of runtimes)
      for (const batch of [1, 32]) {
        const feeds = { [input]: takeRows(data, range(0, batch)) };
        const timed = Object.fromEntries(
          Object.entries(made).map(([kind, file]) => [kind, { model: file, feeds }]),
        );
        const times = await timesOf(runtime, timed, {
          rounds: quick ? 3 : 15,
          runs: quick ? 5 : batch === 1 ? 100 : 20,
        });
        const float = times["float32"] ?? Number.NaN;
        rows.push({
          measure: `a run of ${batch}, ${name}, ${runtime.name}`,
          ours: Object.entries(times)
            .filter(([kind]) => kind !== "float32")
            .map(([kind, ms]) => `${kind} ${ms.toFixed(3)} ms (${ratioOf(ms, float)})`)
            .join("; "),
          peers: [{ name: "float32", value: `${float.toFixed(3)} ms` }],
          how: "one thread, median of rounds in turns",
        });
      }
  }
  return rows;
}

/** Four layers of 512 by 512, and a network that knows the digits. */
async function subjects(trainer: Runtime, quick: boolean): Promise<Subject[]> {
  const random = seededRandom("quantised");
  const large: Subject = {
    name: "an MLP of 4 x [512, 512]",
    bytes: largeModel(),
    input: "x",
    rows: {
      type: "float32",
      dims: [128, 512],
      data: Float32Array.from({ length: 128 * 512 }, () => random.normal()),
    },
  };
  const task = TASKS.digits();
  const network = task.network({ kind: "cnn1d", channels: [64, 128], kernel: 3 });
  const options = howTo(quick ? 1 : 5, 0.01, task);
  const { model } = await trainModel(trainer, network, task.training, options);
  const signal = task.test.inputs["signal"];
  if (signal === undefined) throw new Error("the digits have no signal");
  return [
    large,
    { name: "a CNN1D for digits", bytes: writeModel(model), input: "signal", rows: signal },
  ];
}
