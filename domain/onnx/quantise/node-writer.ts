import type { Tensor } from "../../tensors/tensor.ts";
import { attributesOf, type AttributeLiterals } from "../attribute-literals.ts";
import type { Model, Node, StoredTensor } from "../model.ts";
import { namesIn } from "../names.ts";
import { withGraph } from "../node.ts";
import { freshName } from "../rewrite/graph-edit.ts";
import { removeDead } from "../rewrite/remove-dead.ts";
import { storedTensor } from "../stored-tensor.ts";

/** Collects the nodes and constants that take the place of a model's nodes. */
export class NodeWriter {
  readonly #model: Model;
  readonly #names: Set<string>;
  readonly #nodes: Node[] = [];
  readonly #added: StoredTensor[] = [];
  readonly #constants = new Map<string, string>();

  constructor(model: Model) {
    this.#model = model;
    this.#names = namesIn(model.graph);
  }

  /** A name that the model does not have, made of the wish. */
  fresh(wish: string): string {
    return freshName(this.#names, wish);
  }

  /** Adds a constant under a free name, once for each `wish`. */
  constant(wish: string, make: () => Tensor): string {
    const known = this.#constants.get(wish);
    if (known !== undefined) return known;
    const name = this.fresh(wish);
    this.#added.push(storedTensor(name, make()));
    this.#constants.set(wish, name);
    return name;
  }

  keep(node: Node): void {
    this.#nodes.push(node);
  }

  /** Adds a node whose outputs have the given names. */
  write(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: AttributeLiterals = {},
    domain?: string,
  ): void {
    const name = this.fresh(`${outputs[0] ?? ""}_${opType}`);
    this.#nodes.push({
      opType,
      inputs,
      outputs,
      attributes: attributesOf(attributes),
      name,
      ...(domain === undefined ? {} : { domain }),
    });
  }

  /** The model with these nodes, without the constants that nothing reads any more. */
  model(): Model {
    const { graph } = this.#model;
    return removeDead(
      withGraph(this.#model, {
        ...graph,
        nodes: this.#nodes,
        initializers: [...graph.initializers, ...this.#added],
      }),
    );
  }
}
