import { expect, test } from "vitest";
import { lossGradients } from "../../../../domain/onnx/prune/loss-gradients.ts";
import { runPass } from "../../../../domain/onnx/optimise-passes.ts";
import { floatTensor, intTensor } from "../../../../domain/onnx/tensors.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";

/** y = x w for two features and one output. */
function line(weights: [number, number]) {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", ["batch", 2]);
  b.output(b.node("MatMul", [x, b.constant(floatTensor([2, 1], weights), "w")]), "y");
  return b.model();
}

test("the gradient of a squared error is 2 (y - t) x, in the mean over all rows of all batches", async () => {
  const rows = 100;
  const inputs = {
    x: floatTensor(
      [rows, 2],
      Array.from({ length: 2 * rows }, (_, at) => 1 + 2 * (at % 2)),
    ),
  };
  const labels = floatTensor([rows, 1], new Float32Array(rows).fill(1));
  const { w } = await lossGradients(wasmRuntime, line([2, 1]), { inputs, labels });
  expect(w?.dims).toEqual([2, 1]);
  expect(Number(w?.data[0])).toBeCloseTo(2 * 4 * 1, 4);
  expect(Number(w?.data[1])).toBeCloseTo(2 * 4 * 3, 4);
});

test("what the loss does not depend on is pruned first by 'snip', however large it is", async () => {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", ["batch", 2]);
  const weights = b.constant(floatTensor([2, 2], [0.1, 0.2, 9, 9]), "w");
  b.output(b.node("Softmax", [b.node("MatMul", [x, weights])], { axis: 1 }), "p");
  const model = b.model();
  const data = {
    inputs: { x: floatTensor([3, 2], [1, 0, 2, 0, -1, 0]) },
    labels: intTensor([0, 1, 1]),
  };
  const options = { method: "unstructured", importance: "snip", amount: 0.5 } as const;
  const { model: pruned } = await runPass(wasmRuntime, model, { kind: "prune", options, data });
  const kept = pruned.graph.initializers.find(({ name }) => name === "w");
  expect(kept?.payload).toMatchObject({
    bytes: new Uint8Array(Float32Array.of(0.1, 0.2, 0, 0).buffer),
  });
});

test("'taylor' without labels names what is missing", async () => {
  const options = { method: "structured", importance: "taylor" } as const;
  const pruning = runPass(wasmRuntime, line([1, 1]), { kind: "prune", options });
  await expect(pruning).rejects.toThrow("'data.labels' is needed");
});
