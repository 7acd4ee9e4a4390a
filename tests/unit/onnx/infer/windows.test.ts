import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { OnnxFault } from "../../../../domain/onnx/onnx-fault.ts";
import type { Dimension } from "../../../../domain/tensors/tensor.ts";

type Shape = (Dimension | null)[] | null;

/** The shape of what an operator makes of inputs of these shapes. */
function shapeOf(operator: string, shapes: Shape[], attributes: AttributeLiterals = {}): unknown {
  const b = GraphBuilder.empty(22);
  const inputs = shapes.map((shape, index) => b.input(`x${index}`, "float32", shape));
  return b.tensorOf(b.node(operator, inputs, attributes, { name: "first" })).shape;
}

describe("shapes of products", () => {
  test.each<[Shape, Shape, Shape]>([
    [
      ["batch", 3, 4],
      [4, 2],
      ["batch", 3, 2],
    ],
    [
      ["batch", 1, 3, 4],
      [5, 4, 2],
      ["batch", 5, 3, 2],
    ],
    [
      ["batch", 3, 4],
      ["batch", 4, 2],
      ["batch", 3, 2],
    ],
    [
      ["a", 3, 4],
      ["b", 4, 2],
      [null, 3, 2],
    ],
    [[4], ["batch", 4, 2], ["batch", 2]],
    [["batch", 3, 4], [4], ["batch", 3]],
    [[4], [4], []],
    [null, [4, 2], null],
    [
      ["n", "k"],
      [4, 2],
      ["n", 2],
    ],
  ])("MatMul of %j and %j is %j", (a, b, expected) => {
    expect(shapeOf("MatMul", [a, b])).toEqual(expected);
  });

  test("Gemm reads transposed operands", () => {
    expect(shapeOf("Gemm", [[4, "n"], [2, 4], [2]], { transA: 1, transB: 1 })).toEqual(["n", 2]);
  });

  test("Einsum takes sizes by letter", () => {
    const equation = "...ij,jk->...ki";
    expect(
      shapeOf(
        "Einsum",
        [
          ["batch", 2, 3],
          [3, 4],
        ],
        { equation },
      ),
    ).toEqual(["batch", 4, 2]);
  });

  test("Det takes the matrices away", () => {
    expect(shapeOf("Det", [["batch", 3, 3]])).toEqual(["batch"]);
  });
});

describe("shapes of windows", () => {
  test.each<[string, Shape[], AttributeLiterals, Shape]>([
    [
      "Conv",
      [
        ["n", 2, 8],
        [5, 2, 3],
      ],
      {},
      ["n", 5, 6],
    ],
    [
      "Conv",
      [
        ["n", 2, "l"],
        [5, 2, 3],
      ],
      { pads: [1, 1] },
      ["n", 5, "l"],
    ],
    [
      "Conv",
      [
        ["n", 2, "l"],
        [5, 2, 3],
      ],
      {},
      ["n", 5, null],
    ],
    [
      "Conv",
      [
        ["n", 2, "l"],
        [5, 2, 3],
      ],
      { auto_pad: "SAME_UPPER" },
      ["n", 5, "l"],
    ],
    [
      "Conv",
      [
        ["n", 2, "l"],
        [5, 2, 3],
      ],
      { auto_pad: "SAME_UPPER", strides: [2] },
      ["n", 5, null],
    ],
    [
      "Conv",
      [
        ["n", 4, 9, 9],
        [6, 2, 3, 3],
      ],
      { group: 2, dilations: [2, 1], strides: [1, 2] },
      ["n", 6, 5, 4],
    ],
    ["Conv", [["n", 2, 8], null], {}, ["n", null, null]],
    [
      "ConvTranspose",
      [
        ["n", 4, 5],
        [4, 3, 3],
      ],
      { strides: [2], group: 2 },
      ["n", 6, 11],
    ],
    [
      "ConvTranspose",
      [
        ["n", 4, "l"],
        [4, 3, 3],
      ],
      { pads: [1, 1] },
      ["n", 3, "l"],
    ],
    [
      "ConvTranspose",
      [
        ["n", 4, "l"],
        [4, 3, 3],
      ],
      { output_shape: [9] },
      ["n", 3, 9],
    ],
    [
      "ConvTranspose",
      [
        ["n", 4, 5],
        [4, 3, 3],
      ],
      { strides: [2], auto_pad: "SAME_LOWER" },
      ["n", 3, 10],
    ],
    ["MaxPool", [["n", 3, 7]], { kernel_shape: [2], strides: [2] }, ["n", 3, 3]],
    ["MaxPool", [["n", 3, 7]], { kernel_shape: [2], strides: [2], ceil_mode: 1 }, ["n", 3, 4]],
    [
      "MaxPool",
      [["n", 3, 3]],
      { kernel_shape: [2], strides: [2], pads: [1, 1], ceil_mode: 1 },
      ["n", 3, 2],
    ],
    ["AveragePool", [["n", 3, 7]], { kernel_shape: [3], dilations: [3] }, ["n", 3, 1]],
    ["GlobalAveragePool", [["n", "c", "h", "w"]], {}, ["n", "c", 1, 1]],
  ])("%s of %j with %j is %j", (operator, shapes, attributes, expected) => {
    expect(shapeOf(operator, shapes, attributes)).toEqual(expected);
  });

  test("MaxUnpool takes the shape that it is given", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [1, 1, 2, 2]);
    b.input("indices", "int64", [1, 1, 2, 2]);
    const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
    const natural = b.node("MaxUnpool", ["x", "indices"], attributes);
    const asked = b.node("MaxUnpool", ["x", "indices", b.ints([1, 1, 5, 5])], attributes);
    expect(b.shapeOf(natural)).toEqual([1, 1, 4, 4]);
    expect(b.shapeOf(asked)).toEqual([1, 1, 5, 5]);
  });
});

