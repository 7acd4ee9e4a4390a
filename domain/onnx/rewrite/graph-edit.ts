import type { Tensor } from "../../tensors/tensor.ts";
import { UNKNOWN, type Fact, type TensorFact } from "../infer/fact.ts";
import { inferGraphs } from "../infer/infer.ts";
import type { Graph, Model, Node, StoredTensor } from "../model.ts";
import { namesIn, readsOf } from "../names.ts";
import { storedTensor } from "../stored-tensor.ts";
import { constantOfNode } from "./constant-of-node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { mapGraphs, mapSame, renamedNode } from "./renamed.ts";

/**
 * Changes a model graph by graph: the sub-graphs of a node first, then the graph around it. What
 * `change` leaves alone stays the same object, up to the model, and so the bytes that it was read
 * from. A graph sees the constants and the facts of those around it.
 */
export function editGraphs(model: Model, change: (edit: GraphEdit) => void): Model {
  const started = withConstantInitializers(model);
  const names = namesIn(started.graph);
  const context: Context = { model: started, names, infer: once(() => inferGraphs(started)) };
  const graph = editGraph(started.graph, undefined, context, change);
  return graph === started.graph ? started : { ...started, graph };
}

type Context = {
  model: Model;
  /** Every name of the model, which fresh ones join. */
  names: Set<string>;
  infer: () => Map<Graph, Map<string, Fact>>;
};

function editGraph(
  graph: Graph,
  outer: GraphEdit | undefined,
  context: Context,
  change: (edit: GraphEdit) => void,
): Graph {
  const around = new GraphEdit(graph, graph, outer, context);
  const nodes = mapSame(graph.nodes, (node) =>
    mapGraphs(node, (inner) => editGraph(inner, around, context, change)),
  );
  const edit =
    nodes === graph.nodes ? around : new GraphEdit({ ...graph, nodes }, graph, outer, context);
  change(edit);
  return edit.finish();
}

/** One graph while a pass changes it. What it says of the graph is how the graph was before. */
export class GraphEdit {
  readonly graph: Graph;
  readonly model: Model;
  readonly #original: Graph;
  readonly #outer: GraphEdit | undefined;
  readonly #context: Context;
  readonly #producers = new Map<string, Node>();
  readonly #readers = new Map<string, Node[]>();
  readonly #constants = new Map<string, StoredTensor>();
  readonly #inputs: ReadonlySet<string>;
  readonly #outputs: ReadonlySet<string>;
  readonly #replaced = new Map<Node, readonly Node[]>();
  readonly #renamed = new Map<string, string>();
  readonly #added: StoredTensor[] = [];

