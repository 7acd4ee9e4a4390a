import { isElementType, type Tensor } from "../../tensors/tensor.ts";
import type { Node, StoredTensor } from "../model.ts";
import { placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import type { GraphEdit } from "../rewrite/graph-edit.ts";
import { elementsOf } from "../stored-tensor.ts";
import { filledTensor, intTensor } from "../tensors.ts";

/** Makes of a node of one version what does the same in the next; the nodes are of that next version. */
export type Adapter = (node: Node, conversion: Conversion) => readonly Node[];

/** A graph on its way to a newer operator set. What is asked of a tensor was known before the way. */
export class Conversion {
  readonly target: number;
  readonly #edit: GraphEdit;
  readonly #made = new Map<string, StoredTensor | Tensor>();

  constructor(edit: GraphEdit, target: number) {
    this.#edit = edit;
    this.target = target;
  }

  fresh(node: Node, what: string): string {
    return this.#edit.fresh(`${node.outputs[0] ?? node.opType}_${what}`);
  }

  constant(node: Node, what: string, tensor: Tensor): string {
    const name = this.#edit.constant(`${node.outputs[0] ?? node.opType}_${what}`, tensor);
    this.#made.set(name, tensor);
    return name;
  }

  /** An int64 vector. */
  ints(node: Node, what: string, values: readonly number[]): string {
    return this.constant(node, what, intTensor(values));
  }

  /** A scalar of the type that an input of the node has. */
  scalarLike(node: Node, input: number, what: string, value: number): string {
    const type = this.#edit.tensorOf(node.inputs[input] ?? "")?.type;
    if (type === undefined || type === "string" || !isElementType(type))
      throw this.refusal(node, `the type of '${node.inputs[input] ?? ""}' is not known`);
    return this.constant(node, what, filledTensor(type, [], value));
  }

  /** The numbers of a constant; undefined where the tensor is none. */
  numbersOf(name: string): number[] | undefined {
    const constant = this.#made.get(name) ?? this.#edit.constantOf(name);
    if (constant === undefined) return undefined;
    const { data } = "data" in constant ? constant : elementsOf(constant);
    return Array.from<unknown, number>(data, Number);
  }

  typeOf(name: string) {
    return this.#edit.tensorOf(name)?.type;
  }

  /** Null where the rank is not known. */
  shapeOf(name: string) {
    return this.#edit.tensorOf(name)?.shape ?? null;
  }

  isUsed(name: string | undefined): boolean {
    return name !== undefined && this.#edit.isUsed(name);
  }

  refusal(node: Node, reason: string): OnnxFault {
    const { node: name = "", operator = "" } = placeOf(node);
    return new OnnxFault(
      "unsupported",
      `${operator} '${name}' cannot be converted to version ${this.target}: ${reason}`,
      placeOf(node),
    );
  }
}
