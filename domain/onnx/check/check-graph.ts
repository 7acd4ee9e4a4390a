import type { Graph, Node } from "../model.ts";
import { graphsOf, placeOf } from "../node.ts";
import { readsOf } from "../names.ts";
import { checkTensor } from "./check-tensor.ts";
import { findCircle } from "./find-circle.ts";
import type { Problems } from "./problems.ts";

/** The names around a graph. */
type Around = {
  /** Whether any graph around it has the name at all. */
  readonly has: (name: string) => boolean;
  /** Whether the name is there before the node whose sub-graph it is. */
  readonly before: (name: string) => boolean;
};

const NOTHING: Around = { has: () => false, before: () => false };

/**
 * Whether every name of a graph and the graphs inside it is given once, and before it is taken;
 * `checkNode` sees each node.
 */
export function checkGraph(
  graph: Pick<Graph, "nodes" | "initializers"> & {
    readonly inputs: readonly { name: string }[];
    readonly outputs: readonly { name: string }[];
  },
  problems: Problems,
  checkNode: (node: Node) => void,
  around: Around = NOTHING,
): void {
  const given = new Set<string>();
  const claim = (names: Set<string>, name: string, what: string): void => {
    if (name === "") problems.add(`${what} has no name; give it one`);
    else if (names.has(name)) problems.add(`${what} '${name}' is there twice`, { tensor: name });
    else if (around.before(name))
      problems.add(`${what} '${name}' of a sub-graph hides the one around it; rename it`, {
        tensor: name,
      });
    names.add(name);
  };
  for (const { name } of graph.inputs) claim(given, name, "the input");
  const initializers = new Set<string>();
  for (const stored of graph.initializers) {
    claim(initializers, stored.name ?? "", "the initializer");
    checkTensor(stored, {}, problems);
  }
  for (const name of initializers) given.add(name);

  const made = new Map<string, number>();
  for (const [index, node] of graph.nodes.entries())
    for (const name of node.outputs) {
      if (name === "") continue;
      const place = { ...placeOf(node), tensor: name };
      if (given.has(name) || made.has(name))
        problems.add(`${describe(node)} makes '${name}', which is there already`, place);
      else if (around.before(name))
        problems.add(`${describe(node)} makes '${name}', which hides the one around it`, place);
      else made.set(name, index);
    }

  const has = (name: string): boolean => given.has(name) || made.has(name) || around.has(name);
  const late: { node: Node; name: string; maker: Node | undefined }[] = [];
  for (const [index, node] of graph.nodes.entries()) {
    for (const name of node.inputs)
      if (name !== "" && !has(name))
        problems.add(`${describe(node)} takes '${name}', which nothing makes`, {
          ...placeOf(node),
          tensor: name,
        });
    for (const name of readsOf(node)) {
      const maker = made.get(name) ?? -1;
      if (maker >= index) late.push({ node, name, maker: graph.nodes[maker] });
    }
    checkNode(node);
    const before = (name: string): boolean =>
      given.has(name) || (made.get(name) ?? Infinity) < index || around.before(name);
    for (const inner of graphsOf(node)) checkGraph(inner, problems, checkNode, { has, before });
  }
  checkOrder(graph.nodes, made, late, problems);

  const outputs = new Set<string>();
  for (const { name } of graph.outputs) {
    if (outputs.has(name)) problems.add(`the output '${name}' is there twice`, { tensor: name });
    outputs.add(name);
    if (!has(name)) problems.add(`nothing makes the output '${name}'`, { tensor: name });
  }
}

/** Nodes of a circle that a message names. */
const SHOWN = 8;

/** What was taken too early is a circle, which has no order, or only in the wrong order. */
function checkOrder(
  nodes: readonly Node[],
  made: ReadonlyMap<string, number>,
  late: readonly { node: Node; name: string; maker: Node | undefined }[],
  problems: Problems,
): void {
  if (late.length === 0) return;
  const circle = findCircle(nodes, (node) =>
    readsOf(node).flatMap((name) => nodes[made.get(name) ?? -1] ?? []),
  )?.toReversed();
  if (circle !== undefined) {
    const [first] = circle;
    const names = circle.slice(0, SHOWN).map((node) => `'${placeOf(node).node}'`);
    const rest = circle.length > SHOWN ? [`${circle.length - SHOWN} more`] : [];
    problems.add(
      `the nodes ${[...names, ...rest, names[0]].join(" -> ")} wait for each other; an ONNX graph has no circle`,
      first === undefined ? {} : placeOf(first),
    );
    return;
  }
  for (const { node, name, maker } of late)
    problems.add(
      `${describe(node)} takes '${name}' before ${maker === undefined ? "it is made" : `${describe(maker)} makes it`}; put the nodes in topological order`,
      { ...placeOf(node), tensor: name },
    );
}

export const describe = (node: Node): string => {
  const { node: name = "", operator = "" } = placeOf(node);
  return `${operator} '${name}'`;
};
