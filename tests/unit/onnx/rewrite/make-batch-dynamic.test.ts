import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { makeBatchDynamic } from "../../../../domain/onnx/rewrite/make-batch-dynamic.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { countOf, type Tensor } from "../../../../domain/tensors/tensor.ts";
import { randomOf } from "../support/random-numbers.ts";
import { expectSame, normalTensor } from "../support/same-results.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const random = randomOf("batch");

type Build = (b: GraphBuilder) => string;

function exported(dims: number[], build: Build): Model {
  const b = GraphBuilder.empty();
  b.input("x", "float32", dims);
  b.output(build(b), "y");
  return b.model();
}

const shapeOf = (info: { type?: unknown } | undefined) =>
  (info?.type as { shape?: unknown } | undefined)?.shape;

/** Rows [from, to) of a tensor. */
function rows({ type, dims, data }: Tensor, from: number, to: number): Tensor {
  const size = countOf(dims.slice(1));
  const part = (data as Float32Array).slice(from * size, to * size);
  return { type, dims: [to - from, ...dims.slice(1)], data: part };
}

const weight = (b: GraphBuilder, ...dims: number[]) => b.constant(normalTensor(random, dims));

const NETWORKS: [string, number[], Build][] = [
  [
    "a Reshape that flattens",
    [2, 3, 4],
    (b) => b.node("MatMul", [b.node("Reshape", ["x", b.ints([2, 12])]), weight(b, 12, 5)]),
  ],
  [
    "a Reshape of a batch of one, with a size left open",
    [1, 3, 4],
    (b) => b.node("MatMul", [b.node("Reshape", ["x", b.ints([1, -1])]), weight(b, 12, 5)]),
  ],
  [
    "a Resize to sizes of every axis",
    [2, 1, 2, 2],
    (b) => b.node("Resize", ["x", "", "", b.ints([2, 1, 4, 3])], { mode: "linear" }),
  ],
  [
    "Reshapes that merge the rows with another axis, and back",
    [2, 3, 4],
    (b) => {
      const merged = b.node("Reshape", ["x", b.ints([6, 4])]);
      const product = b.node("MatMul", [merged, weight(b, 4, 5)]);
      return b.node("Reshape", [product, b.ints([2, 3, 5])]);
    },
  ],
  [
    "a merging Reshape with a size left open",
    [2, 3, 4],
    (b) => {
      const merged = b.node("Reshape", ["x", b.ints([6, -1])]);
      return b.node("Reshape", [b.node("Relu", [merged]), b.ints([2, 3, -1])]);
    },
  ],
  [
    "a Reshape to a shape that was computed",
    [2, 3, 4],
    (b) => {
      const size = b.node("Gather", [b.node("Shape", ["x"]), b.ints([0])]);
      return b.node("Reshape", ["x", b.node("Concat", [size, b.ints([-1])], { axis: 0 })]);
    },
  ],
  [
    "a recurrent layer that starts from zeros for each row",
    [2, 4, 3],
    (b) => {
      const zeros = () => b.constant(floatTensor([1, 2, 5], Array(10).fill(0)));
      const sequence = b.node("Transpose", ["x"], { perm: [1, 0, 2] });
      const inputs = [sequence, weight(b, 1, 20, 3), weight(b, 1, 20, 5), "", "", zeros(), zeros()];
      const last = b.nodes("LSTM", inputs, ["", "last"], { hidden_size: 5 })[1] ?? "";
      return b.node("Squeeze", [last, b.ints([0])]);
    },
  ],
];

describe("a model of one batch size takes any", () => {
  test.each(NETWORKS)("%s", async (_, dims, build) => {
    const model = exported(dims, build);
    const dynamic = makeBatchDynamic(model);
    const [size = 0, ...rest] = dims;
    expect(shapeOf(dynamic.graph.inputs[0])).toEqual(["batch", ...rest]);
    expect((shapeOf(dynamic.graph.outputs[0]) as unknown[])[0]).toBe("batch");
    expectSame(model, dynamic, { x: normalTensor(random, dims) });

    const count = 3 * size;
    const x = normalTensor(random, [count, ...rest]);
    const { y } = await runOnWasm(dynamic, { x });
    for (let from = 0; from < count; from += size) {
      const part = await runOnWasm(model, { x: rows(x, from, from + size) });
      const expected = part["y"]?.data as Float32Array;
      const found = y && rows(y, from, from + size).data;
      for (const [at, value] of expected.entries()) expect(found?.[at]).toBeCloseTo(value, 5);
    }
  });

  test("the declarations of inner tensors, which name the old size, go", () => {
    const model = exported([2, 3], (b) => b.node("Relu", ["x"]));
    const valueInfo = model.graph.outputs;
    const dynamic = makeBatchDynamic({ ...model, graph: { ...model.graph, valueInfo } });
    expect(dynamic.graph.valueInfo ?? []).toEqual([]);
  });

  test("under the name that is asked for, for the inputs that are named", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2, 3]);
    b.input("table", "float32", [5, 3]);
    b.output(b.node("MatMul", ["x", b.node("Transpose", ["table"])]), "y");
    expect(() => makeBatchDynamic(b.model())).toThrow(/leading sizes 2 and 5/u);
    const dynamic = makeBatchDynamic(b.model(), { symbol: "rows", inputs: ["x"] });
    expect(dynamic.graph.inputs.map(shapeOf)).toEqual([
      ["rows", 3],
      [5, 3],
    ]);
    expect(dynamic.graph.outputs.map(shapeOf)).toEqual([["rows", 5]]);
  });
});

describe("a batch that is built in is refused, with the node", () => {
  test("a constant for each row", () => {
    const model = exported([2, 3], (b) =>
      b.node("Add", ["x", weight(b, 2, 3)], {}, { name: "sum" }),
    );
    expect(() => makeBatchDynamic(model)).toThrow(
      /a batch of 2 is built into the model.*Add 'sum'/u,
    );
  });

  test("rows that are joined with others", () => {
    const model = exported([1, 2, 3], (b) =>
      b.node("Concat", ["x", weight(b, 1, 1, 3)], { axis: 1 }),
    );
    expect(() => makeBatchDynamic(model)).toThrow(/built into the model.*Concat/u);
  });

  test("a state for each row", () => {
    const model = exported([4, 2, 3], (b) => {
      const inputs = ["x", weight(b, 1, 5, 3), weight(b, 1, 5, 5), "", "", weight(b, 1, 2, 5)];
      return b.nodes("RNN", inputs, 1, { hidden_size: 5 })[0] ?? "";
    });
    const turned = exported([2, 4, 3], (b) => {
      const sequence = b.node("Transpose", ["x"], { perm: [1, 0, 2] });
      const inputs = [sequence, weight(b, 1, 5, 3), weight(b, 1, 5, 5), "", "", weight(b, 1, 2, 5)];
      return b.nodes("RNN", inputs, 1, { hidden_size: 5 })[0] ?? "";
    });
    expect(() => makeBatchDynamic(turned)).toThrow(/a state for 2 examples: make it an input/u);
    expect(() => makeBatchDynamic(model)).toThrow(/a state for 2 examples/u);
  });

  test("an input without axes", () => {
    const b = GraphBuilder.empty();
    b.output(b.node("Neg", [b.input("x", "float32", [])]), "y");
    expect(() => makeBatchDynamic(b.model(), { inputs: ["x"] })).toThrow(
      /no input with a leading/u,
    );
  });
});
