import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { addGradients } from "../../../../domain/onnx/gradient/add-gradients.ts";
import { differentiate, gradientName } from "../../../../domain/onnx/gradient/differentiate.ts";
import { prepareForGradient } from "../../../../domain/onnx/gradient/prepare.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { isNumbers, numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { checkGradient, type GradientCase } from "../support/gradient-check.ts";
import { normals, randomOf, SEED } from "../support/random-numbers.ts";
import { checkOnWasm } from "../support/wasm-check.ts";

const random = randomOf("recurrent");
const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const;
type Operator = keyof typeof GATES;
const [STEPS, BATCH, WIDTH, HIDDEN] = [3, 2, 2, 2];

type Layer = {
  operator: Operator;
  attributes?: AttributeLiterals;
  lengths?: number[];
  peepholes?: boolean;
  /** No bias and no initial states. */
  bare?: boolean;
};

/** A layer with every input it can have; what it answers with is all its outputs in one vector. */
function layerCase(layer: Layer, source = random): GradientCase {
  const { operator, attributes = {}, lengths, bare = false, peepholes = false } = layer;
  const isBatchFirst = attributes["layout"] === 1;
  const directions = attributes["direction"] === "bidirectional" ? 2 : 1;
  const gates = GATES[operator] * HIDDEN;
  const batched = (first: number): number[] => (isBatchFirst ? [BATCH, first] : [first, BATCH]);
  const states = operator === "LSTM" ? ["h0", "c0"] : ["h0"];
  const state = (): Numbers => normals(source, [...batched(directions), HIDDEN]);
  const inputs: Record<string, Numbers> = {
    x: normals(source, [...batched(STEPS), WIDTH]),
    w: normals(source, [directions, gates, WIDTH]),
    r: normals(source, [directions, gates, HIDDEN]),
    ...(bare ? {} : { bias: normals(source, [directions, 2 * gates]) }),
    ...(bare ? {} : Object.fromEntries(states.map((name) => [name, state()]))),
    ...(lengths ? { lengths: numbers("int32", [lengths.length], lengths) } : {}),
    ...(peepholes ? { p: normals(source, [directions, 3 * HIDDEN]) } : {}),
  };
  const known = (name: string): string => (name in inputs ? name : "");
  return {
    name: JSON.stringify(layer),
    inputs,
    profiles: ["wasm", "webgpu"],
    build: (b) => {
      const outputs = b.nodes(
        operator,
        ["x", "w", "r", "bias", "lengths", ...states, ...(peepholes ? ["p"] : [])].map(known),
        1 + states.length,
        { hidden_size: HIDDEN, ...attributes },
      );
      const flat = outputs.map((output) => b.node("Reshape", [output, b.ints([-1])]));
      return b.node("Concat", flat, { axis: 0 });
    },
  };
}

const LAYERS: Layer[] = (["RNN", "GRU", "LSTM"] as const).flatMap((operator) =>
  ["forward", "reverse", "bidirectional"].map((direction) => ({
    operator,
    attributes: { direction },
  })),
);

