import { describe, test } from "vitest";
import { numbers } from "../../../../domain/onnx/interpret/array.ts";
import { checkGradient } from "../support/gradient-check.ts";
import { normals, randomOf } from "../support/random-numbers.ts";

const random = randomOf("shape");
const x = normals(random, [2, 3, 4]);
/** Between 1 and `most`. */
const size = (most = 3): number => 1 + random.integer(most);

describe.each([false, true])("gradients of shapes, with a symbolic batch: %s", (symbolic) => {
  test.each([
    ["Reshape", [2, 12]],
    ["Reshape", [0, 2, -1]],
    ["Squeeze", [1]],
    ["Unsqueeze", [1, -1]],
  ] as const)("%s %j", (operator, given) => {
    checkGradient({
      name: `${operator} ${given.join()} ${symbolic}`,
      inputs: { x: operator === "Squeeze" ? normals(random, [2, 1, 3]) : x },
      build: (b) => b.node(operator, ["x", b.ints(given)]),
      symbolic,
    });
  });

  test.each([0, 1, 3, -1])("Flatten at %i", (axis) => {
    checkGradient({
      name: `Flatten ${axis} ${symbolic}`,
      inputs: { x },
      build: (b) => b.node("Flatten", ["x"], { axis }),
      symbolic,
    });
  });

  test.each([[undefined], [[1, 2, 0]], [[2, 0, 1]]])("Transpose %j", (perm) => {
    checkGradient({
      name: `Transpose ${perm?.join()} ${symbolic}`,
      inputs: { x },
      build: (b) => b.node("Transpose", ["x"], { perm }),
      symbolic,
    });
  });

  test("Expand sums over its copies", () => {
    checkGradient({
      name: `Expand ${symbolic}`,
      inputs: { x: normals(random, [2, 1, 3]) },
      build: (b) => b.node("Expand", ["x", b.ints([2, 1, 4, 1])]),
      symbolic,
    });
  });

  test.each([0, 1, 2])("Tile of random sizes, %i", (round) => {
    const repeats = [size(), size(), size()];
    checkGradient({
      name: `Tile ${round} ${repeats.join()} ${symbolic}`,
      inputs: { x: normals(random, [size(), size(), size()]) },
      build: (b) => b.node("Tile", ["x", b.ints(repeats)]),
      symbolic,
    });
  });
});

describe("gradients of shapes known only when the graph runs", () => {
  test("Tile with repeats that are an input", () => {
    checkGradient({
      name: "Tile by an input",
      inputs: { x: normals(random, [2, 3]), repeats: numbers("int64", [2], [3, 2]) },
      build: (b) => b.node("Tile", ["x", "repeats"]),
    });
  });

  test("Reshape and Expand to the shape of another tensor", () => {
    checkGradient({
      name: "Reshape by an input",
      inputs: { x: normals(random, [2, 6]), like: normals(random, [2, 3, 2]) },
      build: (b) => {
        const reshaped = b.node("Reshape", ["x", b.node("Shape", ["like"])]);
        const row = b.node("Gather", ["like", b.ints([0])], { axis: 0 });
        return b.node("Mul", [reshaped, b.node("Expand", [row, b.node("Shape", ["like"])])]);
      },
      symbolic: true,
    });
  });

  test("EyeLike takes only the shape", () => {
    checkGradient({
      name: "EyeLike",
      inputs: { x: normals(random, [3, 4]) },
      build: (b) => b.node("Mul", ["x", b.node("EyeLike", ["x"], { k: 1 })]),
    });
  });
});
