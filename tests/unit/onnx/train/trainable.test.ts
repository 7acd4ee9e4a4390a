import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { numbers } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { operatorOf } from "../../../../domain/onnx/node.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { packingsOf, packedValues, withValues } from "../../../../domain/onnx/train/parameters.ts";
import { trainable } from "../../../../domain/onnx/train/trainable.ts";
import { trainingGraph } from "../../../../domain/onnx/train/training-graph.ts";

const BATCH = [3, -1, 0, 2, 5, 4, -2, 1];

/** Two normalisations that share what is 1 and what is 0, the second behind an Identity. */
function sharing(): Model {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 2]);
  const ones = b.constant(floatTensor([2], [1, 1]), "ones");
  const zeros = b.constant(floatTensor([2], [0, 0]), "zeros");
  b.node("Identity", [ones], {}, { output: "second_ones" });
  const first = b.node("BatchNormalization", ["x", ones, zeros, zeros, ones]);
  b.output(b.node("BatchNormalization", [first, "second_ones", zeros, zeros, ones]));
  return b.model();
}

describe("weights that an exporter stores once because they are equal", () => {
  test("get tensors of their own, and the model computes the same", () => {
    const model = trainable(sharing());
    const used = model.graph.nodes.flatMap(({ inputs }) => inputs.slice(1));
    expect(new Set(used).size).toBe(8);
    expect(used).toContain("second_ones");
    expect(model.graph.nodes.map(operatorOf)).toEqual(["BatchNormalization", "BatchNormalization"]);
    const { parameters, statistics } = packingsOf(model);
    expect([parameters.size, statistics.size]).toEqual([8, 8]);
    const x = numbers("float32", [4, 2], BATCH);
    expect(interpret(model, { x })).toEqual(interpret(sharing(), { x }));
    expect(trainable(model)).toEqual(model);
  });

  test("are shared on purpose where their numbers differ", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", ["batch", 2]);
    const weight = b.constant(floatTensor([2, 2], [1, 2, 3, 4]), "weight");
    b.node("Identity", [weight], {}, { output: "tied" });
    const twice = b.node("MatMul", [b.node("MatMul", ["x", weight]), weight]);
    b.output(b.node("MatMul", [twice, "tied"]));
    expect(trainable(b.model()).graph).toEqual(b.model().graph);
  });
});

describe("a model that was exported as it trains", () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 2]);
  const vector = (name: string, values: number[]): string =>
    b.constant(floatTensor([2], values), name);
  const parts = [
    vector("scale", [2, 3]),
    vector("bias", [1, 0]),
    vector("mean", [0.5, 1]),
    vector("variance", [4, 9]),
  ];
  const training = b.constant({ type: "bool", dims: [], data: Uint8Array.of(1) });
  b.nodes("BatchNormalization", ["x", ...parts], ["normal", "next_mean", "next_variance"], {
    training_mode: 1,
    epsilon: 0,
  });
  b.nodes("Dropout", ["normal", b.scalar(0.75), training], ["y", "kept"]);
  b.output("y");
  const model = b.model();

  test("predicts with its running statistics and leaves out nothing", () => {
    const { y } = interpret(trainable(model), { x: numbers("float32", [1, 2], [4.5, 4]) });
    expect(y).toEqual(numbers("float32", [1, 2], [5, 3]));
  });

  test("is trained with its own share of dropout, and with what reads the mask", () => {
    const mask = b.node("Cast", ["kept"], { to: 1 });
    b.output(b.node("Mul", ["y", mask]), "masked");
    const options = { loss: { kind: "mean_squared_error" }, optimiser: { kind: "sgd" } } as const;
    const graph = trainingGraph(b.model(), { ...options, output: "masked" });
    expect(graph.masks).toEqual([{ mask: "mask_0", ratio: 0.75, shape: ["batch", 2] }]);
    const { logits } = interpret(graph.model, {
      x: numbers("float32", [2, 2], [1, 2, 3, 6]),
      targets: numbers("float32", [2, 2], [0, 0, 0, 0]),
      parameters: numbers("float32", [4], packedValues(model, graph.parameters)),
      statistics: numbers("float32", [4], packedValues(model, graph.statistics)),
      learning_rate: numbers("float32", [], [1]),
      mask_0: numbers("float32", [2, 2], [4, 0, 0, 4]),
    });
    // The normalised columns are (-1, 1), so that scale and bias make -1, 3 and -3, 3 of them.
    expect(logits).toEqual(numbers("float32", [2, 2], [-4, -0, 0, 12]));
  });

  test("a share of dropout that is not a constant is refused by name", () => {
    const other = GraphBuilder.empty();
    other.input("x", "float32", ["batch", 2]);
    other.input("ratio", "float32", []);
    const y = other.node("MatMul", ["x", other.constant(floatTensor([2, 1], [1, 2]), "weight")]);
    other.output(other.node("Dropout", [y, "ratio"], {}, { name: "drop" }), "y");
    const make = (): unknown =>
      trainingGraph(other.model(), {
        loss: { kind: "mean_squared_error" },
        optimiser: { kind: "sgd" },
      });
    expect(make).toThrow("the ratio of Dropout 'drop' has to be a constant from 0 to below 1");
  });

  test("weights go back only into a model that has them", () => {
    const { parameters } = packingsOf(trainable(sharing()));
    expect(() => withValues(sharing(), parameters, new Float32Array(8))).toThrow(
      "the model has no weight",
    );
  });
});
