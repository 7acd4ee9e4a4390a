import type { NumericType } from "../tensors/element-arrays.ts";
import type { Dimension, Tensor } from "../tensors/tensor.ts";
import { attributesOf, type AttributeLiterals } from "./attribute-literals.ts";
import {
  factOfTensor,
  tensorFact,
  typeOfFact,
  UNKNOWN,
  type Fact,
  type TensorFact,
} from "./infer/fact.ts";
import { inferModel, inferNode } from "./infer/infer.ts";
import type { Graph, Model, Node, OnnxType, Opset, StoredTensor, ValueInfo } from "./model.ts";
import { namesIn } from "./names.ts";
import { OnnxFault } from "./onnx-fault.ts";
import { storedTensor } from "./stored-tensor.ts";
import { intTensor, scalarTensor } from "./tensors.ts";

/** ONNX Runtime 1.30 runs it everywhere, and the reductions of 18 and later take axes as inputs. */
export const BUILT_OPSET = 21;
const BUILT_IR_VERSION = 10;

export type NodeOptions = { domain?: string; name?: string; output?: string };

/**
 * Makes a graph a node at a time. A value is the name of a tensor. The builder infers as it goes:
 * it knows type and shape of every value, and refuses a node that cannot take its inputs at the
 * line that adds it.
 *
 *     const b = new GraphBuilder();
 *     const x = b.input("x", "float32", ["batch", 4]);
 *     const w = b.constant(floatTensor([4, 2], weights), "w");
 *     b.output(b.node("Relu", [b.node("MatMul", [x, w])]), "y");
 *     const file = writeModel(b.model());
 */
export class GraphBuilder {
  readonly opsets: Opset[];
  readonly #model: Model | undefined;
  readonly #nodes: Node[];
  readonly #inputs: ValueInfo[];
  readonly #initializers: StoredTensor[];
  readonly #outputs: ValueInfo[];
  readonly #facts: Map<string, Fact>;
  /** What the graphs around this one know: looked up and not copied, since they may be large. */
  readonly #outer: (name: string) => Fact | undefined;
  readonly #names: Set<string>;
  readonly #kept: ReadonlySet<string>;
  readonly #constants = new Map<string, string>();

  private constructor(start: {
    model?: Model;
    opsets: Opset[];
    graph?: Graph;
    facts: Map<string, Fact>;
    outer?: (name: string) => Fact | undefined;
    names: Set<string>;
    kept?: ReadonlySet<string>;
  }) {
    this.opsets = start.opsets;
    this.#model = start.model;
    this.#nodes = [...(start.graph?.nodes ?? [])];
    this.#inputs = [...(start.graph?.inputs ?? [])];
    this.#initializers = [...(start.graph?.initializers ?? [])];
    this.#outputs = [...(start.graph?.outputs ?? [])];
    this.#facts = start.facts;
    this.#outer = start.outer ?? (() => undefined);
    this.#names = start.names;
    this.#kept = start.kept ?? new Set();
  }

  /** An empty graph. */
  static empty(opset: number = BUILT_OPSET): GraphBuilder {
    return new GraphBuilder({ opsets: [{ version: opset }], facts: new Map(), names: new Set() });
  }

  /**
   * The graph of a model, to go on where it ends: its inputs, nodes and outputs are there already.
   * The names `kept` are for what is added under them: no fresh name is one of them.
   */
  static extending(model: Model, kept: ReadonlySet<string> = new Set()): GraphBuilder {
    return new GraphBuilder({
      model,
      kept,
      opsets: [...model.opsets],
      graph: model.graph,
      facts: inferModel(model),
      names: namesIn(model.graph),
    });
  }

  input(name: string, type: OnnxType, shape: readonly Dimension[] | null): string {
    this.#claim(name);
    this.#inputs.push({ name, type: { kind: "tensor", elementType: type, shape } });
    this.#facts.set(name, tensorFact(type, shape));
    return name;
  }

  /** A weight or another constant tensor. Without a name, the next free one. */
  constant(tensor: Tensor, name = this.fresh("constant")): string {
    this.#claim(name);
    const stored = storedTensor(name, tensor);
    this.#initializers.push(stored);
    this.#facts.set(name, factOfTensor(stored));
    return name;
  }

