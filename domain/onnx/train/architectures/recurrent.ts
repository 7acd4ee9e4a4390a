import { stages } from "./convolutional.ts";
import { stepsOf, type Signal } from "./frames.ts";
import type { Layers } from "./layers.ts";
import type { Architecture } from "./network-config.ts";

export function lstm(
  layers: Layers,
  config: Extract<Architecture, { kind: "lstm" | "bilstm" }>,
  signal: Signal,
): { value: string; size: number } {
  const { kind, hidden = 64, layers: depth = 1, frame = 1, dropout = 0 } = config;
  const { value, size } = stepsOf(layers, signal, frame);
  return recurrent(layers, value, { size, hidden, depth, both: kind === "bilstm", dropout });
}

export function cnnLstm(
  layers: Layers,
  config: Extract<Architecture, { kind: "cnn_lstm" }>,
  signal: Signal,
): { value: string; size: number } {
  const { channels = [16, 32], kernel = 5, pool = 2, hidden = 64, dropout = 0 } = config;
  const { activation = "relu", normalise = true } = config;
  const convolved = stages(layers, signal, { channels, kernel, pool, activation, normalise });
  const { value, size } = stepsOf(layers, convolved, 1);
  return recurrent(layers, value, { size, hidden, depth: 1, both: false, dropout });
}

/** LSTM layers over [batch, steps, size]; the mean over the steps of the last one. */
function recurrent(
  layers: Layers,
  steps: string,
  config: { size: number; hidden: number; depth: number; both: boolean; dropout: number },
): { value: string; size: number } {
  const { hidden, depth, both, dropout } = config;
  let value = layers.b.node("Transpose", [steps], { perm: [1, 0, 2] });
  let { size } = config;
  for (let layer = 0; layer < depth; layer += 1) {
    value = layers.dropout(layers.lstm(value, `lstm_${layer}`, size, hidden, both), dropout);
    size = both ? 2 * hidden : hidden;
  }
  return { value: layers.b.node("ReduceMean", [value, layers.b.ints([0])], { keepdims: 0 }), size };
}
