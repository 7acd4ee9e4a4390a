import type { Model, Node } from "../model.ts";
import { floatOf } from "../node.ts";
import { floatTensor, roundHalfEven } from "../tensors.ts";
import { byteOf, byteTensor, SMALLEST_NORMAL, type Affine } from "./affine.ts";
import { isEmbedding, writeEmbedding } from "./embedding.ts";
import type { Constants } from "./constants.ts";
import { NodeWriter } from "./node-writer.ts";
import { isWeight, type StaticPlan } from "./plan-static.ts";
import type { QuantiseReport } from "./quantise-report.ts";
import {
  quantiseWeight,
  weightStem,
  type QuantisedWeight,
  type WeightSettings,
} from "./quantise-weight.ts";
import { channelAxisOf, roleOf, valuesInto } from "./quantised-operators.ts";

/** Well within int32, so that a sum with the products does not pass its end either. */
const LARGEST_BIAS = 2 ** 30;

/** Writes a model's nodes with pairs of QuantizeLinear and DequantizeLinear as a plan says. */
export class QdqWriter {
  readonly #model: Model;
  readonly #plan: StaticPlan;
  readonly #constants: Constants;
  readonly #affines: ReadonlyMap<string, Affine>;
  readonly #isChosen: (node: Node) => boolean;
  readonly #settings: WeightSettings;
  readonly #writer: NodeWriter;
  readonly #activations: ReadonlySet<string>;
  /** The dequantised twin of a graph input; every other activation keeps its name when it is dequantised. */
  readonly #twins = new Map<string, string>();
  readonly #weights = new Map<string, QuantisedWeight>();
  readonly #smallestScales: ReadonlyMap<string, readonly number[]>;
  #embeddings = 0;

  constructor(
    model: Model,
    plan: StaticPlan,
    constants: Constants,
    affines: ReadonlyMap<string, Affine>,
    isChosen: (node: Node) => boolean,
    settings: WeightSettings,
  ) {
    this.#model = model;
    this.#plan = plan;
    this.#constants = constants;
    this.#affines = affines;
    this.#isChosen = isChosen;
    this.#settings = settings;
    this.#writer = new NodeWriter(model);
    this.#activations = new Set(plan.activations);
    this.#smallestScales = this.#boundScales();
  }

