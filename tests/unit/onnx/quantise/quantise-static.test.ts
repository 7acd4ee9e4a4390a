import { describe, expect, test } from "vitest";
import { readModel, writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { isNumbers, numbers } from "../../../../domain/onnx/interpret/array.ts";
import {
  quantiseStatic,
  type StaticOptions,
} from "../../../../domain/onnx/quantise/quantise-static.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { batchesOf } from "../../../../domain/onnx/rows.ts";
import type { OpenModel, Runtime } from "../../../../domain/onnx/runtime.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { DIGITS_MODEL, readDigits } from "../support/digits.ts";
import { wasmRuntime } from "../support/wasm-runtime.ts";
import { imageNetwork, tokenNetwork, type Network } from "./networks.ts";
import { constantIn, floatsOf, operatorsIn, relativeDifference } from "./support.ts";

const quantised = ({ model, feeds }: Network, options: StaticOptions = {}) =>
  quantiseStatic(wasmRuntime, model, () => [feeds], options);

describe("scales are those of onnxruntime.quantization 1.31", () => {
  const digits = readModel(DIGITS_MODEL);
  const { image } = readDigits(0, 1000);
  const batches = () => Array.from(batchesOf(digits, { image }, 100), ({ feeds }) => feeds);

  test("MinMax, per channel: activations, weights and biases of the digits network", async () => {
    const { model, report } = await quantiseStatic(wasmRuntime, digits, batches);
    expect(report).toEqual({ quantized_nodes: 3, skipped: [] });
    expect(constantIn(model, "flat_scale")).toEqual([0.003921568859368563]);
    expect(constantIn(model, "flat_zero_point")).toEqual([0]);
    expect(constantIn(model, "a0_scale")[0]).toBeCloseTo(0.018978916108608246, 8);
    expect(constantIn(model, "a0_zero_point")).toEqual([0]);
    const weightScales = [0.008394655771553516, 0.008806021884083748, 0.007712145335972309];
    expect(constantIn(model, "W1_axis_1_scale").slice(0, 3)).toEqual(weightScales);
    expect(constantIn(model, "W1_axis_1_quantized").slice(0, 4)).toEqual([45, 61, -10, -127]);
    expect(constantIn(model, "b0_of_z0_quantized").slice(2, 4)).toEqual([18782, 3951]);
    expect(constantIn(model, "b1_of_z1_quantized").slice(0, 4)).toEqual([1598, -372, -52, 1553]);
  });

  test("the bias of a channel without weights stays within int32", async () => {
    const { model } = await quantiseStatic(wasmRuntime, digits, batches);
    const [bias = 0] = constantIn(model, "b0_of_z0_quantized").slice(1);
    const [scale = 0] = constantIn(model, "b0_of_z0_scale").slice(1);
    expect(Math.abs(bias)).toBeLessThanOrEqual(2 ** 30);
    expect(bias * scale).toBeCloseTo(constantIn(digits, "b0")[1] ?? Number.NaN, 5);
  });
});

describe("a network of bytes answers as the one of floats", () => {
  const image = imageNetwork();
  const token = tokenNetwork();
  const variants: [string, StaticOptions][] = [
    ["by default", {}],
    ["a scale for each weight", { per_channel: false }],
    ["int8 activations", { activation_type: "int8" }],
    ["symmetric activations", { symmetric_activations: true }],
    ["uint8 weights", { weight_type: "uint8" }],
    ["a bit less for weights", { reduce_range: true }],
    ["percentile", { calibration: { method: "percentile" } }],
    ["moving average", { calibration: { method: "min_max", moving_average: 0.5 } }],
  ];

  test.each(variants)("image network, %s", async (_, options) => {
    const { model } = await quantised(image, options);
    expect(await relativeDifference(image.model, model, image.feeds)).toBeLessThan(0.02);
  });

  test.each(variants)("token network, %s", async (_, options) => {
    const { model } = await quantised(token, options);
    expect(await relativeDifference(token.model, model, token.feeds)).toBeLessThan(0.02);
  });

  test("and as the reference interpreter reads it", async () => {
    const { model } = await quantised(image);
    const x = image.feeds["x"];
    const found = interpret(model, { x: numbers("float32", x?.dims ?? [], [...floatsOf(x)]) })["y"];
    const open = await wasmRuntime.open(writeModel(model));
    const expected = floatsOf((await open.run(image.feeds))["y"]);
    await open.release();
    if (found === undefined || !isNumbers(found)) throw new Error("no numbers");
    const spread = Math.max(...expected) - Math.min(...expected);
    // Fused kernels round a few values to the neighbouring byte.
    for (const [at, value] of found.data.entries())
      expect(Math.abs(value - (expected[at] ?? Number.NaN)) / spread).toBeLessThan(0.02);
  });
});

/** The name of the scale with which an activation is quantised; undefined where it is not. */
const scaleOf = ({ graph }: Model, activation: string): string | undefined =>
  graph.nodes.find(({ outputs }) => outputs[0] === `${activation}_quantized`)?.inputs[1];

describe("what is quantised", () => {
  test("bytes go from end to end, and what feeds no byte operator stays float", async () => {
    const { model, report } = await quantised(imageNetwork());
    expect(report.quantized_nodes).toBe(13);
    const operators = operatorsIn(model);
    // x, first_clamped, pooled, second, residual, depthwise, product, leaky, joined, mean, features.
    expect(operators["QuantizeLinear"]).toBe(11);
    const made = new Set(model.graph.nodes.flatMap(({ outputs }) => outputs));
    expect(made.has("first_sum_quantized")).toBe(false);
    const last = model.graph.nodes.at(-2);
    expect(last?.opType).toBe("Gemm");
    expect(
      model.graph.initializers.some(({ type, dims }) => type === "float32" && dims.length > 1),
    ).toBe(false);
  });

  test("operators that move bytes share a scale, and a concatenation that of all its parts", async () => {
    const { model } = await quantised(imageNetwork());
    expect(scaleOf(model, "pooled")).toBe(scaleOf(model, "first_clamped"));
    const concat = model.graph.nodes.find(({ opType }) => opType === "Concat");
    const scales = concat?.inputs.map((input) => scaleOf(model, input)) ?? [];
    expect(new Set([...scales, scaleOf(model, "joined")]).size).toBe(1);
    expect(scales[0]).not.toBe(scaleOf(model, "pooled"));
  });

  test("symmetric activations are quantised before Relu too, whose zero is not their lowest byte", async () => {
    const { model } = await quantised(imageNetwork(), { symmetric_activations: true });
    expect(scaleOf(model, "first_sum")).toBeDefined();
    expect(scaleOf(model, "first_sum")).toBe(scaleOf(model, "first_clamped"));
  });

  test("what Relu takes is quantised too where something else reads it", async () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 2]);
    const weight = b.constant(floatTensor([2, 2], [1, -2, 3, 4]));
    const sum = b.node("MatMul", [x, weight], {}, { output: "sum" });
    const clamped = b.node("Relu", [sum], {}, { output: "clamped" });
    b.output(b.node("Add", [clamped, sum]), "y");
    const network = { model: b.model(), feeds: { x: floatTensor([2, 2], [1, 2, -3, 4]) } };
    const { model } = await quantised(network);
    expect(scaleOf(model, "sum")).toBeDefined();
    expect(scaleOf(model, "sum")).toBe(scaleOf(model, "clamped"));
    expect(await relativeDifference(network.model, model, network.feeds)).toBeLessThan(0.02);
  });

  test("what moves bytes about for no one moves floats", async () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 1, 4]);
    const sum = b.node(
      "Conv",
      [x, b.constant(floatTensor([2, 1, 1], [1, -2]))],
      {},
      { output: "sum" },
    );
    b.output(b.node("Transpose", [sum], { perm: [0, 2, 1] }), "y");
    const feeds = { x: floatTensor([1, 1, 4], [1, 2, -3, 4]) };
    const { model, report } = await quantised({ model: b.model(), feeds });
    expect(report.quantized_nodes).toBe(1);
    expect(operatorsIn(model)).toMatchObject({ QuantizeLinear: 2, Transpose: 1 });
    expect(model.graph.nodes.find(({ opType }) => opType === "Transpose")?.inputs).toEqual(["sum"]);
    expect(scaleOf(model, "y")).toBeUndefined();
  });

  test("a shared scale covers the values of all that share it", async () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 1]);
    const parts = [
      [4, -1],
      [-8, 2],
    ].map((weights, at) =>
      b.node("MatMul", [x, b.constant(floatTensor([1, 2], weights))], {}, { output: `part_${at}` }),
    );
    const joined = b.node("Concat", parts, { axis: 1 });
    b.output(b.node("MatMul", [joined, b.constant(floatTensor([4, 1], [1, 1, 1, 1]))]), "y");
    const { model } = await quantised({ model: b.model(), feeds: { x: floatTensor([1, 1], [1]) } });
    expect(constantIn(model, scaleOf(model, "part_0") ?? "")).toEqual([Math.fround(12 / 255)]);
  });

  test("options reach the weights and activations that they are about", async () => {
    const network = imageNetwork();
    const { model } = await quantised(network);
    expect(constantIn(model, "class_weight_axis_0_scale")).toHaveLength(10);
    expect(constantIn(model, "second_weight_axis_0_scale")).toHaveLength(8);
    const largest = async (options: StaticOptions) => {
      const made = await quantised(network, options);
      const bytes = constantIn(made.model, "second_weight_axis_0_quantized");
      return Math.max(...bytes.map(Math.abs));
    };
    expect(await largest({})).toBe(127);
    expect(await largest({ reduce_range: true })).toBe(64);
    const symmetric = await quantised(network, { symmetric_activations: true });
    expect(constantIn(symmetric.model, "x_zero_point")).toEqual([128]);
    const signed = await quantised(network, {
      activation_type: "int8",
      symmetric_activations: true,
    });
    expect(constantIn(signed.model, "x_zero_point")).toEqual([0]);
  });

  test.each([{}, { alpha: 0.5 }, { beta: 3 }, { alpha: -2, beta: 0.25, transB: 1 }])(
    "a bias is added as int32 only where Gemm adds it as it is: %o",
    async (attributes) => {
      const b = GraphBuilder.empty(17);
      const x = b.input("x", "float32", ["batch", 3]);
      const values = Array.from({ length: 9 }, (_, at) => Math.sin(at * 1.7));
      const operands = [floatTensor([3, 3], values), floatTensor([3], [4, -1, 2])];
      const inputs = [x, ...operands.map((tensor) => b.constant(tensor))];
      b.output(b.node("Gemm", inputs, attributes), "y");
      const network = {
        model: b.model(),
        feeds: { x: floatTensor([2, 3], [1, -2, 3, 0.5, -1, 2]) },
      };
      const { model } = await quantised(network);
      const isWhole = model.graph.initializers.some(({ type }) => type === "int32");
      expect(isWhole).toBe(Object.keys(attributes).length === 0);
      expect(await relativeDifference(network.model, model, network.feeds)).toBeLessThan(0.02);
    },
  );

  test("nodes and operators can be left out", async () => {
    const network = imageNetwork();
    const without = await quantised(network, { nodes_to_exclude: ["first"] });
    const names = without.model.graph.initializers.map(({ name }) => name);
    expect(names).toContain("first_weight");
    expect(names).not.toContain("second_weight");
    const only = await quantised(network, { op_types: ["Gemm"] });
    expect(only.report.quantized_nodes).toBe(1);
    expect(operatorsIn(only.model)["QuantizeLinear"]).toBe(1);
  });

  test("an embedding is looked up as bytes", async () => {
    const { model } = await quantised(tokenNetwork());
    const gather = model.graph.nodes.find(({ opType }) => opType === "Gather");
    expect(gather?.inputs[0]).toBe("table_table_quantized");
    expect(constantIn(model, "table_table_zero_point")).toEqual([0]);
    expect(model.graph.nodes.some(({ name }) => name === "lstm")).toBe(true);
  });

  test("a network that has nothing to quantise stays as it is", async () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 2]);
    b.output(b.node("Relu", [b.node("Add", [x, b.node("Exp", [x])])]), "y");
    const { model, report } = await quantised({
      model: b.model(),
      feeds: { x: floatTensor([1, 2], [1, 2]) },
    });
    expect(report.quantized_nodes).toBe(0);
    expect(operatorsIn(model)).toEqual(operatorsIn(b.model()));
  });
});