describe("gradients of recurrent layers", () => {
  test.each(LAYERS)("$operator $attributes", (layer) => checkGradient(layerCase(layer)));

  test.each(["forward", "reverse"])("GRU with linear_before_reset, %s", (direction) =>
    checkGradient(
      layerCase({ operator: "GRU", attributes: { direction, linear_before_reset: 1 } }),
    ),
  );

  test.each<Layer>([
    { operator: "LSTM", bare: true },
    { operator: "GRU", bare: true },
    { operator: "LSTM", attributes: { layout: 1, direction: "bidirectional" } },
    { operator: "LSTM", peepholes: true },
    { operator: "LSTM", attributes: { input_forget: 1 } },
    { operator: "GRU", lengths: [3, 1], attributes: { direction: "bidirectional" } },
    { operator: "LSTM", lengths: [2, 3], attributes: { direction: "reverse" } },
    { operator: "LSTM", attributes: { activations: ["Sigmoid", "Softsign", "Affine"] } },
    {
      operator: "RNN",
      attributes: { activations: ["ScaledTanh"], activation_alpha: [1.7], activation_beta: [0.6] },
    },
  ])("%o", (layer) => checkGradient(layerCase(layer)));

  test.each<Layer>([
    { operator: "LSTM", attributes: { clip: 0.7 } },
    { operator: "GRU", attributes: { clip: 0.7, linear_before_reset: 1 } },
  ])("clip, with numbers of which none is near the limit: %o", (layer) =>
    checkGradient(layerCase(layer, seededRandom("clip"))),
  );

  test("a batch and a number of steps that are not known", () => {
    const { inputs } = layerCase({ operator: "LSTM" });
    const [fixed, free] = [
      [STEPS, BATCH],
      ["steps", "batch"],
    ].map((sizes) => {
      const b = GraphBuilder.empty();
      for (const [name, { dims }] of Object.entries(inputs))
        b.input(name, "float64", name === "x" ? [...sizes, WIDTH] : dims);
      b.nodes("LSTM", ["x", "w", "r", "bias", "", "h0", "c0"], ["y"], { hidden_size: HIDDEN });
      b.output("y");
      return b.model();
    }) as [Model, Model];
    const options = { of: "y", with_respect_to: ["x", "r", "c0"] };
    expectSame(
      interpret(differentiate(free, options), inputs),
      interpret(differentiate(fixed, options), inputs),
      options.with_respect_to,
    );
    const refused = attempt(() => differentiate(free, { ...options, profile: "webgpu" }));
    expect(refused).toMatchObject({ ok: false, error: { code: "unsupported" } });
  });

  test("without the forward pass prepared, the same gradient by computing it once more", () => {
    for (const each of LAYERS) {
      const layer = layerCase(each);
      const { model, of } = modelOf(layer);
      const with_respect_to = Object.keys(layer.inputs);
      const prepared = differentiate(model, { of, with_respect_to });
      const b = GraphBuilder.extending(model);
      const gradients = addGradients(b, { of, with_respect_to, profile: "wasm" });
      for (const [index, gradient] of gradients.entries())
        b.output(gradient, gradientName(with_respect_to[index] ?? ""));
      expectSame(
        interpret(b.model(), layer.inputs),
        interpret(prepared, layer.inputs),
        with_respect_to,
      );
    }
  });

  test("the closed forms and the general gradient of Scan agree", () => {
    const linear: Layer = { operator: "GRU", attributes: { linear_before_reset: 1 } };
    for (const each of [...LAYERS, linear]) {
      const layer = layerCase(each);
      const { model, of } = modelOf(layer);
      const with_respect_to = Object.keys(layer.inputs);
      const options = { of, with_respect_to, profile: "wasm" } as const;
      const prepared = prepareForGradient(model, options);
      // Graphs that are copies: nothing is known of them but what they compute.
      const general = differentiate(structuredClone(prepared), options);
      expectSame(
        interpret(general, layer.inputs),
        interpret(differentiate(prepared, options), layer.inputs),
        with_respect_to,
      );
    }
  });

  test("the gradient of a gate inside the steps, of which the closed forms know nothing", () => {
    const layer = layerCase({ operator: "LSTM" });
    const { model, of } = modelOf(layer);
    const with_respect_to = Object.keys(layer.inputs);
    const prepared = prepareForGradient(model, { of, with_respect_to, profile: "wasm" });
    const scan = prepared.graph.nodes.find(({ opType }) => opType === "Scan");
    const options = { of: scan?.outputs[5] ?? "", with_respect_to: ["x", "r", "c0"] };
    const found = interpret(differentiate(prepared, options), layer.inputs);
    const general = interpret(differentiate(structuredClone(prepared), options), layer.inputs);
    expectSame(found, general, options.with_respect_to);
    expect(found[gradientName("x")]).toMatchObject({ data: expect.not.arrayContaining([0]) });
  });

  test("the sweep back keeps only what depends on the step after it", () => {
    const layer = layerCase({ operator: "LSTM" });
    const { model, of } = modelOf(layer);
    const { graph } = differentiate(model, { of, with_respect_to: Object.keys(layer.inputs) });
    const scans = graph.nodes.filter(({ opType }) => opType === "Scan");
    const sweep = scans.at(-1)?.attributes.find(({ name }) => name === "body");
    const operators = sweep?.kind === "graph" ? sweep.value.nodes.map(({ opType }) => opType) : [];
    expect(scans).toHaveLength(2);
    expect(graph.nodes.some(({ opType }) => opType === "LSTM")).toBe(false);
    expect(operators.toSorted()).toEqual(["Add", "Add", "Concat", "MatMul", "Mul", "Mul", "Mul"]);
  });

  test("on the runtime", async () => {
    for (const layer of [
      { operator: "LSTM", attributes: { direction: "bidirectional" } },
      { operator: "GRU", attributes: { linear_before_reset: 1 } },
      { operator: "GRU", lengths: [3, 1] },
      { operator: "LSTM", peepholes: true },
    ] satisfies Layer[])
      await checkOnWasm(layerCase(layer));
  });
});

function modelOf(layer: GradientCase): { model: Model; of: string } {
  const b = GraphBuilder.empty();
  for (const [name, { type, dims }] of Object.entries(layer.inputs)) b.input(name, type, dims);
  const of = b.output(layer.build(b));
  return { model: b.model(), of };
}

function expectSame(
  found: ReturnType<typeof interpret>,
  expected: ReturnType<typeof interpret>,
  tensors: readonly string[],
): void {
  for (const tensor of tensors) {
    const [a, b] = [found[gradientName(tensor)], expected[gradientName(tensor)]];
    if (!a || !b || !isNumbers(a) || !isNumbers(b)) throw new Error("no numbers");
    expect(a.dims).toEqual(b.dims);
    for (const [index, value] of a.data.entries())
      expect(value, `${tensor}, SEED=${SEED}`).toBeCloseTo(b.data[index] ?? Number.NaN, 10);
  }
}
