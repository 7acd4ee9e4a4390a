import { describe, test } from "vitest";
import { checkGradient } from "../support/gradient-check.ts";
import { apart, normals, randomOf } from "../support/random-numbers.ts";

const random = randomOf("elementwise");

describe("gradients of element-wise operators", () => {
  test.each(["Neg", "Exp", "Identity"])("%s", (operator) => {
    checkGradient({
      name: operator,
      inputs: { x: normals(random, [2, 3]) },
      build: (b) => b.node(operator, ["x"]),
    });
  });

  test("Relu, away from its kink", () => {
    checkGradient({
      name: "Relu",
      inputs: { x: apart(random, [3, 4]) },
      build: (b) => b.node("Relu", ["x"]),
    });
  });

  test.each(["Add", "Sub", "Mul"])("%s sums over what was broadcast", (operator) => {
    checkGradient({
      name: operator,
      inputs: { x: normals(random, [2, 1, 3]), y: normals(random, [4, 1]) },
      build: (b) => b.node(operator, ["x", "y"]),
    });
  });

  test("a value that is used twice gets the sum", () => {
    checkGradient({
      name: "square",
      inputs: { x: normals(random, [3]) },
      build: (b) => b.node("Mul", ["x", "x"]),
    });
  });
});
