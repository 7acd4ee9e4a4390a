import type { Layers } from "./layers.ts";
import type { Architecture } from "./network-config.ts";

export function mlp(
  layers: Layers,
  config: Extract<Architecture, { kind: "mlp" }>,
  input: string,
  features: number,
): { value: string; size: number } {
  const { hidden = [64, 64], activation = "relu", dropout = 0 } = config;
  let value = input;
  let size = features;
  for (const [index, width] of hidden.entries()) {
    value = layers.activation(layers.linear(value, `hidden_${index}`, size, width), activation);
    value = layers.dropout(value, dropout);
    size = width;
  }
  return { value, size };
}