describe("what does not fit is refused by name", () => {
  test.each<[string, Shape[], AttributeLiterals, string]>([
    [
      "MatMul",
      [
        [3, 4],
        [5, 2],
      ],
      {},
      "[3, 4] and [5, 2] cannot be multiplied: 4 is not 5",
    ],
    ["MatMul", [[], [5]], {}, "a scalar is no matrix; use Mul"],
    ["Gemm", [[3], [3, 2]], {}, "input 0 is to be a matrix, and has the shape [3]"],
    [
      "Gemm",
      [
        [3, 4],
        [4, 2],
        [1, 3, 2],
      ],
      {},
      "C of [1, 3, 2] does not broadcast to [3, 2]",
    ],
    ["Det", [[3, 2]], {}, "[3, 2] does not end in the two sizes of a square matrix"],
    [
      "Conv",
      [
        [1, 3, 8],
        [5, 2, 3],
      ],
      {},
      "the input has 3 channels, and the weight [5, 2, 3] in 1 groups takes 2",
    ],
    [
      "Conv",
      [
        [1, 4, 8],
        [5, 2, 3],
      ],
      { group: 2 },
      "5 output channels do not fall into 2 groups",
    ],
    [
      "Conv",
      [
        [1, 2, 8],
        [5, 2, 3],
      ],
      { kernel_shape: [4] },
      "'kernel_shape' is [4], and the weight has [3]",
    ],
    [
      "Conv",
      [
        [1, 2, 8],
        [5, 2, 3],
      ],
      { strides: [1, 1] },
      "'strides' is to be 1 numbers of at least 1, and is [1, 1]",
    ],
    [
      "Conv",
      [
        [1, 2],
        [5, 2],
      ],
      {},
      "the input is to have the axes batch, channels and at least one more, and is [1, 2]",
    ],
    [
      "Conv",
      [
        [1, 2, 8],
        [5, 2, 3],
      ],
      { auto_pad: "HALF" },
      "'HALF' is no way of padding",
    ],
    [
      "MaxPool",
      [[1, 2, 3]],
      { kernel_shape: [2], dilations: [4] },
      "a kernel that reaches over 5 elements does not fit an axis of 3",
    ],
    ["MaxPool", [[1, 2, 3]], {}, "'kernel_shape' is missing"],
    [
      "ConvTranspose",
      [
        [1, 2, 1],
        [2, 1, 2],
      ],
      { pads: [1, 1] },
      "its pads leave 0 elements of an axis of 1",
    ],
  ])("%s of %j with %j", (operator, shapes, attributes, message) => {
    const make = (): unknown => shapeOf(operator, shapes, attributes);
    expect(make).toThrow(OnnxFault);
    expect(make).toThrow(message);
  });
});
