import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { eliminateCommonSubexpressions } from "../../../../domain/onnx/rewrite/eliminate-common-subexpressions.ts";
import { removeDead } from "../../../../domain/onnx/rewrite/remove-dead.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { expectSame, operatorsOf } from "../support/same-results.ts";

type Build = (b: GraphBuilder) => readonly [string, string];

/** What is left of two expressions whose results are added. */
function left(build: Build): string[] {
  const b = GraphBuilder.empty();
  b.input("x", "float32", [2]);
  b.output(b.node("Add", build(b), {}, { output: "y" }));
  const model = removeDead(eliminateCommonSubexpressions(b.model()));
  if (!operatorsOf(model).includes("RandomNormal"))
    expectSame(b.model(), model, { x: floatTensor([2], [-1, 2]) });
  return operatorsOf(model).slice(0, -1);
}

describe("what is the same is computed once", () => {
  test("a chain of nodes", () => {
    const chain = (b: GraphBuilder) => b.node("Exp", [b.node("Neg", ["x"])]);
    expect(left((b) => [chain(b), chain(b)])).toEqual(["Neg", "Exp"]);
  });

  test("with equal constants", () => {
    const scaled = (b: GraphBuilder) => b.node("Mul", ["x", b.constant(floatTensor([2], [3, 4]))]);
    expect(left((b) => [scaled(b), scaled(b)])).toEqual(["Mul"]);
  });

  test("whatever the order of the attributes", () => {
    const hard = (b: GraphBuilder, attributes: object) =>
      b.node("HardSigmoid", ["x"], { ...attributes });
    expect(
      left((b) => [hard(b, { alpha: 0.5, beta: 1 }), hard(b, { beta: 1, alpha: 0.5 })]),
    ).toEqual(["HardSigmoid"]);
  });
});

describe("what differs stays", () => {
  test.each<[string, Build]>([
    [
      "attributes",
      (b) => [b.node("LeakyRelu", ["x"], { alpha: 0 }), b.node("LeakyRelu", ["x"], { alpha: -0 })],
    ],
    ["inputs", (b) => [b.node("Sub", ["x", b.scalar(1)]), b.node("Sub", [b.scalar(1), "x"])]],
    [
      "constants",
      (b) => [
        b.node("Mul", ["x", b.constant(floatTensor([1], [0]))]),
        b.node("Mul", ["x", b.constant(floatTensor([1], [-0]))]),
      ],
    ],
    [
      "random numbers",
      (b) => [
        b.node("RandomNormal", [], { shape: [2] }),
        b.node("RandomNormal", [], { shape: [2] }),
      ],
    ],
  ])("%s", (_, build) => {
    expect(left(build)).toHaveLength(2);
  });

  test("two outputs", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2]);
    b.output(b.node("Neg", ["x"], {}, { output: "y" }));
    b.output(b.node("Neg", ["x"], {}, { output: "z" }));
    const model = b.model();
    expect(eliminateCommonSubexpressions(model)).toBe(model);
  });
});

test("a branch that captures one of two equal tensors captures the one that stays", () => {
  const b = GraphBuilder.empty();
  b.input("x", "float32", [2]);
  const [one, other] = [b.node("Neg", ["x"]), b.node("Neg", ["x"])];
  const branch = (operator: string) =>
    b.subgraph(operator, (inner) => [inner.node(operator, [one, other])]);
  const condition = b.input("c", "bool", []);
  const branches = { then_branch: branch("Add"), else_branch: branch("Mul") };
  b.output(b.node("If", [condition], branches, { output: "y" }));
  const model = eliminateCommonSubexpressions(b.model());
  expect(operatorsOf(model)).toEqual(["Neg", "If"]);
  for (const c of [0, 1])
    expectSame(b.model(), model, {
      x: floatTensor([2], [-1, 2]),
      c: { type: "bool", dims: [], data: Uint8Array.of(c) },
    });
});
