import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { tensorFact, type Fact } from "../../../../domain/onnx/infer/fact.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";
import { filledTensor } from "../../../../domain/onnx/tensors.ts";
import type { Dimension } from "../../../../domain/tensors/tensor.ts";

const shapeOf = (fact: Fact): readonly Dimension[] | null =>
  fact.kind === "tensor" ? fact.shape : null;

/** A graph with `x` [batch, 4], `flag` and `trips`. */
function start(): GraphBuilder {
  const b = GraphBuilder.empty();
  b.input("x", "float32", ["batch", 4]);
  b.input("flag", "bool", []);
  b.input("trips", "int64", []);
  return b;
}

describe("If", () => {
  const sides = (b: GraphBuilder, condition: string): string =>
    b.node("If", [condition], {
      then_branch: b.subgraph("then", (inner) => [inner.node("Concat", ["x", "x"], { axis: 1 })]),
      else_branch: b.subgraph("else", (inner) => [inner.node("Neg", ["x"])]),
    });

  test("keeps what both branches agree on", () => {
    const b = start();
    expect(b.factOf(sides(b, "flag"))).toEqual(tensorFact("float32", ["batch", null]));
  });

  test("takes the branch of a condition that is known", () => {
    const b = start();
    const yes = b.constant(filledTensor("bool", [], 1));
    const no = b.constant(filledTensor("bool", [1], 0));
    expect(shapeOf(b.factOf(sides(b, yes)))).toEqual(["batch", 8]);
    expect(shapeOf(b.factOf(sides(b, no)))).toEqual(["batch", 4]);
  });

  test("a branch not taken may contradict the shapes; one that may be taken may not", () => {
    const b = start();
    const branches = (condition: string): string =>
      b.node("If", [condition], {
        then_branch: b.subgraph("then", (inner) => [inner.node("Neg", ["x"])]),
        else_branch: {
          ...b.subgraph("else", (inner) => [inner.node("Neg", ["x"])]),
          nodes: [
            { opType: "Squeeze", inputs: ["x", b.ints([1])], outputs: ["bad"], attributes: [] },
          ],
          outputs: [{ name: "bad" }],
        },
      });
    const yes = b.constant(filledTensor("bool", [], 1));
    expect(shapeOf(b.factOf(branches(yes)))).toEqual(["batch", 4]);
    expect(attempt(() => branches("flag"))).toMatchObject({ ok: false });
  });
});

describe("Loop", () => {
  /** Carries `x` and gives a row each time; `ends`: the body may end the loop. */
  const loop = (b: GraphBuilder, trips: string, ends = false): string[] => {
    const body = b.subgraph("body", (inner) => {
      inner.input(inner.fresh("trip"), "int64", []);
      const goesOn = inner.input(inner.fresh("goes_on"), "bool", []);
      const x = inner.input(inner.fresh("carried"), "float32", null);
      const changed = inner.node("Neg", [x]);
      const condition = ends
        ? inner.node("Less", [inner.node("ReduceSum", [changed], { keepdims: 0 }), inner.scalar(1)])
        : inner.node("Identity", [goesOn]);
      const row = inner.node("ReduceSum", ["x", inner.ints([0])], { keepdims: 0 });
      return [condition, changed, row];
    });
    return b.nodes("Loop", [trips, "", "x"], 2, { body });
  };

  test("keeps a shape that the body keeps, and counts the rows of a known number of trips", () => {
    const b = start();
    const [last = "", rows = ""] = loop(b, b.scalar(5, "int64"));
    expect(shapeOf(b.factOf(last))).toEqual(["batch", 4]);
    expect(shapeOf(b.factOf(rows))).toEqual([5, 4]);
  });

  test("a size that changes on the way is unknown after it, and in what is made of it", () => {
    const b = GraphBuilder.empty();
    b.input("fixed", "float32", [2, 4]);
    const body = b.subgraph("body", (inner) => {
      inner.input("trip", "int64", []);
      const goesOn = inner.input("goes_on", "bool", []);
      const before = inner.input("before", "float32", [null, 4]);
      const grown = inner.node("Concat", [before, before], { axis: 0 });
      return [inner.node("Identity", [goesOn]), grown, inner.node("Neg", [grown])];
    });
    const [last = "", rows = ""] = b.nodes("Loop", [b.scalar(5, "int64"), "", "fixed"], 2, {
      body,
    });
    expect(shapeOf(b.factOf(last))).toEqual([null, 4]);
    expect(shapeOf(b.factOf(rows))).toEqual([5, null, 4]);
  });

  test("the number of rows is unknown where the trips are, or where the body may end the loop", () => {
    const b = start();
    expect(shapeOf(b.factOf(loop(b, "trips")[1] ?? ""))).toEqual([null, 4]);
    const ended = loop(b, b.scalar(5, "int64"), true);
    expect(shapeOf(b.factOf(ended[1] ?? ""))).toEqual([null, 4]);
  });
});

describe("Scan", () => {
  const scan = (
    b: GraphBuilder,
    inputs: readonly string[],
    attributes: Record<string, readonly number[]> = {},
  ): string[] => {
    const body = b.subgraph("body", (inner) => {
      const sum = inner.input(inner.fresh("sum"), "float32", [4]);
      const slices = inputs
        .slice(1)
        .map((_, index) => inner.input(inner.fresh(`s${index}`), "float32", [4]));
      const total = slices.reduce((left, right) => inner.node("Add", [left, right]), sum);
      return [total, inner.node("Unsqueeze", [total, inner.ints([0])])];
    });
    return b.nodes("Scan", inputs, 2, {
      body,
      num_scan_inputs: inputs.length - 1,
      ...attributes,
    });
  };

  test("the steps of its inputs are those of its outputs, along the axes it is told", () => {
    const b = start();
    b.input("start", "float32", [4]);
    const [last = "", rows = ""] = scan(b, ["start", "x"]);
    expect(shapeOf(b.factOf(last))).toEqual([4]);
    expect(shapeOf(b.factOf(rows))).toEqual(["batch", 1, 4]);
    b.input("columns", "float32", [4, 7]);
    const [, wide = ""] = scan(b, ["start", "columns"], {
      scan_input_axes: [-1],
      scan_output_axes: [-1],
    });
    expect(shapeOf(b.factOf(wide))).toEqual([1, 4, 7]);
  });

  test("inputs with different numbers of steps are refused", () => {
    const b = start();
    b.input("start", "float32", [4]);
    b.input("three", "float32", [3, 4]);
    b.input("five", "float32", [5, 4]);
    expect(attempt(() => scan(b, ["start", "three", "five"]))).toMatchObject({
      ok: false,
      error: { code: "invalid", operator: "Scan" },
    });
  });
});
