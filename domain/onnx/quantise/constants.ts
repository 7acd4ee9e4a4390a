import type { Model, StoredTensor } from "../model.ts";
import { opsetOf, withGraph } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { constantOfNode } from "../rewrite/constant-of-node.ts";
import { withConstantInitializers } from "../rewrite/graph-edit.ts";
import { elementsOf } from "../stored-tensor.ts";

/** Since opset 13 a scale can belong to one axis, which both forms of quantisation need. */
export const QUANTISED_OPSET = 13;

/**
 * The model with the constants of its main graph's nodes among its initializers, so that a weight
 * is found in one place. Throws `OnnxFault` for an opset below 13.
 */
export function withPlainConstants(given: Model): Model {
  const model = withConstantInitializers(given);
  if (opsetOf(model) < QUANTISED_OPSET)
    throw new OnnxFault(
      "unsupported",
      `a model of opset ${opsetOf(model)} is not quantised; convert it to opset ${QUANTISED_OPSET} or later`,
    );
  const { graph } = model;
  const lifted = graph.nodes.flatMap((node) => constantOfNode(node) ?? []);
  const names = new Set(lifted.map(({ name }) => name));
  return withGraph(model, {
    ...graph,
    nodes: graph.nodes.filter(({ outputs }) => !names.has(outputs[0])),
    initializers: [...graph.initializers, ...lifted],
  });
}

export type FloatConstant = { dims: number[]; data: Float32Array };

/** The float32 constants by name, without those that a caller may override; read once each. */
export class Constants {
  readonly #stored: ReadonlyMap<string, StoredTensor>;
  readonly #read = new Map<string, FloatConstant>();

  constructor({ graph }: Model) {
    const inputs = new Set(graph.inputs.map(({ name }) => name));
    this.#stored = new Map(
      graph.initializers.flatMap((stored) => {
        const { name = "", type } = stored;
        return type === "float32" && !inputs.has(name) ? [[name, stored]] : [];
      }),
    );
  }

  has(name: string | undefined): name is string {
    return name !== undefined && this.#stored.has(name);
  }

  rank(name: string): number {
    return this.#stored.get(name)?.dims.length ?? 0;
  }

  get(name: string): FloatConstant {
    const known = this.#read.get(name);
    if (known) return known;
    const stored = this.#stored.get(name);
    const { dims, data } = stored ? elementsOf(stored) : { dims: [], data: undefined };
    if (!(data instanceof Float32Array))
      throw new OnnxFault("bad_request", `there is no float32 constant '${name}'`, {
        tensor: name,
      });
    const constant = { dims, data };
    this.#read.set(name, constant);
    return constant;
  }
}
