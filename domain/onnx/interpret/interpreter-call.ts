import type { Graph, Node } from "../model.ts";
import { placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { isNumbers, type Numbers, type Value } from "./array.ts";

/** What a node computes; one value stands for one output. */
export type InterpreterRule = (call: InterpreterCall) => Value | readonly Value[];

/** A node as its interpreter rule sees it. */
export class InterpreterCall {
  readonly node: Node;
  /** The version of the operator set that the node's domain has in this model. */
  readonly opset: number;
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly #run: (graph: Graph, inputs: readonly Value[]) => Value[];

  constructor(
    node: Node,
    opset: number,
    inputs: readonly (Value | undefined)[],
    run: (graph: Graph, inputs: readonly Value[]) => Value[],
  ) {
    this.node = node;
    this.opset = opset;
    this.inputs = inputs;
    this.#run = run;
  }

  value(index: number): Value {
    const value = this.inputs[index];
    if (value) return value;
    throw this.fault(`input ${index} is missing`);
  }

  /** An input that has to be there and to hold numbers. */
  numbers(index: number): Numbers {
    const value = this.value(index);
    if (isNumbers(value)) return value;
    throw this.fault(`input ${index} is a ${value.type}`);
  }

  optional(index: number): Numbers | undefined {
    return this.inputs[index] === undefined ? undefined : this.numbers(index);
  }

  /** The elements of a vector of sizes, axes or indices. */
  ints(index: number): number[] {
    return [...this.numbers(index).data];
  }

  /** The outputs of a sub-graph, which sees the values around the node. */
  run(graph: Graph, inputs: readonly Value[] = []): Value[] {
    return this.#run(graph, inputs);
  }

  fault(message: string): OnnxFault {
    const name = this.node.name || (this.node.outputs[0] ?? "");
    return new OnnxFault(
      "invalid",
      `${this.node.opType} '${name}': ${message}`,
      placeOf(this.node),
    );
  }
}
