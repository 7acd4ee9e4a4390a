import { seededRandom } from "../../../statistics/random.ts";
import { GraphBuilder } from "../../graph-builder.ts";
import type { Model } from "../../model.ts";
import { OnnxFault } from "../../onnx-fault.ts";
import { cnn1d, resnet1d } from "./convolutional.ts";
import type { Signal } from "./frames.ts";
import { Layers } from "./layers.ts";
import { mlp } from "./mlp.ts";
import type { Architecture, NetworkConfig } from "./network-config.ts";
import { cnnLstm, lstm } from "./recurrent.ts";
import { transformer } from "./transformer.ts";

/**
 * A network with fresh weights, as a model for inference: it takes `features` ([batch, features]) or `signal`
 * ([batch, channels, length]) and gives `probabilities` ([batch, classes]) or `values` ([batch, values]).
 */
export function buildNetwork(config: NetworkConfig): Model {
  const { architecture, input, output, seed = 0 } = config;
  const outputs = "classes" in output ? output.classes : output.values;
  whole("output", outputs, "classes" in output ? 2 : 1);
  const b = GraphBuilder.empty();
  const layers = new Layers(b, seededRandom(`network ${seed}`));
  const width = build(layers, architecture, input);
  const logits = layers.linear(width.value, "head", width.size, outputs);
  if ("classes" in output)
    b.output(b.node("Softmax", [logits], { axis: 1 }, { output: "probabilities" }));
  else b.output(logits, "values");
  return b.model();
}

/** The body of a network: [batch, size]. */
function build(
  layers: Layers,
  architecture: Architecture,
  input: NetworkConfig["input"],
): { value: string; size: number } {
  checkArchitecture(architecture);
  if ("features" in input) {
    whole("input.features", input.features);
    if (architecture.kind !== "mlp")
      throw new OnnxFault(
        "bad_request",
        `a ${architecture.kind} takes signals: give input.channels and input.length, not input.features`,
      );
    const value = layers.b.input("features", "float32", ["batch", input.features]);
    return mlp(layers, architecture, value, input.features);
  }
  const { channels, length } = input;
  whole("input.channels", channels);
  whole("input.length", length);
  const value = layers.b.input("signal", "float32", ["batch", channels, length]);
  const signal: Signal = { value, channels, length };
  switch (architecture.kind) {
    case "mlp":
      return mlp(layers, architecture, layers.b.node("Flatten", [value]), channels * length);
    case "cnn1d":
      return cnn1d(layers, architecture, signal);
    case "resnet1d":
      return resnet1d(layers, architecture, signal);
    case "lstm":
    case "bilstm":
      return lstm(layers, architecture, signal);
    case "cnn_lstm":
      return cnnLstm(layers, architecture, signal);
    case "transformer":
      return transformer(layers, architecture, signal);
  }
}

const SIZES = new Set(
  "hidden channels kernel pool blocks layers frame width heads feed_forward".split(" "),
);

function checkArchitecture(architecture: Architecture): void {
  const { kind, dropout = 0 } = architecture;
  if (!(dropout >= 0 && dropout < 1))
    throw new OnnxFault("bad_request", "architecture.dropout has to be at least 0 and below 1");
  for (const [name, value] of Object.entries(architecture))
    if (SIZES.has(name))
      for (const size of [value].flat()) whole(`architecture.${name} (${kind})`, Number(size));
}

function whole(name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least)
    throw new OnnxFault("bad_request", `${name} has to be a whole number of at least ${least}`);
}
