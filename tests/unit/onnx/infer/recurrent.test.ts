import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";

describe("recurrent layers", () => {
  test.each([
    ["RNN", 1, 2],
    ["GRU", 3, 2],
    ["LSTM", 4, 3],
  ] as const)("%s keeps the sizes that are free", (operator, gates, count) => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", ["steps", "batch", 5]);
    b.input("w", "float32", [2, gates * 3, 5]);
    b.input("r", "float32", [2, gates * 3, 3]);
    const [y = "", ...last] = b.nodes(operator, ["x", "w", "r"], count, {
      direction: "bidirectional",
    });
    expect(b.shapeOf(y)).toEqual(["steps", 2, "batch", 3]);
    for (const state of last) expect(b.shapeOf(state)).toEqual([2, "batch", 3]);
  });

  test("layout 1 has the batch first", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", ["batch", 6, 5]);
    b.input("w", "float32", [1, 9, 5]);
    b.input("r", "float32", [1, 9, 3]);
    const [y = "", last = ""] = b.nodes("GRU", ["x", "w", "r"], 2, { hidden_size: 3, layout: 1 });
    expect(b.shapeOf(y)).toEqual(["batch", 6, 1, 3]);
    expect(b.shapeOf(last)).toEqual(["batch", 1, 3]);
  });

  test("weights that do not fit the hidden size are refused", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [6, 2, 5]);
    b.input("w", "float32", [1, 12, 5]);
    b.input("r", "float32", [1, 9, 3]);
    const refused = attempt(() => b.node("LSTM", ["x", "w", "r"], { hidden_size: 3 }));
    expect(refused).toMatchObject({ ok: false, error: { code: "invalid", operator: "LSTM" } });
  });
});
