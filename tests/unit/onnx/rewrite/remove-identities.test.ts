import { describe, expect, test } from "vitest";
import { countOf } from "../../../../domain/tensors/tensor.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { removeIdentities } from "../../../../domain/onnx/rewrite/remove-identities.ts";
import { floatTensor, intTensor } from "../../../../domain/onnx/tensors.ts";
import { expectSame, operatorsOf } from "../support/same-results.ts";

type Build = (b: GraphBuilder, x: string) => string;

/** Relu, what is built, Neg; answers with the operators that are left of those that were built. */
function left(build: Build, dims: (number | string)[] = ["batch", 3], opset = 21): string[] {
  const b = GraphBuilder.empty(opset);
  const x = b.node("Relu", [b.input("x", "float32", dims)]);
  b.output(b.node("Neg", [build(b, x)]), "y");
  const model = b.model();
  const rewritten = removeIdentities(model);
  const sizes = dims.map((size) => (typeof size === "number" ? size : 2));
  const count = countOf(sizes);
  expectSame(model, rewritten, {
    x: floatTensor(
      sizes,
      Array.from({ length: count }, (_, at) => at - 2),
    ),
  });
  const operators = operatorsOf(rewritten);
  expect([operators[0], operators.at(-1)]).toEqual(["Relu", "Neg"]);
  return operators.slice(1, -1);
}

describe("nodes that give back what they get are removed", () => {
  test.each<[string, Build]>([
    ["Identity", (b, x) => b.node("Identity", [x])],
    ["two Identities", (b, x) => b.node("Identity", [b.node("Identity", [x])])],
    ["Dropout", (b, x) => b.nodes("Dropout", [x], 1)[0] ?? ""],
    ["Cast", (b, x) => b.node("Cast", [x], { to: 1 })],
    ["Transpose", (b, x) => b.node("Transpose", [x], { perm: [0, 1] })],
    ["Pad", (b, x) => b.node("Pad", [x, b.ints([0, 0, 0, 0])])],
    ["Tile", (b, x) => b.node("Tile", [x, b.ints([1, 1])])],
    ["Reshape", (b, x) => b.node("Reshape", [x, b.ints([0, 3])])],
    ["Flatten", (b, x) => b.node("Flatten", [x])],
    ["Concat", (b, x) => b.node("Concat", [x], { axis: 1 })],
    ["Sum", (b, x) => b.node("Sum", [x])],
  ])("%s", (_, build) => {
    expect(left(build)).toEqual([]);
  });
});

describe("nodes that do something stay", () => {
  test.each<[string, Build]>([
    ["Cast", (b, x) => b.node("Cast", [b.node("Cast", [x], { to: 11 })], { to: 1 })],
    ["Transpose", (b, x) => b.node("Transpose", [x])],
    ["Pad", (b, x) => b.node("Pad", [x, b.ints([0, 1, 0, -1])])],
    ["Reshape", (b, x) => b.node("Reshape", [x, b.ints([-1])])],
  ])("%s", (operator, build) => {
    expect(left(build)).toContain(operator);
  });

  test("a Dropout whose mask is read", () => {
    const b = GraphBuilder.empty();
    const x = b.node("Relu", [b.input("x", "float32", [3])]);
    const [y = "", mask = ""] = b.nodes("Dropout", [x], 2);
    b.output(b.node("Neg", [y], {}, { output: "y" }));
    b.output(b.node("Not", [mask], {}, { output: "z" }));
    const model = b.model();
    expect(removeIdentities(model)).toBe(model);
  });

  test("a Dropout that trains", () => {
    const b = GraphBuilder.empty();
    const training = b.constant({ type: "bool", dims: [], data: Uint8Array.of(1) });
    const [y = ""] = b.nodes("Dropout", [b.input("x", "float32", [3]), b.scalar(0.5), training], 1);
    b.output(b.node("Neg", [y]));
    expect(operatorsOf(removeIdentities(b.model()))).toEqual(["Dropout", "Neg"]);
  });
});

describe("outputs keep their names", () => {
  test("of a copy the producer takes over the name, for every reader", () => {
    const b = GraphBuilder.empty();
    const inner = b.node("Relu", [b.input("x", "float32", [3])]);
    b.output(b.node("Neg", [inner]), "negative");
    b.output(inner, "y");
    b.output(inner, "again");
    const rewritten = removeIdentities(b.model());
    expect(operatorsOf(rewritten)).toEqual(["Relu", "Neg", "Identity"]);
    expectSame(b.model(), rewritten, { x: floatTensor([3], [-1, 2, 3]) });
  });

  test("a copy of an input stays", () => {
    const b = GraphBuilder.empty();
    b.output(b.input("x", "float32", [3]), "y");
    expect(operatorsOf(removeIdentities(b.model()))).toEqual(["Identity"]);
  });

  test("a branch that gives a captured tensor keeps its copy, and captures the original of a copy", () => {
    const b = GraphBuilder.empty();
    const copy = b.node("Identity", [b.node("Relu", [b.input("x", "float32", [3])])]);
    const condition = b.input("c", "bool", []);
    const same = b.subgraph("same", (inner) => [inner.node("Identity", [copy])]);
    const other = b.subgraph("other", (inner) => [inner.node("Neg", [copy])]);
    b.output(b.node("If", [condition], { then_branch: same, else_branch: other }), "y");
    const rewritten = removeIdentities(b.model());
    expect(operatorsOf(rewritten)).toEqual(["Relu", "If"]);
    for (const c of [0, 1])
      expectSame(b.model(), rewritten, {
        x: floatTensor([3], [-1, 2, 3]),
        c: { type: "bool", dims: [], data: Uint8Array.of(c) },
      });
  });
});

test("a pad of a constant that is no literal zero is looked at", () => {
  const b = GraphBuilder.empty();
  const pads = b.constant(intTensor([0, 0]), "pads");
  b.output(b.node("Neg", [b.node("Pad", [b.input("x", "float32", [3]), pads])]));
  expect(operatorsOf(removeIdentities(b.model()))).toEqual(["Neg"]);
});
