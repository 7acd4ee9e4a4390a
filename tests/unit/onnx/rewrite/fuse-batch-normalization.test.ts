import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { fuseBatchNormalization } from "../../../../domain/onnx/rewrite/fuse-batch-normalization.ts";
import { removeDead } from "../../../../domain/onnx/rewrite/remove-dead.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { randomOf } from "../support/random-numbers.ts";
import {
  expectSame,
  expectSameOnWasm,
  normalTensor,
  operatorsOf,
} from "../support/same-results.ts";

const random = randomOf("fuse BatchNormalization");

type Weight = (...dims: number[]) => string;

function modelOf(
  dims: (number | string)[],
  build: (b: GraphBuilder, w: Weight) => string,
  channels: number,
  attributes = {},
): Model {
  const b = GraphBuilder.empty();
  b.input("x", "float32", dims);
  const w: Weight = (...size) => b.constant(normalTensor(random, size));
  const variance = Array.from({ length: channels }, () => 0.1 + random.uniform());
  const layer = build(b, w);
  const parameters = [
    w(channels),
    w(channels),
    w(channels),
    b.constant(floatTensor([channels], variance)),
  ];
  const normal = b.node("BatchNormalization", [layer, ...parameters], {
    epsilon: 0.01,
    ...attributes,
  });
  b.output(b.node("Relu", [normal], {}, { output: "y" }));
  return b.model();
}

const LAYERS: [string, number[], number, (b: GraphBuilder, w: Weight) => string][] = [
  ["a Conv", [2, 3, 6], 4, (b, w) => b.node("Conv", ["x", w(4, 3, 2)])],
  ["a Conv with a bias", [2, 3, 4, 4], 4, (b, w) => b.node("Conv", ["x", w(4, 3, 2, 2), w(4)])],
  ["a grouped Conv", [2, 4, 6], 6, (b, w) => b.node("Conv", ["x", w(6, 2, 3), w(6)], { group: 2 })],
  ["a ConvTranspose", [2, 3, 6], 5, (b, w) => b.node("ConvTranspose", ["x", w(3, 5, 2), w(5)])],
  [
    "a grouped ConvTranspose",
    [2, 4, 6],
    6,
    (b, w) => b.node("ConvTranspose", ["x", w(4, 3, 2)], { group: 2 }),
  ],
  [
    "a Gemm with factors",
    [5, 3],
    4,
    (b, w) => b.node("Gemm", ["x", w(3, 4), w(4)], { alpha: 0.5, beta: 2 }),
  ],
  [
    "a transposed Gemm",
    [5, 3],
    4,
    (b, w) => b.node("Gemm", ["x", w(4, 3), w(1, 4)], { transB: 1 }),
  ],
  ["a MatMul", [5, 3], 4, (b, w) => b.node("MatMul", ["x", w(3, 4)])],
];

describe("a normalisation goes into the layer before", () => {
  test.each(LAYERS)("%s", async (_, dims, channels, build) => {
    const model = modelOf(dims, build, channels);
    const fused = removeDead(fuseBatchNormalization(model));
    expect(operatorsOf(fused)).toHaveLength(2);
    const x = normalTensor(random, dims);
    expectSame(model, fused, { x }, 1e-5);
    await expectSameOnWasm(model, fused, { x });
  });
});

describe("it stays", () => {
  const conv = (b: GraphBuilder, w: Weight) => b.node("Conv", ["x", w(4, 3, 2)]);

  test("where it trains", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2, 3, 6]);
    const parameters = [0, 1, 2, 3].map(() => b.constant(floatTensor([4], [1, 1, 1, 1])));
    const layer = b.node("Conv", ["x", b.constant(normalTensor(random, [4, 3, 2]))]);
    const outputs = b.nodes("BatchNormalization", [layer, ...parameters], 3, { training_mode: 1 });
    for (const output of outputs) b.output(output);
    const model = b.model();
    expect(fuseBatchNormalization(model)).toBe(model);
  });

  test("where it trains and gives no statistics", () => {
    const model = modelOf([2, 3, 6], conv, 4, { training_mode: 1 });
    expect(fuseBatchNormalization(model)).toBe(model);
  });

  test("where something else reads the layer", () => {
    const model = modelOf([2, 3, 6], conv, 4);
    const [layer = ""] = model.graph.nodes[0]?.outputs ?? [];
    const outputs = [...model.graph.outputs, { name: layer }];
    const shared = { ...model, graph: { ...model.graph, outputs } };
    expect(fuseBatchNormalization(shared)).toBe(shared);
  });

  test("after a MatMul whose columns are no channels", () => {
    const model = modelOf([2, 4, 4], (b, w) => b.node("MatMul", ["x", w(4, 4)]), 4);
    expect(fuseBatchNormalization(model)).toBe(model);
  });

  test("where the weight is no constant", () => {
    const model = modelOf(
      [2, 3, 6],
      (b) => b.node("Conv", ["x", b.input("w", "float32", [4, 3, 2])]),
      4,
    );
    expect(fuseBatchNormalization(model)).toBe(model);
  });
});

test("a weight that two layers share is changed for one of them only", () => {
  const model = modelOf(
    [2, 3, 6],
    (b, w) => {
      const weight = w(3, 3, 1);
      return b.node("Conv", [b.node("Conv", ["x", weight]), weight]);
    },
    3,
  );
  const fused = fuseBatchNormalization(model);
  expect(operatorsOf(fused)).toEqual(["Conv", "Conv", "Relu"]);
  expectSame(model, fused, { x: normalTensor(random, [2, 3, 6]) }, 1e-5);
});
