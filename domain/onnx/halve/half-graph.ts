import { countOf } from "../../tensors/tensor.ts";
import { UNKNOWN, type Fact } from "../infer/fact.ts";
import type { Attribute, Graph, Model, Node, StoredTensor, ValueInfo } from "../model.ts";
import { codeOf } from "../model.ts";
import { readsOf } from "../names.ts";
import { graphsOf, operatorOf } from "../node.ts";
import { freshName } from "../rewrite/graph-edit.ts";
import { newNode } from "../rewrite/new-node.ts";
import { mapGraphs, renamedNode } from "../rewrite/renamed.ts";
import { float16Ports, typeAttributeOf } from "./float16-ports.ts";
import { halfConstant } from "./half-constants.ts";
import type { HalveReport } from "./halve.ts";

/** A tensor that was float32 exists as either of these, or both. */
type Precision = "float16" | "float32";

/** Constants up to this size stay float32 for a node that stays so; larger ones are cast when they are read. */
const SMALL_CONSTANT = 256;

export type HalfContext = {
  readonly model: Model;
  readonly facts: ReadonlyMap<Graph, ReadonlyMap<string, Fact>>;
  /** Every name of the model, which new ones join. */
  readonly names: Set<string>;
  readonly keptOperators: ReadonlySet<string>;
  readonly keptNodes: ReadonlySet<string>;
  readonly report: HalveReport;
};

/**
 * One graph on its way to float16. Each tensor that was float32 is made in one precision, and cast
 * to the other one once, where the first node that needs it is.
 */
