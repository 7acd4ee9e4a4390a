import { fromTensor, isNumbers, type Numbers } from "../../onnx/interpret/array.ts";
import { UNKNOWN, type Facts } from "../../onnx/infer/fact.ts";
import type { Model, Node, StoredTensor, ValueInfo } from "../../onnx/model.ts";
import { constantOfNode } from "../../onnx/rewrite/constant-of-node.ts";
import { elementsOf } from "../../onnx/stored-tensor.ts";
import { unsupported } from "./read-ensemble.ts";

/** A main graph to be walked from its outputs backwards: what makes each tensor, and what is constant. */
export class GraphView {
  readonly model: Model;
  /** Inputs that a run has to give, in order. */
  readonly inputs: readonly ValueInfo[];
  readonly #facts: Facts;
  readonly #producers = new Map<string, Node>();
  readonly #constants = new Map<string, StoredTensor>();

  constructor(model: Model, facts: Facts) {
    this.model = model;
    this.#facts = facts;
    for (const stored of model.graph.initializers) this.#constants.set(stored.name ?? "", stored);
    for (const node of model.graph.nodes) {
      const constant = constantOfNode(node);
      if (constant) this.#constants.set(constant.name ?? "", constant);
      for (const output of node.outputs) this.#producers.set(output, node);
    }
    this.inputs = model.graph.inputs.filter(({ name }) => !this.#constants.has(name));
  }

  producerOf(name: string): Node | undefined {
    return this.#producers.get(name);
  }

  /** The numbers of an initializer or a Constant; undefined for anything else. */
  constantOf(name: string): Numbers | undefined {
    const stored = this.#constants.get(name);
    const value = stored && fromTensor(elementsOf(stored));
    return value && isNumbers(value) ? value : undefined;
  }

  isConstant(name: string): boolean {
    return this.#constants.has(name);
  }

  typeOf(name: string): string {
    const fact = this.#facts.get(name) ?? UNKNOWN;
    return fact.kind === "tensor" ? fact.type : "unknown";
  }

  /** The sizes of a tensor after the axis of rows. */
  rowShapeOf(name: string): number[] {
    const fact = this.#facts.get(name) ?? UNKNOWN;
    const sizes = fact.kind === "tensor" ? fact.shape?.slice(1) : undefined;
    if (sizes === undefined || fact.kind !== "tensor" || fact.shape?.length === 0)
      throw unsupported(`the shape of '${name}' is not known; declare it in the model`);
    return sizes.map((size, axis) => {
      if (typeof size === "number") return size;
      throw unsupported(`axis ${axis + 1} of '${name}' is not known; declare it in the model`);
    });
  }
}