  /** A scalar; the same value of the same type is one constant. */
  scalar(value: number, type: NumericType = "float32"): string {
    return this.#shared(`${type} ${Object.is(value, -0) ? "-0" : value}`, () =>
      scalarTensor(type, value),
    );
  }

  /** An int64 vector: sizes, axes, indices. The same values are one constant. */
  ints(values: readonly number[]): string {
    return this.#shared(`ints ${values.join()}`, () => intTensor(values));
  }

  /** Adds a node with one output and answers with it. An input that is left out is `""`. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: AttributeLiterals = {},
    options: NodeOptions = {},
  ): string {
    const output = options.output ?? this.fresh(opType);
    this.nodes(opType, inputs, [output], attributes, options);
    return output;
  }

  /** Adds a node with several outputs: their names (`""` leaves one out), or how many. */
  nodes(
    opType: string,
    inputs: readonly string[],
    outputs: number | readonly string[],
    attributes: AttributeLiterals = {},
    { domain, name }: Omit<NodeOptions, "output"> = {},
  ): string[] {
    const names =
      typeof outputs === "number"
        ? Array.from({ length: outputs }, () => this.fresh(opType))
        : [...outputs];
    this.add({
      opType,
      inputs,
      outputs: names,
      attributes: attributesOf(attributes),
      ...(domain === undefined ? {} : { domain }),
      ...(name === undefined ? {} : { name }),
    });
    return names;
  }

  /** Adds a node as it is. Its inputs must be there. */
  add(node: Node): void {
    const found = inferNode({ opsets: this.opsets }, node, { get: (name) => this.#find(name) });
    for (const [index, output] of node.outputs.entries()) {
      if (output === "") continue;
      this.#claim(output);
      this.#facts.set(output, found[index] ?? UNKNOWN);
    }
    this.#nodes.push(node);
  }

  /** Makes a value an output, under another name where one is given. `fact` for what cannot be inferred. */
  output(value: string, name: string = value, fact: Fact = this.factOf(value)): string {
    if (name !== value) this.node("Identity", [value], {}, { output: name });
    const type = typeOfFact(fact);
    this.#outputs.push({ name, ...(type === undefined ? {} : { type }) });
    return name;
  }

  /** No graph output yet, as for a model whose outputs are to be others than those it had. */
  clearOutputs(): void {
    this.#outputs.length = 0;
  }

  /** Says what a value is where inference cannot know, as for an operator without a rule. */
  declare(value: string, fact: Fact): void {
    this.#facts.set(value, fact);
  }

  has(value: string): boolean {
    return this.#find(value) !== undefined;
  }

  factOf(value: string): Fact {
    const fact = this.#find(value);
    if (fact) return fact;
    throw new OnnxFault("bad_request", `there is no tensor '${value}'`, { tensor: value });
  }

  /** The fact of a value that has to be a tensor. */
  tensorOf(value: string): TensorFact {
    const fact = this.factOf(value);
    if (fact.kind === "tensor") return fact;
    throw new OnnxFault("unsupported", `'${value}' is not known to be a tensor`, { tensor: value });
  }

  /** The shape of a tensor whose rank has to be known. */
  shapeOf(value: string): readonly Dimension[] {
    const { shape } = this.tensorOf(value);
    if (shape) return shape;
    throw new OnnxFault("unsupported", `the rank of '${value}' is not known`, { tensor: value });
  }

  /** A name that nothing in the model has. It is not taken until something is made under it. */
  fresh(stem: string): string {
    const base = stem.toLowerCase();
    let at = this.#names.size;
    while (this.#names.has(`${base}_${at}`) || this.#kept.has(`${base}_${at}`)) at += 1;
    const name = `${base}_${at}`;
    this.#names.add(name);
    this.#reserved.add(name);
    return name;
  }

  /**
   * A sub-graph for `If`, `Loop` or `Scan`: `make` adds to a builder that sees every value of this
   * one, and answers with the outputs.
   */
  subgraph(name: string, make: (inner: GraphBuilder) => readonly string[]): Graph {
    const inner = new GraphBuilder({
      opsets: this.opsets,
      facts: new Map(),
      outer: (value) => this.#find(value),
      names: this.#names,
      kept: this.#kept,
    });
    for (const output of make(inner)) inner.output(output);
    return { ...inner.graph(), name };
  }

  /** The nodes so far, in topological order. */
  get nodeList(): readonly Node[] {
    return this.#nodes;
  }

  graph(): Graph {
    return {
      ...this.#model?.graph,
      name: this.#model?.graph.name ?? "graph",
      nodes: this.#nodes,
      inputs: this.#inputs,
      outputs: this.#outputs,
      initializers: this.#initializers,
    };
  }

  model(): Model {
    return {
      irVersion: BUILT_IR_VERSION,
      producerName: "linnet",
      ...this.#model,
      opsets: this.opsets,
      graph: this.graph(),
    };
  }

  readonly #reserved = new Set<string>();

  #find(value: string): Fact | undefined {
    return this.#facts.get(value) ?? this.#outer(value);
  }

  #claim(name: string): void {
    if (this.#reserved.delete(name)) return;
    if (this.#names.has(name) || name === "")
      throw new OnnxFault("bad_request", `the name '${name}' is taken`, { tensor: name });
    this.#names.add(name);
  }

  #shared(key: string, make: () => Tensor): string {
    const known = this.#constants.get(key) ?? this.constant(make());
    this.#constants.set(key, known);
    return known;
  }
}
