import { describe, expect, test } from "vitest";
import { lastEstimate } from "../../../../domain/explain/estimate.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { OPERATORS } from "./operators.ts";
import { evenly, explained, withDeepShap, expectAdditive, Y } from "./support.ts";

describe("the values add up through each operator", () => {
  const operators = Object.entries(OPERATORS);
  for (let from = 0; from < operators.length; from += 10) {
    const some = operators.slice(from, from + 10);
    test(`through ${some.map(([name]) => name).join(", ")}`, async () => {
      const b = GraphBuilder.empty(23);
      const x = b.input("x", "float32", ["rows", 4, 6]);
      const flat = some.map(([, make]) => b.node("Flatten", [make(b, x)], { axis: 1 }));
      const joined = b.node("Concat", flat, { axis: 1 });
      // Unequal weights, so that no two changes cancel.
      const width = Number(b.shapeOf(joined)[1]);
      const weights = Array.from({ length: width }, (_, at) => 1 + Math.sin(3 * at));
      b.output(b.node("MatMul", [joined, b.constant(floatTensor([width, 1], weights))]), "y");
      const { estimate, scores } = await explained(b.model(), { output: "y", index: 0 });
      expectAdditive(estimate, scores);
    });
  }
});

describe("hands a change back by the rule of each operator", () => {
  const cases: {
    name: string;
    make: (b: GraphBuilder, x: string) => string;
    x: number[];
    from: number[];
    values: number[];
  }[] = [
    {
      name: "a maximum that rises, to the element that holds it now",
      make: (b, x) => b.node("ReduceMax", [x, b.ints([1])]),
      x: [1, 6, 4],
      from: [3, 2, 4],
      values: [0, 2, 0],
    },
    {
      name: "a maximum that falls, to the element that held it before",
      make: (b, x) => b.node("ReduceMax", [x, b.ints([1])]),
      x: [1, 2, 3],
      from: [1, 5, 4],
      values: [0, -2, 0],
    },
    {
      name: "a minimum that falls, to the element that holds it now",
      make: (b, x) => b.node("ReduceMin", [x, b.ints([1])]),
      x: [1, 5, 4],
      from: [3, 2, 4],
      values: [-1, 0, 0],
    },
    {
      name: "a minimum that rises, to the element that held it before",
      make: (b, x) => b.node("ReduceMin", [x, b.ints([1])]),
      x: [4, 5, 6],
      from: [1, 2, 3],
      values: [3, 0, 0],
    },
    {
      name: "a product, by the means of the other factor",
      make: (b, x) => {
        const [left = "", right = ""] = b.nodes("Split", [x, b.ints([1, 2])], 2, { axis: 1 });
        return b.node("ReduceSum", [b.node("Mul", [left, right]), b.ints([1])]);
      },
      x: [4, 3, 1],
      from: [2, 1, 1],
      values: [2 * 2 + 2 * 1, 3 * 2, 0],
    },
    {
      name: "a quotient, by the means of dividend and reciprocal",
      make: (b, x) => {
        const [top = "", bottom = ""] = b.nodes("Split", [x, b.ints([1, 1])], 2, { axis: 1 });
        return b.node("Div", [top, bottom]);
      },
      x: [6, 4],
      from: [2, 2],
      values: [4 * 0.375, 4 * -0.25],
    },
    {
      name: "a square, and a cube, by the secant",
      make: (b, x) =>
        b.node("ReduceSum", [
          b.node("Pow", [x, b.constant(floatTensor([2], [2, 3]))]),
          b.ints([1]),
        ]),
      x: [3, 2],
      from: [1, 1],
      values: [8, 7],
    },
    {
      name: "log Σ exp, by the shares of the powers' changes",
      make: (b, x) => b.node("ReduceLogSumExp", [x, b.ints([1])]),
      x: [Math.log(3), Math.log(5)],
      from: [0, 0],
      values: [Math.log(4) / 3, (2 * Math.log(4)) / 3],
    },
    {
      name: "an exponential over a distance too small to divide by, by its slope",
      make: (b, x) => b.node("ReduceSum", [b.node("Exp", [x]), b.ints([1])]),
      x: [1 + 2 ** -20],
      from: [1],
      values: [Math.E * 2 ** -20],
    },
  ];
  for (const { name, make, x, from, values } of cases)
    test(name, async () => {
      const b = GraphBuilder.empty();
      b.output(make(b, b.input("x", "float32", ["rows", x.length])), "y");
      const found = await withDeepShap(b.model(), Y, (deep) =>
        lastEstimate(deep.explain(Float32Array.from(x), evenly(Float32Array.from(from), 1))),
      );
      for (const [at, value] of found.values.entries())
        expect(Math.abs(value - (values[at] ?? NaN))).toBeLessThan(
          1e-6 * Math.max(...values.map(Math.abs)),
        );
    });
});
