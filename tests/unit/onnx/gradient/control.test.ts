import { describe, expect, test } from "vitest";
import { differentiate } from "../../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { numbers } from "../../../../domain/onnx/interpret/array.ts";
import type { Graph } from "../../../../domain/onnx/model.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { checkGradient, type GradientCase } from "../support/gradient-check.ts";
import { normals, randomOf } from "../support/random-numbers.ts";
import { checkOnWasm } from "../support/wasm-check.ts";

const random = randomOf("control");

/** y = x * w on one side, and x itself with w unused on the other. */
const conditional = (goesIn: boolean): GradientCase => ({
  name: `If, ${String(goesIn)}`,
  inputs: {
    x: normals(random, [2, 3]),
    w: normals(random, [3]),
    condition: numbers("bool", [], [goesIn ? 1 : 0]),
  },
  with_respect_to: ["x", "w"],
  build: (b) => {
    const then_branch = b.subgraph("then", (inner) => [
      inner.node("Exp", [inner.node("Mul", ["x", "w"])]),
    ]);
    const else_branch = b.subgraph("else", (inner) => [inner.node("Identity", ["x"])]);
    const y = b.node("If", ["condition"], { then_branch, else_branch });
    return b.node("Mul", [y, "x"]);
  },
});

type ScanOptions = { reverse?: boolean; axis?: number };

/** A state that is squared on its way, with the weights taken from around the steps. */
function recurrence({ reverse = false, axis = 0 }: ScanOptions): GradientCase {
  const dims = axis === 0 ? [3, 2, 2] : [2, 2, 3];
  return {
    name: `Scan ${reverse ? "backwards" : "forwards"} along ${axis}`,
    inputs: {
      state: normals(random, [2, 2]),
      x: normals(random, dims),
      w: normals(random, [2, 2]),
      v: normals(random, [2]),
    },
    build: (b) => {
      const body = b.subgraph("body", (inner) => {
        const state = inner.input("before", b.tensorOf("state").type, [2, 2]);
        const count = inner.input("count", b.tensorOf("state").type, []);
        const slice = inner.input("slice", b.tensorOf("state").type, [2, 2]);
        const sum = inner.node("Add", [inner.node("MatMul", [state, "w"]), slice]);
        const next = inner.node("Tanh", [inner.node("Mul", [sum, "v"])]);
        const more = inner.node("Mul", [count, inner.scalar(1.5, floatOf(b))]);
        const shown = inner.node("Mul", [inner.node("Mul", [next, slice]), count]);
        return [next, more, shown];
      });
      const one = b.scalar(1, floatOf(b));
      const [last = "", factor = "", y = ""] = b.nodes("Scan", ["state", one, "x"], 3, {
        body,
        num_scan_inputs: 1,
        scan_input_axes: [axis],
        scan_input_directions: [reverse ? 1 : 0],
        scan_output_axes: [axis === 0 ? 0 : -1],
        scan_output_directions: [reverse ? 0 : 1],
      });
      const weighed = b.node("Mul", [b.node("Mul", [last, last]), factor]);
      const sum = b.node("ReduceSum", [y, b.ints([axis])], { keepdims: 0 });
      return b.node("Add", [weighed, sum]);
    },
  };
}

const floatOf = (b: GraphBuilder): "float32" | "float64" =>
  b.tensorOf("state").type === "float32" ? "float32" : "float64";

describe("gradients through sub-graphs", () => {
  test.each([true, false])("If, the condition being %s", (goesIn) =>
    checkGradient(conditional(goesIn)),
  );

  test.each<ScanOptions>([{}, { reverse: true }, { axis: 2 }, { axis: 2, reverse: true }])(
    "Scan %o",
    (options) => checkGradient(recurrence(options)),
  );

  test("a branch inside a step", () => {
    checkGradient({
      name: "If in Scan",
      inputs: { state: normals(random, [2]), x: normals(random, [4, 2]), w: normals(random, [2]) },
      build: (b) => {
        const body = b.subgraph("body", (inner) => {
          const state = inner.input("before", "float64", [2]);
          const slice = inner.input("slice", "float64", [2]);
          const total = inner.node("ReduceSum", [slice], { keepdims: 0 });
          const condition = inner.node("Less", [total, inner.scalar(0, "float64")]);
          const then_branch = inner.subgraph("then", (deep) => [deep.node("Mul", [state, "w"])]);
          const else_branch = inner.subgraph("else", (deep) => [deep.node("Tanh", [slice])]);
          const [chosen = ""] = inner.nodes("If", [condition], 1, { then_branch, else_branch });
          return [inner.node("Add", [chosen, slice])];
        });
        return b.node("Scan", ["state", "x"], { body, num_scan_inputs: 1 });
      },
    });
  });

  test("weights inside the body are added once, however many steps are unrolled", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [5, 2]);
    const body = b.subgraph("body", (inner) => {
      const state = inner.input("before", "float32", [2]);
      const slice = inner.input("slice", "float32", [2]);
      const w = inner.constant(floatTensor([2], [2, 3]), "w");
      return [inner.node("Add", [inner.node("Mul", [state, w]), slice])];
    });
    const zeros = b.constant(floatTensor([2], [0, 0]));
    b.output(b.node("Scan", [zeros, "x"], { body, num_scan_inputs: 1 }, { output: "y" }));
    const options = { of: "y", with_respect_to: ["x"], profile: "webgpu" } as const;
    const { graph } = differentiate(b.model(), { ...options, keep_outputs: true });
    expect(graph.nodes.some(({ opType }) => opType === "Scan")).toBe(false);
    const weights = graph.initializers.filter(
      ({ type, dims }) => type === "float32" && dims[0] === 2,
    );
    expect(weights).toHaveLength(2);
  });

  test("a Loop is refused by name", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2]);
    const body: Graph = b.subgraph("body", (inner) => {
      inner.input("trip", "int64", []);
      const goesOn = inner.input("goes_on", "bool", []);
      const state = inner.input("before", "float32", [2]);
      return [inner.node("Identity", [goesOn]), inner.node("Exp", [state])];
    });
    b.output(
      b.node("Loop", [b.scalar(2, "int64"), "", "x"], { body }, { output: "y", name: "twice" }),
    );
    const refused = attempt(() => differentiate(b.model(), { of: "y", with_respect_to: ["x"] }));
    expect(refused).toMatchObject({
      ok: false,
      error: { code: "unsupported", node: "twice", operator: "Loop" },
    });
  });

  test("on the runtime", async () => {
    await checkOnWasm(conditional(true));
    await checkOnWasm(conditional(false));
    await checkOnWasm(recurrence({ reverse: true }));
    await checkOnWasm(recurrence({ axis: 2 }));
  });
});
