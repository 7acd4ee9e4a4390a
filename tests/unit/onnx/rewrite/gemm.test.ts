import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { fuseMatMulAdd } from "../../../../domain/onnx/rewrite/fuse-matmul-add.ts";
import { removeDead } from "../../../../domain/onnx/rewrite/remove-dead.ts";
import { splitGemm } from "../../../../domain/onnx/rewrite/split-gemm.ts";
import { randomOf } from "../support/random-numbers.ts";
import {
  expectSame,
  expectSameOnWasm,
  normalTensor,
  operatorsOf,
} from "../support/same-results.ts";

const random = randomOf("Gemm");

function added(dims: (number | string)[], weight: number[], bias: number[], isLeft = false): Model {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", dims);
  const product = b.node("MatMul", [x, b.constant(normalTensor(random, weight))]);
  const c = b.constant(normalTensor(random, bias));
  b.output(b.node("Add", isLeft ? [c, product] : [product, c], {}, { output: "y" }));
  return b.model();
}

describe("MatMul and Add become a Gemm", () => {
  test.each([[[4]], [[1, 4]], [[1]], [[]]])("with a bias of %j", async (bias) => {
    for (const isLeft of [false, true]) {
      const model = added(["batch", 3], [3, 4], bias, isLeft);
      const fused = fuseMatMulAdd(model);
      expect(operatorsOf(fused)).toEqual(["Gemm"]);
      const x = normalTensor(random, [2, 3]);
      expectSame(model, fused, { x });
      await expectSameOnWasm(model, fused, { x });
    }
  });

  test.each([
    ["three axes", [2, 2, 3], [3, 4], [4]],
    ["a bias that stretches the product", [1, 3], [3, 4], [5, 4]],
    ["rows that are only known when it runs", ["batch", 3], [3, 4], [2, 4]],
  ])("not with %s", (_, dims, weight, bias) => {
    const model = added(dims, weight, bias);
    expect(fuseMatMulAdd(model)).toBe(model);
  });

  test("not where the product is read twice", () => {
    const b = GraphBuilder.empty();
    const product = b.node("MatMul", [
      b.input("x", "float32", [2, 3]),
      b.constant(normalTensor(random, [3, 4])),
    ]);
    b.output(b.node("Add", [product, product]), "y");
    b.output(b.node("Neg", [product]), "z");
    const model = b.model();
    expect(fuseMatMulAdd(model)).toBe(model);
  });

  test("a product that is added to itself stays", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2, 2]);
    const product = b.node("MatMul", ["x", "x"]);
    b.output(b.node("Add", [product, product]), "y");
    expect(operatorsOf(fuseMatMulAdd(b.model()))).toContain("MatMul");
  });
});

describe("a Gemm becomes MatMul and Add", () => {
  test.each([
    ["plain", {}, [2, 3], [3, 4], ["MatMul", "Add"]],
    ["with a transposed weight", { transB: 1 }, [2, 3], [4, 3], ["MatMul", "Add"]],
    ["transposed", { transA: 1 }, [3, 2], [3, 4], ["Transpose", "MatMul", "Add"]],
    [
      "with factors",
      { alpha: 0.5, beta: 3, transB: 1 },
      [2, 3],
      [4, 3],
      ["MatMul", "Mul", "Mul", "Add"],
    ],
  ])("%s", async (_, attributes, dims, weight, operators) => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", dims);
    const constants = [weight, [4]].map((size) => b.constant(normalTensor(random, size)));
    b.output(b.node("Gemm", ["x", ...constants], attributes, { output: "y" }));
    const split = removeDead(splitGemm(b.model()));
    expect(operatorsOf(split)).toEqual(operators);
    const x = normalTensor(random, dims);
    expectSame(b.model(), split, { x });
    await expectSameOnWasm(b.model(), split, { x });
  });

  test("without a bias, of a weight that is no constant", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2, 3]);
    b.input("w", "float32", [4, 3]);
    b.output(b.node("Gemm", ["x", "w"], { transB: 1 }, { output: "y" }));
    const split = splitGemm(b.model());
    expect(operatorsOf(split)).toEqual(["Transpose", "MatMul"]);
    expectSame(b.model(), split, {
      x: normalTensor(random, [2, 3]),
      w: normalTensor(random, [4, 3]),
    });
  });
});