  write(): Model {
    const { graph } = this.#model;
    for (const { name } of graph.inputs)
      if (this.#activations.has(name)) {
        const twin = this.#writer.fresh(`${name}_dequantized`);
        this.#requantise(name, name, twin);
        this.#twins.set(name, twin);
      }
    for (const node of graph.nodes) {
      const inputs = this.#plan.nodes.has(node) ? this.#inputsOf(node) : node.inputs;
      const renamed = node.outputs.filter((output) => this.#activations.has(output));
      const names = new Map(renamed.map((name) => [name, this.#writer.fresh(`${name}_float`)]));
      const outputs = node.outputs.map((output) => names.get(output) ?? output);
      this.#keep({ ...node, inputs, outputs });
      for (const [output, float] of names) this.#requantise(output, float, output);
    }
    return this.#writer.model();
  }

  report(): QuantiseReport {
    const { nodes, skipped } = this.#plan;
    return { quantized_nodes: nodes.size + this.#embeddings, skipped };
  }

  #keep(node: Node): void {
    if (!this.#isChosen(node) || !isEmbedding(node, this.#constants))
      return this.#writer.keep(node);
    writeEmbedding(this.#writer, node, this.#constants, this.#settings.weight_type);
    this.#embeddings += 1;
  }

  #inputsOf(node: Node): string[] {
    const values = new Set(valuesInto(node));
    const inputs = node.inputs.map((input) => {
      if (!values.has(input)) return input;
      if (isWeight(node, input, this.#constants)) return this.#weight(node, input);
      if (this.#constants.has(input)) return this.#constant(input);
      return this.#twins.get(input) ?? input;
    });
    const [, , bias] = node.inputs;
    if (bias !== undefined && this.#hasByteBias(node)) inputs[2] = this.#bias(node, bias);
    return inputs;
  }

  /** `from` as bytes and back, under the name `to`, with the scale of `activation`. */
  #requantise(activation: string, from: string, to: string): void {
    const [scale, zeroPoint] = this.#scale(activation);
    const bytes = this.#writer.fresh(`${activation}_quantized`);
    this.#writer.write("QuantizeLinear", [from, scale, zeroPoint], [bytes]);
    this.#writer.write("DequantizeLinear", [bytes, scale, zeroPoint], [to]);
  }

  #affineOf(tensor: string): Affine {
    return this.#affines.get(this.#plan.scaleOf(tensor)) ?? UNIT;
  }

  #scale(tensor: string): [scale: string, zeroPoint: string] {
    const root = this.#plan.scaleOf(tensor);
    const { type, scale, zeroPoint } = this.#affineOf(tensor);
    return [
      this.#writer.constant(`${root}_scale`, () => floatTensor([], [scale])),
      this.#writer.constant(`${root}_zero_point`, () => byteTensor(type, [], () => zeroPoint)),
    ];
  }

  /** A constant in the place of an activation. */
  #constant(name: string): string {
    const affine = this.#affineOf(name);
    const bytes = this.#writer.constant(`${name}_quantized`, () => {
      const { dims, data } = this.#constants.get(name);
      return byteTensor(affine.type, dims, (at) => byteOf(data[at] ?? 0, affine));
    });
    return this.#dequantised(name, [bytes, ...this.#scale(name)]);
  }

  #weight(node: Node, name: string): string {
    const { bytes, affines, axis } = this.#quantised(node, name);
    const stem = weightStem(name, axis);
    const dims = axis === undefined ? [] : [affines.length];
    const inputs = [
      this.#writer.constant(`${stem}_quantized`, () => bytes),
      this.#writer.constant(`${stem}_scale`, () =>
        floatTensor(
          dims,
          affines.map(({ scale }) => scale),
        ),
      ),
      this.#writer.constant(`${stem}_zero_point`, () =>
        byteTensor(this.#settings.weight_type, dims, (map) => affines[map]?.zeroPoint ?? 0),
      ),
    ];
    return this.#dequantised(stem, inputs, axis);
  }

  /** A bias is int32 in the scale of the products that it is added to, zero in the middle. */
  #bias(node: Node, name: string): string {
    const scales = this.#productScales(node);
    const { dims, data } = this.#constants.get(name);
    const stem = `${name}_of_${node.outputs[0] ?? ""}`;
    const whole = (value: number, channel: number): number =>
      roundHalfEven(value / (scales[channel] ?? scales[0] ?? 1));
    const isPerChannel = scales.length > 1;
    const bytes = this.#writer.constant(`${stem}_quantized`, () => ({
      type: "int32",
      dims,
      data: Int32Array.from(data, whole),
    }));
    const scale = this.#writer.constant(`${stem}_scale`, () =>
      floatTensor(isPerChannel ? [scales.length] : [], scales),
    );
    return this.#dequantised(stem, [bytes, scale], isPerChannel ? dims.length - 1 : undefined);
  }

  #dequantised(stem: string, inputs: readonly string[], axis?: number): string {
    const name = this.#writer.fresh(`${stem}_dequantized`);
    this.#writer.write("DequantizeLinear", inputs, [name], axis === undefined ? {} : { axis });
    return name;
  }

  #quantised(node: Node, name: string): QuantisedWeight {
    const axis = this.#axisOf(node, name);
    const key = weightStem(name, axis);
    const known = this.#weights.get(key);
    if (known) return known;
    const made = quantiseWeight(name, this.#constants.get(name), {
      type: this.#settings.weight_type,
      symmetric: true,
      reduceRange: this.#settings.reduce_range,
      axis,
      smallestScales: this.#smallestScales.get(key),
    });
    this.#weights.set(key, made);
    return made;
  }

  #axisOf(node: Node, weight: string): number | undefined {
    return this.#settings.per_channel
      ? channelAxisOf(node, this.#constants.rank(weight))
      : undefined;
  }

  /** The scale of the products of activation and weight, for each channel or all. */
  #productScales(node: Node): number[] {
    const [data = "", weight = ""] = node.inputs;
    const { scale } = this.#affineOf(data);
    return this.#quantised(node, weight).affines.map((affine) => Math.fround(scale * affine.scale));
  }

  /** Whether the bias is a constant that is added to the products as it is, an element to a channel. */
  #hasByteBias(node: Node): boolean {
    const [, weight = "", bias] = node.inputs;
    if (roleOf(node) !== "weighted" || !isWeight(node, weight, this.#constants)) return false;
    if (
      !this.#constants.has(bias) ||
      floatOf(node, "alpha", 1) !== 1 ||
      floatOf(node, "beta", 1) !== 1
    )
      return false;
    const axis = channelAxisOf(node, this.#constants.rank(weight)) ?? 0;
    const { dims, data } = this.#constants.get(bias);
    const channels = this.#constants.get(weight).dims[axis];
    return dims.at(-1) === channels && data.length === channels;
  }

  /**
   * What the scales of weights must not fall below: a channel of next to nothing would have products
   * in whose scale its bias is beyond int32, or a scale that is no normal number.
   */
  #boundScales(): Map<string, readonly number[]> {
    const bounds = new Map<string, number[]>();
    for (const node of this.#plan.nodes) {
      if (!this.#hasByteBias(node)) continue;
      const [data = "", weight = "", bias = ""] = node.inputs;
      const { scale } = this.#affineOf(data);
      const axis = this.#axisOf(node, weight);
      const key = weightStem(weight, axis);
      const needed = Array.from(
        this.#constants.get(bias).data,
        (value) => Math.max(Math.abs(value) / LARGEST_BIAS, SMALLEST_NORMAL) / scale,
      );
      const perMap = axis === undefined ? [Math.max(...needed)] : needed;
      const known = bounds.get(key);
      bounds.set(
        key,
        perMap.map((bound, at) => Math.max(bound, known?.[at] ?? 0)),
      );
    }
    return bounds;
  }
}

const UNIT: Affine = { type: "uint8", scale: 1, zeroPoint: 0 };
