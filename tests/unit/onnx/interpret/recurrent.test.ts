import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import {
  fromTensor,
  numbers,
  toTensor,
  type Numbers,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { normals, randomOf, SEED } from "../support/random-numbers.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const random = randomOf("interpreted recurrent layers");
const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const;
const [STEPS, BATCH, WIDTH, HIDDEN] = [4, 3, 2, 3];

type Layer = {
  operator: keyof typeof GATES;
  attributes?: AttributeLiterals;
  lengths?: number[];
  peepholes?: boolean;
};

const LAYERS: Layer[] = [
  { operator: "RNN" },
  { operator: "RNN", attributes: { direction: "reverse" }, lengths: [4, 1, 2] },
  {
    operator: "RNN",
    attributes: {
      direction: "bidirectional",
      activations: ["LeakyRelu", "HardSigmoid"],
      activation_alpha: [0.3, 0.4],
      activation_beta: [0.2],
    },
  },
  { operator: "GRU", attributes: { direction: "bidirectional" }, lengths: [2, 4, 3] },
  { operator: "GRU", attributes: { linear_before_reset: 1, direction: "reverse" } },
  { operator: "GRU", attributes: { clip: 0.5 } },
  { operator: "LSTM", peepholes: true, attributes: { direction: "bidirectional" } },
  { operator: "LSTM", attributes: { clip: 0.4 } },
  { operator: "LSTM", attributes: { clip: 0.4 }, peepholes: true },
  { operator: "LSTM", attributes: { input_forget: 1 } },
  { operator: "LSTM", lengths: [1, 3, 4], attributes: { direction: "reverse" } },
  { operator: "LSTM", attributes: { activations: ["Sigmoid", "Softsign", "Relu"] } },
];

/** Every input that the operator has, in float32 numbers. */
function inputsOf({ operator, attributes = {}, lengths, peepholes = false }: Layer) {
  const directions = attributes["direction"] === "bidirectional" ? 2 : 1;
  const gates = GATES[operator] * HIDDEN;
  const floats = (...dims: number[]): Numbers => {
    const { data } = normals(random, dims);
    return numbers("float32", dims, data.map(Math.fround));
  };
  const inputs: Record<string, Numbers> = {
    x: floats(STEPS, BATCH, WIDTH),
    w: floats(directions, gates, WIDTH),
    r: floats(directions, gates, HIDDEN),
    bias: floats(directions, 2 * gates),
    h0: floats(directions, BATCH, HIDDEN),
  };
  if (operator === "LSTM") inputs["c0"] = floats(directions, BATCH, HIDDEN);
  if (lengths) inputs["lengths"] = numbers("int32", [lengths.length], lengths);
  if (peepholes) inputs["p"] = floats(directions, 3 * HIDDEN);
  return inputs;
}

describe("recurrent layers, against ONNX Runtime", () => {
  test.each(LAYERS)("%o", async (layer) => {
    const { operator, attributes = {} } = layer;
    const inputs = inputsOf(layer);
    const b = GraphBuilder.empty();
    for (const [name, { type, dims }] of Object.entries(inputs)) b.input(name, type, dims);
    const names = ["x", "w", "r", "bias", "lengths", "h0"];
    if (operator === "LSTM") names.push("c0", "p");
    const outputs = b.nodes(
      operator,
      names.map((name) => (name in inputs ? name : "")),
      operator === "LSTM" ? 3 : 2,
      { hidden_size: HIDDEN, ...attributes },
    );
    for (const output of outputs) b.output(output);
    const model = b.model();
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [name, toTensor(value)]),
    );
    const [expected, found] = [await runOnWasm(model, feeds), interpret(model, inputs)];
    for (const output of outputs) {
      const value = found[output] as Numbers;
      const tensor = expected[output];
      if (tensor === undefined) throw new Error(output);
      expect(value.dims).toEqual(tensor.dims);
      for (const [index, element] of (fromTensor(tensor) as Numbers).data.entries()) {
        // Of float32, whose error grows with the value.
        const error = Math.abs((value.data[index] ?? Number.NaN) - element);
        expect(error / (1 + Math.abs(element)), `${output}, SEED=${SEED}`).toBeLessThan(1e-5);
      }
    }
  });
});
