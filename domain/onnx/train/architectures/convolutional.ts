import { OnnxFault } from "../../onnx-fault.ts";
import type { Signal } from "./frames.ts";
import type { Activation, Layers } from "./layers.ts";
import type { Architecture } from "./network-config.ts";

type Stages = {
  channels: readonly number[];
  kernel: number;
  pool: number;
  activation: Activation;
  normalise: boolean;
};

/** Convolution, normalisation, activation and pooling, a stage for each number of channels. */
export function stages(
  layers: Layers,
  signal: Signal,
  { channels, kernel, pool, activation, normalise }: Stages,
): Signal {
  let { value, channels: inputs, length } = signal;
  for (const [index, outputs] of channels.entries()) {
    const name = `stage_${index}`;
    value = layers.convolution(value, `${name}.convolution`, inputs, outputs, {
      kernel,
      bias: !normalise,
    });
    if (normalise) value = layers.batchNormalisation(value, `${name}.normalisation`, outputs);
    value = layers.activation(value, activation);
    if (pool > 1) {
      value = layers.b.node("MaxPool", [value], { kernel_shape: [pool], strides: [pool] });
      length = Math.floor(length / pool);
    }
    if (length < 1)
      throw new OnnxFault(
        "bad_request",
        `input.length ${signal.length} is too short for ${channels.length} stages that each divide it by ${pool}`,
      );
    inputs = outputs;
  }
  return { value, channels: inputs, length };
}

export function cnn1d(
  layers: Layers,
  config: Extract<Architecture, { kind: "cnn1d" }>,
  signal: Signal,
): { value: string; size: number } {
  const {
    channels = [16, 32, 64],
    kernel = 5,
    pool = 2,
    activation = "relu",
    dropout = 0,
    normalise = true,
  } = config;
  const made = stages(layers, signal, { channels, kernel, pool, activation, normalise });
  const { value, channels: size } = made;
  return { value: layers.dropout(average(layers, value), dropout), size };
}

export function resnet1d(
  layers: Layers,
  config: Extract<Architecture, { kind: "resnet1d" }>,
  signal: Signal,
): { value: string; size: number } {
  const { channels = [16, 32, 64], blocks = 2, kernel = 3, dropout = 0 } = config;
  const { activation = "relu" } = config;
  const [first = 16] = channels;
  let value = layers.convolution(signal.value, "stem.convolution", signal.channels, first, {
    kernel: 7,
    bias: false,
  });
  value = layers.activation(
    layers.batchNormalisation(value, "stem.normalisation", first),
    activation,
  );
  let size = first;
  for (const [stage, outputs] of channels.entries())
    for (let block = 0; block < blocks; block += 1) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const name = `stage_${stage}.block_${block}`;
      value = residual(layers, value, name, { inputs: size, outputs, kernel, stride, activation });
      size = outputs;
    }
  return { value: layers.dropout(average(layers, value), dropout), size };
}

/** Two convolutions beside a way around them, which is a convolution where the shapes differ. */
function residual(
  layers: Layers,
  x: string,
  name: string,
  block: {
    inputs: number;
    outputs: number;
    kernel: number;
    stride: number;
    activation: Activation;
  },
): string {
  const { inputs, outputs, kernel, stride, activation } = block;
  const part = (value: string, stem: string, from: number, size: number, step: number): string => {
    const options = { kernel: size, stride: step, bias: false };
    const convolved = layers.convolution(value, `${stem}.convolution`, from, outputs, options);
    return layers.batchNormalisation(convolved, `${stem}.normalisation`, outputs);
  };
  const inner = layers.activation(part(x, `${name}.first`, inputs, kernel, stride), activation);
  const path = part(inner, `${name}.second`, outputs, kernel, 1);
  const isSame = inputs === outputs && stride === 1;
  const around = isSame ? x : part(x, `${name}.around`, inputs, 1, stride);
  return layers.activation(layers.b.node("Add", [path, around]), activation);
}

/** The mean over the length: [batch, channels]. */
const average = (layers: Layers, x: string): string =>
  layers.b.node("Flatten", [layers.b.node("GlobalAveragePool", [x])]);
