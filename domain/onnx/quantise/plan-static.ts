import type { Facts } from "../infer/fact.ts";
import type { Model, Node } from "../model.ts";
import { readsOf } from "../names.ts";
import type { Constants } from "./constants.ts";
import { skipped, type SkippedNode } from "./node-choice.ts";
import { roleOf, valuesInto, valuesOutOf } from "./quantised-operators.ts";

/** What static quantisation is going to change. */
export type StaticPlan = {
  /** The nodes that get bytes, in order. */
  nodes: ReadonlySet<Node>;
  /** The activations that become bytes, in order. */
  activations: readonly string[];
  /** Constants that are added to or joined with activations. */
  constants: ReadonlySet<string>;
  /** The name under which an activation or constant shares its scale with others. */
  scaleOf: (tensor: string) => string;
  skipped: readonly SkippedNode[];
};

/**
 * Finds the parts of a model that compute with bytes from end to end: they grow from the weighted
 * nodes along the operators that take bytes. `clampsForFree` where the bytes of a range cut off
 * what lies below it, so that no step is spent on what `Relu` takes away.
 */
export function planStatic(
  model: Model,
  facts: Facts,
  constants: Constants,
  isChosen: (node: Node) => boolean,
  clampsForFree: boolean,
): StaticPlan {
  const { nodes, left } = chosenNodes(model, facts, constants, isChosen);
  const readers = readersOf(model);
  const isClamped = (tensor: string): boolean => {
    const [reader, another] = readers.get(tensor) ?? [];
    return clampsForFree && another === undefined && isClamp(reader, nodes);
  };
  const activations = new Set<string>();
  const joined = new Set<string>();
  const groups = new SharedScales();
  const take = (tensor: string): void => {
    if (constants.has(tensor)) joined.add(tensor);
    else if (!isClamped(tensor)) activations.add(tensor);
  };
  for (const node of nodes) {
    const role = roleOf(node);
    const [data = ""] = valuesInto(node);
    if (role === "weighted") {
      for (const input of valuesInto(node)) if (!isWeight(node, input, constants)) take(input);
    } else for (const input of valuesInto(node)) take(input);
    for (const output of valuesOutOf(node))
      if (role !== "weighted" || node.opType === "Conv" || isReadBy(output, readers, nodes))
        take(output);
    if (role === "same_scale" || (role === "clamp" && !isClamped(data)))
      for (const input of valuesInto(node))
        for (const output of valuesOutOf(node)) groups.join(input, output);
  }
  return {
    nodes,
    activations: [...activations],
    constants: joined,
    scaleOf: (tensor) => groups.rootOf(tensor),
    skipped: left,
  };
}

/** A constant that has channels: the second operand of a weighted node. */
export const isWeight = (node: Node, input: string, constants: Constants): boolean =>
  roleOf(node) === "weighted" && input === node.inputs[1] && constants.has(input);

const isClamp = (node: Node | undefined, nodes: ReadonlySet<Node>): boolean =>
  node !== undefined && roleOf(node) === "clamp" && nodes.has(node);

function chosenNodes(
  { graph }: Model,
  facts: Facts,
  constants: Constants,
  isChosen: (node: Node) => boolean,
): { nodes: Set<Node>; left: SkippedNode[] } {
  const left: SkippedNode[] = [];
  const reached = new Set<string>();
  const isReached = (tensor: string): boolean => reached.has(tensor);
  const isBytesOrConstant = (tensor: string): boolean =>
    reached.has(tensor) || constants.has(tensor);
  const grown = graph.nodes.filter((node) => {
    const role = roleOf(node);
    if (role === undefined || !isChosen(node)) return false;
    const values = valuesInto(node);
    const isFloat = values.every((tensor) => isFloat32(tensor, facts));
    const hasBytes =
      role === "weighted" ||
      (role === "own_scale"
        ? values.some(isReached)
        : values.some(isReached) && values.every(isBytesOrConstant));
    if (role === "weighted" && !isFloat)
      left.push(skipped(node, "its operands are not known to be float32"));
    if (!isFloat || !hasBytes) return false;
    for (const output of valuesOutOf(node)) reached.add(output);
    return true;
  });
  return { nodes: withoutLooseEnds(grown), left };
}

/** Without the moves whose results no node takes as bytes: they may as well move floats. */
function withoutLooseEnds(grown: readonly Node[]): Set<Node> {
  const wanted = new Set<string>();
  const kept = grown.toReversed().filter((node) => {
    const isLoose =
      roleOf(node) === "same_scale" && !valuesOutOf(node).some((output) => wanted.has(output));
    if (!isLoose) for (const input of valuesInto(node)) wanted.add(input);
    return !isLoose;
  });
  return new Set(kept.toReversed());
}

function isFloat32(tensor: string, facts: Facts): boolean {
  const fact = facts.get(tensor);
  return fact?.kind === "tensor" && fact.type === "float32";
}

type Readers = ReadonlyMap<string, readonly (Node | undefined)[]>;

/** The nodes that read each tensor; undefined stands for an output of the graph. */
function readersOf({ graph }: Model): Readers {
  const readers = new Map<string, (Node | undefined)[]>();
  const add = (tensor: string, node: Node | undefined): void => {
    const known = readers.get(tensor);
    if (known) known.push(node);
    else readers.set(tensor, [node]);
  };
  for (const node of graph.nodes) for (const tensor of readsOf(node)) add(tensor, node);
  for (const { name } of graph.outputs) add(name, undefined);
  return readers;
}

const isReadBy = (tensor: string, readers: Readers, nodes: ReadonlySet<Node>): boolean =>
  (readers.get(tensor) ?? []).some(
    (node) => node !== undefined && nodes.has(node) && valuesInto(node).includes(tensor),
  );

/** Sets of tensors that are brought together (union-find). */
class SharedScales {
  readonly #parents = new Map<string, string>();

  rootOf(tensor: string): string {
    let root = tensor;
    for (let parent = this.#parents.get(root); parent !== undefined;) {
      root = parent;
      parent = this.#parents.get(root);
    }
    return root;
  }

  join(one: string, other: string): void {
    const root = this.rootOf(one);
    const from = this.rootOf(other);
    if (root !== from) this.#parents.set(from, root);
  }
}