  constructor(graph: Graph, original: Graph, outer: GraphEdit | undefined, context: Context) {
    this.graph = graph;
    this.model = context.model;
    this.#original = original;
    this.#outer = outer;
    this.#context = context;
    this.#inputs = new Set(graph.inputs.map(({ name }) => name));
    this.#outputs = new Set(graph.outputs.map(({ name }) => name));
    for (const stored of graph.initializers)
      if (!this.#inputs.has(stored.name ?? "")) this.#constants.set(stored.name ?? "", stored);
    for (const node of graph.nodes) {
      for (const name of new Set(readsOf(node))) {
        const readers = this.#readers.get(name);
        if (readers) readers.push(node);
        else this.#readers.set(name, [node]);
      }
      for (const name of node.outputs) if (name !== "") this.#producers.set(name, node);
      const constant = constantOfNode(node);
      if (constant?.name !== undefined) this.#constants.set(constant.name, constant);
    }
  }

  /** Whether the graph is the model's own and not one inside a node. */
  get isMain(): boolean {
    return this.#outer === undefined;
  }

  /** The node of this graph that makes a tensor. */
  producerOf(name: string): Node | undefined {
    return this.#producers.get(name);
  }

  /** The nodes of this graph that read a tensor, be it inside a sub-graph. */
  readersOf(name: string): readonly Node[] {
    return this.#readers.get(name) ?? [];
  }

  isOutput(name: string): boolean {
    return this.#outputs.has(name);
  }

  /** Whether a tensor is read at all, beside as an output that is left out. */
  isUsed(name: string): boolean {
    return name !== "" && (this.isOutput(name) || this.readersOf(name).length > 0);
  }

  /** The node that a tensor is made for: the one reader of a tensor that is no output. */
  soleReader(name: string): Node | undefined {
    const [reader, ...others] = this.readersOf(name);
    return others.length > 0 || this.isOutput(name) ? undefined : reader;
  }

  /** The value of a tensor that no caller can change, here or in a graph around this one. */
  constantOf(name: string): StoredTensor | undefined {
    const own = this.#constants.get(name);
    if (own || this.#inputs.has(name) || this.#producers.has(name)) return own;
    return this.#outer?.constantOf(name);
  }

  factOf(name: string): Fact {
    const own = this.#context.infer().get(this.#original)?.get(name);
    return own ?? this.#outer?.factOf(name) ?? UNKNOWN;
  }

  /** What is known of a tensor; undefined where it is not known to be one. */
  tensorOf(name: string): TensorFact | undefined {
    const fact = this.factOf(name);
    return fact.kind === "tensor" ? fact : undefined;
  }

  /** A name that nothing in the model has. */
  fresh(stem: string): string {
    return freshName(this.#context.names, stem);
  }

  /** Adds a constant to this graph and answers with its name. */
  constant(stem: string, tensor: Tensor | StoredTensor): string {
    const name = this.fresh(stem);
    this.#added.push("data" in tensor ? storedTensor(name, tensor) : { ...tensor, name });
    return name;
  }

  /** Puts nodes, or none, where a node is. */
  replace(node: Node, ...nodes: readonly Node[]): void {
    this.#replaced.set(node, nodes);
  }

  /** Has constants take the place of a node, under the names that its outputs have. */
  replaceWithConstants(node: Node, constants: readonly StoredTensor[]): void {
    const outputs = constants.filter(({ name = "" }) => this.isOutput(name));
    this.#added.push(...constants.filter(({ name = "" }) => !this.isOutput(name)));
    this.replace(
      node,
      ...outputs.map((stored) =>
        constantOfNode(node) === undefined ? constantNode(stored) : node,
      ),
    );
  }

  /** Whether a node has been replaced by this edit, so that what is known of it is no longer so. */
  isReplaced(node: Node): boolean {
    return this.#replaced.has(node);
  }

  /**
   * Has everything that names a tensor of this graph name another one; the outputs keep their names.
   * Throws `OnnxFault` where the tensors are copies of each other in a circle, as only those of a
   * graph can be that names a tensor twice.
   */
  rename(from: string, to: string): void {
    if (this.nameOf(to) === this.nameOf(from))
      throw new OnnxFault("invalid", `'${from}' is made twice, or out of itself`, { tensor: from });
    this.#renamed.set(from, to);
  }

  /** The name that a tensor has got. */
  nameOf(name: string): string {
    let last = name;
    for (let next = this.#renamed.get(last); next !== undefined; next = this.#renamed.get(last))
      last = next;
    // Later look-ups along a chain of copies take one step.
    for (let at = name; at !== last;) {
      const next = this.#renamed.get(at) ?? last;
      this.#renamed.set(at, last);
      at = next;
    }
    return last;
  }

  finish(): Graph {
    const { graph } = this;
    const names = new Map([...this.#renamed.keys()].map((name) => [name, this.nameOf(name)]));
    const kept =
      this.#replaced.size === 0
        ? graph.nodes
        : graph.nodes.flatMap((node) => this.#replaced.get(node) ?? [node]);
    const nodes = mapSame(kept, (node) => renamedNode(node, names));
    if (nodes === graph.nodes && this.#added.length === 0) return graph;
    return { ...graph, nodes, initializers: [...graph.initializers, ...this.#added] };
  }
}

const constantNode = ({ name = "", ...value }: StoredTensor): Node => ({
  opType: "Constant",
  inputs: [],
  outputs: [name],
  attributes: [{ name: "value", kind: "tensor", value }],
});

/** A name that is not among `names`, which it joins: the stem if it is free. */
export function freshName(names: Set<string>, stem: string): string {
  let name = stem;
  for (let at = names.size; names.has(name); at += 1) name = `${stem}_${at}`;
  names.add(name);
  return name;
}

/**
 * Before version 4 of the file format every initializer was listed among the inputs and was a
 * constant all the same. Since then one that is an input is a default that a caller may override.
 */
export function withConstantInitializers(model: Model): Model {
  if (model.irVersion >= 4) return model;
  const initialized = new Set(model.graph.initializers.map(({ name }) => name));
  const inputs = model.graph.inputs.filter(({ name }) => !initialized.has(name));
  return { ...model, irVersion: 4, graph: { ...model.graph, inputs } };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
