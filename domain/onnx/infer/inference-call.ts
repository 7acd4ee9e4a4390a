import type { Dimension } from "../../tensors/tensor.ts";
import type { Graph, Node, OnnxType } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { placeOf } from "../node.ts";
import type { Fact, TensorFact } from "./fact.ts";

/** What the outputs of a node are, given what its inputs are; one fact stands for one output. */
export type InferenceRule = (call: InferenceCall) => Fact | readonly Fact[];

/** A node as its inference rule sees it. */
export class InferenceCall {
  readonly node: Node;
  /** The version of the operator set that the node's domain has in this model. */
  readonly opset: number;
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (Fact | undefined)[];
  readonly #inferGraph: (graph: Graph, inputs: readonly Fact[]) => Fact[];

  constructor(
    node: Node,
    opset: number,
    inputs: readonly (Fact | undefined)[],
    inferGraph: (graph: Graph, inputs: readonly Fact[]) => Fact[],
  ) {
    this.node = node;
    this.opset = opset;
    this.inputs = inputs;
    this.#inferGraph = inferGraph;
  }

  /** An input that has to be there and to be a tensor. */
  tensor(index: number): TensorFact {
    const fact = this.inputs[index];
    if (fact?.kind === "tensor") return fact;
    if (fact?.kind === "unknown") return { kind: "tensor", type: "undefined", shape: null };
    throw this.fault(
      fact === undefined ? `input ${index} is missing` : `input ${index} is a ${fact.kind}`,
    );
  }

  /** An optional tensor, undefined where it is left out. */
  optional(index: number): TensorFact | undefined {
    return this.inputs[index] === undefined ? undefined : this.tensor(index);
  }

  type(index: number): OnnxType {
    return this.tensor(index).type;
  }

  shape(index: number): readonly Dimension[] | null {
    return this.tensor(index).shape;
  }

  /** The outputs of a sub-graph whose inputs are given; it sees the values around the node. */
  outputsOf(graph: Graph, inputs: readonly Fact[] = []): Fact[] {
    return this.#inferGraph(graph, inputs);
  }

  fault(message: string): OnnxFault {
    const name = this.node.name || (this.node.outputs[0] ?? "");
    const tensor = this.node.outputs[0];
    return new OnnxFault("invalid", `${this.node.opType} '${name}': ${message}`, {
      ...placeOf(this.node),
      ...(tensor === undefined ? {} : { tensor }),
    });
  }
}
