import type { Architecture } from "../../../domain/onnx/train/architectures/network-config.ts";
import { trainModel } from "../../../domain/onnx/train/train-model.ts";
import { howTo, TASKS } from "../../fixtures/learning-tasks.ts";
import { percent, type Options, type Row } from "../experiments/row.ts";
import { chartOf, type Line } from "./chart.ts";
import { nativeRuntime } from "./native-runtime.ts";

type Course = { architecture: Architecture; epochs: number; rate: number };

const COURSES: Record<keyof typeof TASKS, Course[]> = {
  digits: [
    { architecture: { kind: "mlp" }, epochs: 15, rate: 0.005 },
    {
      architecture: { kind: "cnn1d", channels: [32, 64], kernel: 3, dropout: 0.2 },
      epochs: 15,
      rate: 0.01,
    },
    { architecture: { kind: "resnet1d", channels: [16, 32], blocks: 1 }, epochs: 15, rate: 0.005 },
    { architecture: { kind: "bilstm", hidden: 32 }, epochs: 15, rate: 0.01 },
    { architecture: { kind: "transformer", width: 32, layers: 1 }, epochs: 15, rate: 0.005 },
  ],
  bearings: [
    { architecture: { kind: "mlp" }, epochs: 15, rate: 0.003 },
    { architecture: { kind: "cnn1d" }, epochs: 15, rate: 0.005 },
    {
      architecture: { kind: "resnet1d", channels: [8, 16, 32], blocks: 1 },
      epochs: 15,
      rate: 0.005,
    },
    { architecture: { kind: "lstm", hidden: 32, frame: 4 }, epochs: 15, rate: 0.01 },
    { architecture: { kind: "bilstm", hidden: 32, frame: 4 }, epochs: 15, rate: 0.01 },
    { architecture: { kind: "cnn_lstm", channels: [8, 16], hidden: 24 }, epochs: 15, rate: 0.006 },
    {
      architecture: { kind: "transformer", frame: 8, width: 32, layers: 1 },
      epochs: 15,
      rate: 0.003,
    },
  ],
};

const TITLES: Record<keyof typeof TASKS, string> = {
  digits: "Handwritten digits: accuracy on 450 held out",
  bearings: "Bearing faults: accuracy on bearings and speeds not trained on",
};

/** Trains every architecture on both tasks; `draw` is handed the picture of their curves. */
export async function learning({ quick }: Options, draw: (svg: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  const panels: { title: string; lines: Line[] }[] = [];
  for (const name of ["digits", "bearings"] as const) {
    const task = TASKS[name]();
    const lines: Line[] = [];
    for (const { architecture, epochs, rate } of quick
      ? COURSES[name].slice(0, 2)
      : COURSES[name]) {
      const options = howTo(quick ? 2 : epochs, rate, task);
      const began = performance.now();
      const model = task.network(architecture);
      const trained = await trainModel(nativeRuntime, model, task.training, options);
      const seconds = (performance.now() - began) / 1_000;
      const values = trained.epochs.map(({ validation }) => validation?.accuracy ?? 0);
      lines.push({ name: architecture.kind, values });
      rows.push({
        measure: `accuracy of a ${architecture.kind} on ${name} it was not trained on`,
        ours: percent(values.at(-1) ?? 0, 1),
        peers: [],
        how: `${values.length} epochs of ${task.training.targets.dims[0] ?? 0} rows in ${seconds.toFixed(1)} s, native`,
      });
    }
    panels.push({ title: TITLES[name], lines });
  }
  draw(chartOf(panels));
  return rows;
}
