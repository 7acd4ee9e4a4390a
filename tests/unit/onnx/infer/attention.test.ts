import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { tensorFact } from "../../../../domain/onnx/infer/fact.ts";
import type { Dimension } from "../../../../domain/tensors/tensor.ts";

const PREVIEW = { domain: "ai.onnx.preview" };

/** A graph with float32 inputs of these shapes, by name. */
function graphWith(shapes: Record<string, readonly Dimension[]>): GraphBuilder {
  const b = GraphBuilder.empty(24);
  for (const [name, shape] of Object.entries(shapes)) b.input(name, "float32", shape);
  return b;
}

const shapesOf = (b: GraphBuilder, outputs: string[]) => outputs.map((output) => b.shapeOf(output));

describe("Attention", () => {
  test("of four axes, with what came before", () => {
    const b = graphWith({
      q: ["batch", 8, "queries", 16],
      k: ["batch", 2, "keys", 16],
      v: ["batch", 2, "keys", 32],
      pastKeys: ["batch", 2, 5, 16],
      pastValues: ["batch", 2, 5, 32],
    });
    const inputs = ["q", "k", "v", "", "pastKeys", "pastValues"];
    expect(shapesOf(b, b.nodes("Attention", inputs, 4))).toEqual([
      ["batch", 8, "queries", 32],
      ["batch", 2, null, 16],
      ["batch", 2, null, 32],
      ["batch", 8, "queries", null],
    ]);
  });

  test("of three axes divides the last into heads", () => {
    const b = graphWith({ q: ["batch", 3, 64], k: ["batch", 7, 32], v: ["batch", 7, 8] });
    const heads = { q_num_heads: 8, kv_num_heads: 4 };
    expect(shapesOf(b, b.nodes("Attention", ["q", "k", "v"], 4, heads))).toEqual([
      ["batch", 3, 16],
      ["batch", 4, 7, 8],
      ["batch", 4, 7, 2],
      ["batch", 8, 3, 7],
    ]);
  });

  test.each<[string, Record<string, number[]>, AttributeLiterals]>([
    ["inputs of 3 axes ask for 'q_num_heads'", { q: [1, 2, 4], k: [1, 2, 4], v: [1, 2, 4] }, {}],
    [
      "the size 4 of input 0 does not divide into 3 heads",
      { q: [1, 2, 4], k: [1, 2, 4], v: [1, 2, 4] },
      { q_num_heads: 3, kv_num_heads: 1 },
    ],
    [
      "3 heads of queries do not share 2 heads of keys evenly",
      { q: [1, 3, 2, 4], k: [1, 2, 2, 4], v: [1, 2, 2, 4] },
      {},
    ],
    ["input 1 is to have 3 or 4 axes", { q: [1, 1, 2, 4], k: [2, 4], v: [1, 1, 2, 4] }, {}],
    [
      "sizes that have to be the same are 4 and 5",
      { q: [1, 1, 2, 4], k: [1, 1, 2, 5], v: [1, 1, 2, 4] },
      {},
    ],
  ])("refuses: %s", (message, shapes, attributes) => {
    const b = graphWith(shapes);
    expect(() => b.node("Attention", ["q", "k", "v"], attributes)).toThrow(message);
  });
});

test("FlexAttention infers its modifiers with the scores they get", () => {
  const b = graphWith({ q: ["batch", 2, 3, 4], k: ["batch", 1, 5, 4], v: ["batch", 1, 5, 6] });
  b.opsets.push({ ...PREVIEW, version: 1 });
  const modifier = (bias: number) => {
    const x = "scores";
    return {
      nodes: [{ opType: "Add", inputs: [x, "bias"], outputs: ["out"], attributes: [] }],
      inputs: [{ name: x }],
      outputs: [{ name: "out" }],
      initializers: [{ name: "bias", type: "float32" as const, dims: [bias] }],
    };
  };
  const flex = (score_mod: ReturnType<typeof modifier>): string =>
    b.node("FlexAttention", ["q", "k", "v"], { score_mod }, PREVIEW);
  expect(b.factOf(flex(modifier(5)))).toEqual(tensorFact("float32", ["batch", 2, 3, 6]));
  expect(() => flex(modifier(4))).toThrow("do not broadcast");
});

test("LinearAttention has a state of key size by value size for each head of keys", () => {
  const b = graphWith({
    q: ["batch", "length", 8],
    k: ["batch", "length", 4],
    v: ["batch", "length", 6],
  });
  const attributes = { q_num_heads: 4, kv_num_heads: 2, update_rule: "linear" };
  expect(shapesOf(b, b.nodes("LinearAttention", ["q", "k", "v"], 2, attributes))).toEqual([
    ["batch", "length", 12],
    ["batch", 2, 2, 3],
  ]);
});

test("CausalConvWithState keeps what its kernel still sees", () => {
  const b = graphWith({ x: ["batch", 3, "length"], w: [3, 1, 4] });
  expect(shapesOf(b, b.nodes("CausalConvWithState", ["x", "w"], 2))).toEqual([
    ["batch", 3, "length"],
    ["batch", 3, 3],
  ]);
});