describe("calibration", () => {
  test("brings back scalars for MinMax and holds one batch at a time otherwise", async () => {
    const { model, feeds } = imageNetwork();
    let [running, most, largest] = [0, 0, 0];
    const watched: Runtime = {
      name: "watched",
      async open(bytes): Promise<OpenModel> {
        const open = await wasmRuntime.open(bytes);
        return {
          release: () => open.release(),
          async run(given, outputs) {
            running += 1;
            most = Math.max(most, running);
            const found = await open.run(given, outputs);
            largest = Math.max(largest, ...Object.values(found).map(({ data }) => data.length));
            running -= 1;
            return found;
          },
        };
      },
    };
    const batches = () => Array.from(batchesOf(model, feeds, 8), (batch) => batch.feeds);
    const minMax = await quantiseStatic(watched, model, batches);
    expect(largest).toBe(1);
    const whole = await quantised({ model, feeds });
    expect(minMax.model.graph.initializers).toEqual(whole.model.graph.initializers);
    await quantiseStatic(watched, model, batches, { calibration: { method: "percentile" } });
    expect(largest).toBe(8 * 8 * 8 * 8);
    expect(most).toBe(1);
  });

  test("a moving average follows the batches", async () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 1]);
    b.output(b.node("MatMul", [x, b.constant(floatTensor([1, 1], [1]), "w")]), "y");
    const batches = () => [-1, -3].map((low) => ({ x: floatTensor([2, 1], [low, 4]) }));
    const { model } = await quantiseStatic(wasmRuntime, b.model(), batches, {
      calibration: { method: "min_max", moving_average: 0.25 },
    });
    // Lowest: -1 + 0.25 (-3 - -1); highest: 4.
    expect(constantIn(model, "x_scale")).toEqual([Math.fround(5.5 / 255)]);
  });

  test("zeros and constants have a scale all the same", async () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 1]);
    b.output(b.node("MatMul", [x, b.constant(floatTensor([1, 2], [0, 0]), "w")]), "y");
    const calibrated = (value: number) =>
      quantised({ model: b.model(), feeds: { x: floatTensor([2, 1], [value, value]) } });
    const zeros = await calibrated(0);
    expect(constantIn(zeros.model, "x_scale")).toEqual([1]);
    expect(constantIn(zeros.model, "w_axis_1_scale")).toEqual([1, 1]);
    const threes = await calibrated(3);
    expect(constantIn(threes.model, "x_scale")).toEqual([Math.fround(3 / 255)]);
  });

  test.each([Number.NaN, Infinity])(
    "%s in an activation is a problem that names it",
    async (bad) => {
      const { model, feeds } = imageNetwork();
      const data = floatsOf(feeds["x"]).slice();
      data[7] = bad;
      const spoilt = { x: { type: "float32" as const, dims: [48, 1, 8, 8], data } };
      await expect(quantised({ model, feeds: spoilt })).rejects.toMatchObject({
        problem: { code: "bad_request", tensor: "x" },
      });
    },
  );
});

describe("requests that do not fit", () => {
  const network = imageNetwork();

  test.each<[string, StaticOptions]>([
    ["'op_types' names Softmax", { op_types: ["Softmax"] }],
    ["no such node", { nodes_to_exclude: ["nothing"] }],
    ["'calibration.percentile'", { calibration: { method: "percentile", percentile: 101 } }],
    ["'calibration.bins'", { calibration: { method: "entropy", bins: 127 } }],
    ["'calibration.bins'", { calibration: { method: "entropy", bins: 8192 } }],
    ["'calibration.moving_average'", { calibration: { method: "min_max", moving_average: 0 } }],
  ])("%s", async (message, options) => {
    await expect(quantised(network, options)).rejects.toThrow(message);
  });

  test("no batches", async () => {
    await expect(quantiseStatic(wasmRuntime, network.model, () => [])).rejects.toThrow(
      "at least one batch",
    );
  });

  test("an opset below 13", async () => {
    const old = { ...network.model, opsets: [{ version: 12 }] };
    await expect(quantised({ ...network, model: old })).rejects.toThrow("convert it to opset 13");
  });
});
