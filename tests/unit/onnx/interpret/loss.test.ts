import { expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { isNumbers, numbers, toTensor } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";
import { runOnWasm } from "../../../fixtures/wasm-runtime.ts";

const probabilities = [0.5, 0.25, 0.25, 0.125, 0.75, 0.125];
const inputs = {
  scores: numbers("float32", [2, 3], probabilities.map(Math.log)),
  labels: numbers("int64", [2], [0, 1]),
  weights: numbers("float32", [3], [1, 3, 5]),
};

function lossModel(names: readonly string[], attributes: AttributeLiterals) {
  const b = GraphBuilder.empty(13);
  for (const name of names) {
    const { type, dims } = inputs[name as keyof typeof inputs];
    b.input(name, type, dims);
  }
  b.output(b.node("SoftmaxCrossEntropyLoss", names, attributes), "loss");
  return b.model();
}

const [first, second] = [Math.log(2), Math.log(4 / 3)];

test.each([
  ["mean", ["scores", "labels"], {}, [(first + second) / 2]],
  ["sum", ["scores", "labels"], { reduction: "sum" }, [first + second]],
  ["none", ["scores", "labels"], { reduction: "none" }, [first, second]],
  ["weighted mean", ["scores", "labels", "weights"], {}, [(first + 3 * second) / 4]],
  ["mean without an ignored label", ["scores", "labels"], { ignore_index: 0 }, [second]],
  ["mean of nothing", ["scores"], { ignore_index: 1 }, [Number.NaN]],
])("%s", async (_name, names, attributes, expected) => {
  const given = names.length === 1 ? [...names, "labels"] : names;
  const labels = names.length === 1 ? numbers("int64", [2], [1, 1]) : inputs.labels;
  const model = lossModel(given, attributes);
  const feeds = Object.fromEntries(
    given.map((name) => [name, name === "labels" ? labels : inputs[name as keyof typeof inputs]]),
  );
  const { loss } = interpret(model, feeds);
  if (loss === undefined || !isNumbers(loss)) throw new Error("no numbers");
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]),
  );
  const served = (await runOnWasm(model, tensors))["loss"];
  for (const [index, value] of expected.entries())
    for (const found of [loss.data[index], Number(served?.data[index])])
      if (Number.isNaN(value)) expect(found).toBeNaN();
      else expect(found).toBeCloseTo(value, 5);
});

test("a label beyond the classes is refused by its number", () => {
  const model = lossModel(["scores", "labels"], {});
  const feeds = { ...inputs, labels: numbers("int64", [2], [0, 3]) };
  expect(attempt(() => interpret(model, feeds))).toMatchObject({
    ok: false,
    error: { code: "invalid", message: expect.stringContaining("label 3") },
  });
});
