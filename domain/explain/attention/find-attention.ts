import { inferModel } from "../../onnx/infer/infer.ts";
import type { Facts } from "../../onnx/infer/fact.ts";
import type { Model, Node } from "../../onnx/model.ts";
import { intOf, operatorOf, opsetOf, placeOf } from "../../onnx/node.ts";
import { addOutputs } from "../../onnx/rewrite/add-outputs.ts";
import { freshName } from "../../onnx/rewrite/graph-edit.ts";
import { namesIn, readsOf } from "../../onnx/names.ts";
import { inlineFunctions } from "../../onnx/rewrite/inline-functions.ts";
import { ExplainFault } from "../explain-fault.ts";

/** Where a model attends: the tensor that holds the weights, [… heads, queries, keys]. */
export type AttentionPlace = { name: string; tensor: string };

/** A model that gives the weights of its attention as further outputs, in the order of the graph. */
export type AttentionModel = {
  model: Model;
  places: AttentionPlace[];
  /** Whether each layer works on what the one before it gives, as a stack of layers does. */
  isStack: boolean;
};

/** What weights may pass through on their way to the values. */
const PASSES: ReadonlySet<string> = new Set(["Dropout", "Cast", "Identity", "Where"]);
/** What multiplies weights, which come first, and values. */
const PRODUCTS: ReadonlySet<string> = new Set(["MatMul", "Einsum"]);
/** They keep their weights to themselves. */
const SEALED = /^com\.microsoft\..*Attention$/;

/** `Attention` gives its weights, the softmax of the scores, as the output of this mode. */
const WEIGHTS_MODE = 3;

/**
 * Finds the attention of a model's main graph: each `Softmax` over the last axis of three or more
 * whose result multiplies another activation, and each `Attention` node. Throws `ExplainFault`
 * (method_unsupported) where there is none, and for fused operators that do not give their weights.
 */
export function findAttention(original: Model): AttentionModel {
  const inlined = inlineFunctions(original);
  const graph = new Reading(inlined);
  const places: (AttentionPlace & { node: Node })[] = [];
  const copies: Node[] = [];
  const names = namesIn(inlined.graph);
  for (const node of inlined.graph.nodes) {
    if (SEALED.test(operatorOf(node)))
      throw new ExplainFault(
        "method_unsupported",
        `'${placeOf(node).node}' is a ${operatorOf(node)}, which keeps its attention weights to itself: export the model without fusing its attention`,
      );
    const name = node.name || (node.outputs[0] ?? "");
    if (node.opType === "Softmax" && graph.isAttention(node))
      places.push({ name, tensor: node.outputs[0] ?? "", node });
    if (operatorOf(node) === "Attention") {
      const tensor = freshName(names, `${name}_weights`);
      copies.push(weightsOf(node, tensor, names));
      places.push({ name, tensor, node });
    }
  }
  if (places.length === 0)
    throw new ExplainFault(
      "method_unsupported",
      "the model has no attention: no Softmax over three axes or more that weights another activation, and no Attention node",
    );
  const { nodes } = inlined.graph;
  const model = { ...inlined, graph: { ...inlined.graph, nodes: [...nodes, ...copies] } };
  return {
    model: addOutputs(
      model,
      places.map(({ tensor }) => tensor),
    ),
    places: places.map(({ name, tensor }) => ({ name, tensor })),
    isStack: places.every(({ node }, at) => at === 0 || graph.leadsTo(places[at - 1]?.node, node)),
  };
}

/** The same attention once more, for its weights alone. */
function weightsOf(node: Node, tensor: string, names: Set<string>): Node {
  const attributes = node.attributes.filter(({ name }) => name !== "qk_matmul_output_mode");
  return {
    ...node,
    name: tensor,
    outputs: [freshName(names, `${tensor}_result`), "", "", tensor],
    attributes: [
      ...attributes,
      { name: "qk_matmul_output_mode", kind: "int", value: WEIGHTS_MODE },
    ],
  };
}

/** What a search for attention needs to know of the main graph. */
class Reading {
  readonly #facts: Facts;
  readonly #opset: number;
  readonly #readers = new Map<string, Node[]>();
  /** Tensors that depend on an input of the model. */
  readonly #activations: Set<string>;

  constructor(model: Model) {
    const { graph } = model;
    this.#facts = inferModel(model);
    this.#opset = opsetOf(model);
    const initialized = new Set(graph.initializers.map(({ name }) => name));
    const inputs = graph.inputs.map(({ name }) => name);
    this.#activations = new Set(inputs.filter((name) => !initialized.has(name)));
    for (const node of graph.nodes) {
      const reads = readsOf(node);
      for (const name of reads) this.#readers.set(name, [...(this.#readers.get(name) ?? []), node]);
      if (reads.some((name) => this.#activations.has(name)))
        for (const output of node.outputs) this.#activations.add(output);
    }
  }

  isAttention(softmax: Node): boolean {
    const [weights = ""] = softmax.outputs;
    const rank = this.#rankOf(weights);
    if (rank === null || rank < 3) return false;
    const axis = intOf(softmax, "axis", this.#opset < 13 ? 1 : -1);
    if ((axis < 0 ? axis + rank : axis) !== rank - 1) return false;
    return this.#weightsValues(weights, new Set());
  }

  #weightsValues(weights: string, seen: Set<string>): boolean {
    if (seen.has(weights)) return false;
    seen.add(weights);
    return (this.#readers.get(weights) ?? []).some((reader) => {
      if (PRODUCTS.has(reader.opType) && reader.inputs.length === 2)
        return reader.inputs[0] === weights && this.#activations.has(reader.inputs[1] ?? "");
      if (!PASSES.has(reader.opType)) return false;
      return (
        this.#rankOf(reader.outputs[0] ?? "") === this.#rankOf(weights) &&
        this.#weightsValues(reader.outputs[0] ?? "", seen)
      );
    });
  }

  /** Whether anything that one node makes reaches the other. */
  leadsTo(from: Node | undefined, to: Node): boolean {
    const seen = new Set<Node>();
    const waiting = from === undefined ? [] : [from];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      for (const output of node.outputs) waiting.push(...(this.#readers.get(output) ?? []));
    }
    return seen.has(to);
  }

  #rankOf(tensor: string): number | null {
    const fact = this.#facts.get(tensor);
    return fact?.kind === "tensor" ? (fact.shape?.length ?? null) : null;
  }
}
