import { readFileSync } from "node:fs";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";
import { buildNetwork } from "../../../domain/onnx/train/architectures/build-network.ts";
import { seededRandom, type Random } from "../../../domain/statistics/random.ts";
import type { Feeds } from "../../../domain/onnx/rows.ts";
import { ROOT } from "../../../scripts/lib/build.ts";

/** Rows of one input of float32, as a model takes them. */
export type Table = { name: string; shape: readonly number[]; rows: readonly number[][] };

export const feedsOf = ({ name, shape, rows }: Table, from = 0, to = rows.length): Feeds => ({
  [name]: {
    type: "float32",
    dims: [to - from, ...shape],
    data: Float32Array.from(rows.slice(from, to).flat()),
  },
});

export const slicedRows = ({ name, shape, rows }: Table, from: number, to: number): Table => ({
  name,
  shape,
  rows: rows.slice(from, to),
});

export const wdbcModel = (name: "wdbc-mlp" | "wdbc-forest"): Uint8Array =>
  new Uint8Array(readFileSync(`${ROOT}/examples/wdbc/models/${name}.onnx`));

/** Up to this row they are explained, the others are what they are compared with. */
const EXPLAINED = 128;

/** The rows that are explained, and `count` others, beyond those of the file means of two of them. */
export function wdbcRows(count: number): { instances: Table; background: Table } {
  const rows = readFileSync(`${ROOT}/examples/wdbc/breast_cancer.csv`, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").slice(0, 30).map(Number).map(Math.fround));
  const others = rows.slice(EXPLAINED);
  for (let at = 0; others.length < count; at += 1)
    others.push(
      (others[at] ?? []).map((one, column) =>
        Math.fround((one + (others[at + 1]?.[column] ?? 0)) / 2),
      ),
    );
  const table = { name: "features", shape: [30] };
  return {
    instances: { ...table, rows: rows.slice(0, EXPLAINED) },
    background: { ...table, rows: others.slice(0, count) },
  };
}

const RANDOM_ROWS = 20;

function noise(random: Random, name: string, shape: readonly number[], count: number): Table {
  const size = shape.reduce((product, length) => product * length, 1);
  const rows = Array.from({ length: count }, () =>
    Array.from({ length: size }, () => Math.fround(random.normal())),
  );
  return { name, shape, rows };
}

/** A CNN of three convolutions on one channel of 1,024 samples, with fresh weights. */
export function signalNetwork(): { model: Uint8Array; rows: Table } {
  const model = buildNetwork({
    architecture: { kind: "cnn1d", channels: [16, 32, 64] },
    input: { channels: 1, length: 1_024 },
    output: { classes: 4 },
  });
  const random = seededRandom("signals");
  return { model: writeModel(model), rows: noise(random, "signal", [1, 1_024], RANDOM_ROWS) };
}

/** A CNN of three convolutions on pictures of 3 x 64 x 64, with fresh weights. */
export function imageNetwork(): { model: Uint8Array; rows: Table } {
  const random = seededRandom("pictures");
  const b = GraphBuilder.empty();
  let [value, channels] = [b.input("image", "float32", ["batch", 3, 64, 64]), 3];
  for (const [at, width] of [16, 32, 64].entries()) {
    const spread = Math.sqrt(2 / (channels * 9));
    const weights = Array.from({ length: width * channels * 9 }, () => spread * random.normal());
    const weight = b.constant(floatTensor([width, channels, 3, 3], weights), `weight${at}`);
    const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    const convolved = b.node("Relu", [b.node("Conv", [value, weight], attributes)]);
    value = b.node("MaxPool", [convolved], { kernel_shape: [2, 2], strides: [2, 2] });
    channels = width;
  }
  const pooled = b.node("Flatten", [b.node("GlobalAveragePool", [value])]);
  const head = Array.from({ length: channels * 10 }, () => random.normal() / 8);
  const logits = b.node("MatMul", [pooled, b.constant(floatTensor([channels, 10], head), "head")]);
  b.output(b.node("Softmax", [logits], { axis: 1 }, { output: "probabilities" }));
  return { model: writeModel(b.model()), rows: pictures(random) };
}

/** Smooth pictures of 3 x 64 x 64, each a sum of waves, which super-pixels can follow. */
function pictures(random: Random): Table {
  const rows = Array.from({ length: RANDOM_ROWS }, () => {
    const waves = Array.from({ length: 12 }, () =>
      Array.from({ length: 4 }, () => random.normal() / 6),
    );
    return Array.from({ length: 3 * 64 * 64 }, (_, at) => {
      const [channel, y, x] = [Math.floor(at / 4_096), Math.floor(at / 64) % 64, at % 64];
      const sum = waves
        .slice(4 * channel, 4 * channel + 4)
        .reduce(
          (all, [across = 0, down = 0, phase = 0]) =>
            all + Math.sin(across * x + down * y + 6 * phase),
          0,
        );
      return Math.fround(0.5 + sum / 8);
    });
  });
  return { name: "image", shape: [3, 64, 64], rows };
}