export class HalfGraph {
  readonly #graph: Graph;
  readonly #outer: HalfGraph | undefined;
  readonly #context: HalfContext;
  readonly #constants: ReadonlyMap<string, StoredTensor>;
  /** What a tensor of this graph, or one around it that was cast here, is called in each precision. */
  readonly #versions: Record<Precision, Map<string, string>> = {
    float16: new Map(),
    float32: new Map(),
  };
  /** The outputs whose precision is settled, which are to have it under their own names. */
  readonly #declared = new Map<string, Precision>();
  readonly #nodes: Node[] = [];
  readonly #initializers: StoredTensor[] = [];

  constructor(graph: Graph, outer: HalfGraph | undefined, context: HalfContext) {
    this.#graph = graph;
    this.#outer = outer;
    this.#context = context;
    const inputs = new Set(graph.inputs.map(({ name }) => name));
    this.#constants = new Map(
      graph.initializers
        .filter(({ name = "", type }) => type === "float32" && !inputs.has(name))
        .map((stored) => [stored.name ?? "", stored]),
    );
    this.#initializers.push(
      ...graph.initializers.filter(({ name = "" }) => !this.#constants.has(name)),
    );
  }

  /** The main graph. Its inputs and outputs keep their names, and where `keepTypes` their types. */
  main(keepTypes: boolean): Graph {
    const precision = keepTypes ? "float32" : "float16";
    const inputs = this.#declare(this.#graph.inputs, precision);
    for (const { name } of this.#graph.outputs) {
      this.#declared.set(name, precision);
      const constant = this.#constants.get(name);
      if (constant) this.#store(constant, precision);
    }
    for (const node of this.#graph.nodes) this.#add(node);
    for (const name of this.#declared.keys()) if (this.#isSingle(name)) this.#as(name, precision);
    return this.#finish(inputs, this.#typed(this.#graph.outputs, precision));
  }

  /** A sub-graph, all of whose float32 inputs and outputs become float16. */
  inner(): Graph {
    const inputs = this.#declare(this.#graph.inputs, "float16");
    for (const node of this.#graph.nodes) this.#add(node);
    const outputs = this.#typed(this.#graph.outputs, "float16").map((info) =>
      this.#isSingle(info.name) ? { ...info, name: this.#as(info.name, "float16") } : info,
    );
    return this.#finish(inputs, outputs);
  }

  #finish(inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): Graph {
    const valueInfo = this.#graph.valueInfo?.filter(({ name }) => !this.#isSingle(name));
    return {
      ...this.#graph,
      inputs,
      outputs,
      nodes: this.#nodes,
      initializers: this.#initializers,
      ...(valueInfo ? { valueInfo } : {}),
    };
  }

  /** The inputs in a precision; one that has a default stays as it is. */
  #declare(inputs: readonly ValueInfo[], precision: Precision): readonly ValueInfo[] {
    const defaults = new Set(this.#graph.initializers.map(({ name }) => name));
    const free = inputs.filter(({ name }) => !defaults.has(name));
    for (const { name } of inputs)
      if (this.#isSingle(name))
        this.#versions[defaults.has(name) ? "float32" : precision].set(name, name);
    const typed = new Map(this.#typed(free, precision).map((info) => [info.name, info]));
    return inputs.map((info) => typed.get(info.name) ?? info);
  }

  #typed(infos: readonly ValueInfo[], precision: Precision): readonly ValueInfo[] {
    return infos.map((info) =>
      info.type?.kind === "tensor" && this.#isSingle(info.name)
        ? { ...info, type: { ...info.type, elementType: precision } }
        : info,
    );
  }

  #add(node: Node): void {
    const { report, model } = this.#context;
    const singles = [...readsOf(node), ...node.outputs].filter((name) => this.#isSingle(name));
    if (singles.length === 0 && graphsOf(node).length === 0) {
      this.#nodes.push(node);
      return;
    }
    if (this.#isKept(node)) {
      this.#keep(node);
      return;
    }
    report.halved_nodes += 1;
    const isControl = graphsOf(node).length > 0;
    const ports = isControl ? undefined : float16Ports(node, model);
    const inputs = node.inputs.map((name, at) => {
      if (!this.#isSingle(name)) return name;
      return this.#as(name, isControl || ports?.input(at) ? "float16" : "float32");
    });
    const precisions = node.outputs.map((_, at): Precision =>
      isControl || ports?.output(at) ? "float16" : "float32",
    );
    const outputs = node.outputs.map((name, at) =>
      this.#isSingle(name) ? this.#define(name, precisions[at] ?? "float32") : name,
    );
    const halved = mapGraphs(node, (graph) => new HalfGraph(graph, this, this.#context).inner());
    const isTyped = precisions.some(
      (is, at) => is === "float16" && this.#isSingle(node.outputs[at] ?? ""),
    );
    const attributes = isTyped ? this.#typedAttributes(halved) : halved.attributes;
    this.#nodes.push({ ...halved, inputs, outputs, attributes });
  }

  /** Adds a node that stays float32, with all that lies inside it. */
  #keep(node: Node): void {
    const { kept_nodes } = this.#context.report;
    const operator = operatorOf(node);
    const before = Object.hasOwn(kept_nodes, operator) ? (kept_nodes[operator] ?? 0) : 0;
    kept_nodes[operator] = before + 1;
    const names = new Map(
      readsOf(node)
        .filter((name) => this.#isSingle(name))
        .map((name) => [name, this.#as(name, "float32")]),
    );
    for (const name of node.outputs)
      if (this.#isSingle(name)) names.set(name, this.#define(name, "float32"));
    this.#nodes.push(renamedNode(node, names));
  }

  /** Whether a node has to stay float32, or is asked to. */
  #isKept(node: Node): boolean {
    const { model, keptOperators, keptNodes } = this.#context;
    if (keptOperators.has(operatorOf(node)) || keptNodes.has(node.name ?? "")) return true;
    const tensors = [...readsOf(node), ...node.outputs].filter((name) => name !== "");
    if (tensors.some((name) => this.#factOf(name).kind !== "tensor")) return true;
    if (graphsOf(node).length > 0) return !graphsOf(node).every((graph) => this.#isClear(graph));
    const ports = float16Ports(node, model);
    if (ports === undefined) return true;
    return ![
      ...node.inputs.map((name, at) => this.#isSingle(name) && ports.input(at)),
      ...node.outputs.map((name, at) => this.#isSingle(name) && ports.output(at)),
    ].includes(true);
  }

  /** Whether the inputs and outputs of a sub-graph are known to be tensors, so that they can be cast. */
  #isClear(graph: Graph): boolean {
    const facts = this.#context.facts.get(graph);
    return [...graph.inputs, ...graph.outputs].every(({ name }) => {
      const fact = facts?.get(name) ?? this.#factOf(name);
      return fact.kind === "tensor" && fact.type !== "undefined";
    });
  }

  /** The attributes that say which type comes out. */
  #typedAttributes(node: Node): readonly Attribute[] {
    const named = typeAttributeOf(node);
    const attributes = node.attributes.map((attribute): Attribute => {
      if (attribute.name === named && attribute.kind === "int")
        return { ...attribute, value: codeOf("float16") };
      if (operatorOf(node) === "ConstantOfShape" && attribute.kind === "tensor")
        return { ...attribute, value: halfConstant(attribute.value, this.#context.report) };
      return attribute;
    });
    if (attributes.some(({ name }) => name === named || name === "value")) return attributes;
    return [...attributes, ...this.#missingType(node)];
  }

  /** What says float16 where a node says nothing, which stands for float32. */
  #missingType(node: Node): Attribute[] {
    const operator = operatorOf(node);
    if (operator === "ConstantOfShape") {
      const value: StoredTensor = {
        type: "float16",
        dims: [1],
        payload: { field: "raw_data", bytes: new Uint8Array(2) },
      };
      return [{ name: "value", kind: "tensor", value }];
    }
    return operator === "RandomNormal" || operator === "RandomUniform"
      ? [{ name: "dtype", kind: "int", value: codeOf("float16") }]
      : [];
  }

  /** The name under which a node gives a tensor: its own, unless it is declared in the other precision. */
  #define(name: string, precision: Precision): string {
    const declared = this.#declared.get(name) ?? precision;
    const made = declared === precision ? name : this.#fresh(`${name}_${precision}`);
    this.#versions[precision].set(name, made);
    return made;
  }

  /** The name of a float32 tensor in a precision, which is made here if it is not there yet. */
  #as(name: string, precision: Precision): string {
    const known = this.#find(name, precision);
    if (known !== undefined) return known;
    const stored = this.#storeConstant(name, precision);
    if (stored !== undefined) return stored;
    const from = this.#find(name, precision === "float16" ? "float32" : "float16") ?? name;
    const isFree = this.#owns(name) && from !== name;
    const cast = isFree ? name : this.#fresh(`${name}_${precision}`);
    this.#nodes.push(newNode("Cast", [from], [cast], { to: codeOf(precision) }));
    this.#versions[precision].set(name, cast);
    return cast;
  }

  /** The name of a constant in a precision; undefined for no constant, and for one that has to be cast. */
  #storeConstant(name: string, precision: Precision): string | undefined {
    const constant = this.#constants.get(name);
    if (constant === undefined)
      return this.#owns(name) || this.#outer === undefined
        ? undefined
        : this.#outer.#storeConstant(name, precision);
    if (precision === "float16" || countOf(constant.dims) <= SMALL_CONSTANT)
      return this.#store(constant, precision);
    this.#store(constant, "float16");
    return undefined;
  }

  /** Adds a constant in a precision; the first one keeps its name. */
  #store(constant: StoredTensor, precision: Precision): string {
    const { name = "" } = constant;
    const other = precision === "float16" ? "float32" : "float16";
    const stored = this.#versions[other].has(name) ? this.#fresh(`${name}_${precision}`) : name;
    const value = precision === "float16" ? halfConstant(constant, this.#context.report) : constant;
    this.#initializers.push({ ...value, name: stored });
    this.#versions[precision].set(name, stored);
    return stored;
  }

  #find(name: string, precision: Precision): string | undefined {
    const here = this.#versions[precision].get(name);
    if (here !== undefined || this.#owns(name) || this.#outer === undefined) return here;
    return this.#outer.#find(name, precision);
  }

  #owns(name: string): boolean {
    return this.#context.facts.get(this.#graph)?.has(name) ?? false;
  }

  #fresh(stem: string): string {
    return freshName(this.#context.names, stem);
  }

  #factOf(name: string): Fact {
    const own = this.#context.facts.get(this.#graph)?.get(name);
    if (own !== undefined || this.#outer === undefined) return own ?? UNKNOWN;
    return this.#outer.#factOf(name);
  }

  #isSingle(name: string): boolean {
    const fact = this.#factOf(name);
    return fact.kind === "tensor" && fact.type === "float32";
  }
}
