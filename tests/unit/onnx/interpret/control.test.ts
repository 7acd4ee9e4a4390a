import { describe, expect, test } from "vitest";
import { countOf } from "../../../../domain/tensors/tensor.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import {
  fromTensor,
  numbers,
  toTensor,
  type Numbers,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const counted = (dims: number[]): Numbers =>
  numbers(
    "float32",
    dims,
    Array.from({ length: countOf(dims) }, (_, at) => at + 1),
  );

/** The interpreter and ONNX Runtime give the same; answers with what they give. */
async function agreed(model: Model, inputs: Record<string, Numbers>): Promise<Numbers[]> {
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, toTensor(value)]),
  );
  const [expected, found] = [await runOnWasm(model, feeds), interpret(model, inputs)];
  return model.graph.outputs.map(({ name }) => {
    const tensor = expected[name];
    const value = found[name];
    expect(value).toEqual(tensor && fromTensor(tensor));
    return value as Numbers;
  });
}

type ScanAttributes = Record<string, number | readonly number[]>;

/** The sum of the slices so far, and each slice times it. */
function scanModel(dims: number[], slice: number[], attributes: ScanAttributes): Model {
  const b = GraphBuilder.empty();
  b.input("start", "float32", slice);
  b.input("x", "float32", dims);
  const body = b.subgraph("body", (inner) => {
    const before = inner.input("before", "float32", slice);
    const element = inner.input("element", "float32", slice);
    const sum = inner.node("Add", [before, element]);
    return [sum, inner.node("Mul", [sum, element])];
  });
  const outputs = b.nodes("Scan", ["start", "x"], 2, { body, num_scan_inputs: 1, ...attributes });
  for (const output of outputs) b.output(output);
  return b.model();
}

describe("Scan, against ONNX Runtime", () => {
  test.each<[number[], number[], ScanAttributes]>([
    [[3, 2], [2], {}],
    [[3, 2], [2], { scan_input_directions: [1] }],
    [[3, 2], [2], { scan_output_directions: [1] }],
    [[2, 3], [2], { scan_input_axes: [-1], scan_output_axes: [1] }],
    [[2, 3], [2], { scan_input_axes: [1], scan_output_axes: [-1], scan_output_directions: [1] }],
  ])("%j in slices of %j with %j", async (dims, slice, attributes) => {
    const inputs = { start: counted(slice), x: counted(dims) };
    await agreed(scanModel(dims, slice, attributes), inputs);
  });

  test("version 8: each sequence of the batch with its own length", () => {
    const b = GraphBuilder.empty(8);
    b.input("lengths", "int64", [2]);
    b.input("start", "float32", [2, 1]);
    b.input("x", "float32", [2, 3, 1]);
    const body = b.subgraph("body", (inner) => {
      const before = inner.input("before", "float32", [1]);
      const element = inner.input("element", "float32", [1]);
      const sum = inner.node("Add", [before, element]);
      return [sum, inner.node("Neg", [sum])];
    });
    const [last = "", all = ""] = b.nodes("Scan", ["lengths", "start", "x"], 2, {
      body,
      num_scan_inputs: 1,
    });
    b.output(last);
    b.output(all);
    expect(b.shapeOf(last)).toEqual([2, 1]);
    expect(b.shapeOf(all)).toEqual([2, 3, 1]);
    const found = interpret(b.model(), {
      lengths: numbers("int64", [2], [3, 2]),
      start: numbers("float32", [2, 1], [10, 20]),
      x: counted([2, 3, 1]),
    });
    expect(found[last]).toEqual(numbers("float32", [2, 1], [16, 29]));
    expect(found[all]).toEqual(numbers("float32", [2, 3, 1], [-11, -13, -16, -24, -29, 0]));
  });
});

describe("Loop, against ONNX Runtime", () => {
  /** Doubles `x` while the trips last and the sum stays under 100. */
  function loopModel(hasTrips: boolean): Model {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2]);
    b.input("trips", "int64", []);
    const body = b.subgraph("body", (inner) => {
      const trip = inner.input("trip", "int64", []);
      inner.input("goes_on", "bool", []);
      const before = inner.input("before", "float32", [2]);
      const next = inner.node("Add", [before, before]);
      const sum = inner.node("ReduceSum", [next], { keepdims: 0 });
      const row = inner.node("Mul", [next, inner.node("Cast", [trip], { to: 1 })]);
      return [inner.node("Less", [sum, inner.scalar(100)]), next, row];
    });
    const outputs = b.nodes("Loop", [hasTrips ? "trips" : "", "", "x"], 2, { body });
    for (const output of outputs) b.output(output);
    return b.model();
  }

  test.each([0, 2, 9])("%i trips", async (trips) => {
    const [last, rows] = await agreed(loopModel(true), {
      x: numbers("float32", [2], [1, 2]),
      trips: numbers("int64", [], [trips]),
    });
    const done = Math.min(trips, 6);
    expect(last?.data).toEqual(Float64Array.of(2 ** done, 2 ** (done + 1)));
    expect(rows?.dims).toEqual([done, 2]);
  });

  test("no number of trips: the condition alone", async () => {
    const [last] = await agreed(loopModel(false), {
      x: numbers("float32", [2], [1, 2]),
      trips: numbers("int64", [], [0]),
    });
    expect(last?.data).toEqual(Float64Array.of(64, 128));
  });
});

describe("If, against ONNX Runtime", () => {
  test.each([0, 1])("condition %i, with branches that take what is around them", async (flag) => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2]);
    b.input("flag", "bool", []);
    const y = b.node("If", ["flag"], {
      then_branch: b.subgraph("then", (inner) => [inner.node("Neg", ["x"])]),
      else_branch: b.subgraph("else", (inner) => [inner.node("Exp", ["x"])]),
    });
    b.output(y);
    const inputs = { x: numbers("float32", [2], [0, 0]), flag: numbers("bool", [], [flag]) };
    const [found] = await agreed(b.model(), inputs);
    expect(found?.data).toEqual(flag === 1 ? Float64Array.of(-0, -0) : Float64Array.of(1, 1));
  });
});
