import { unsupported, type Ensemble, type ListedNode } from "./read-ensemble.ts";
import { MODES, type Trees } from "./tree-model.ts";

/** Nodes of all trees; more would take gigabytes. */
const MOST_NODES = 2 ** 22;
/** The walks over a tree call themselves once a branch; deeper ones would run out of stack. */
const MOST_DEPTH = 1_000;

/** The trees in preorder, and for each node the place in the list that it was made from. */
export function layOutTrees({ nodes, roots }: Pick<Ensemble, "nodes" | "roots">): {
  trees: Trees;
  places: Int32Array;
} {
  const order: number[] = [];
  const no: number[] = [];
  const starts: number[] = [];
  let depth = 0;
  for (const root of roots) {
    starts.push(order.length);
    // Branches whose second child is still to come: the node, its place in the list, the child's depth.
    const open: [node: number, place: number, level: number][] = [[-1, root, 0]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [parent] = next;
      let [, place, level] = next;
      if (parent >= 0) no[parent] = order.length;
      for (;;) {
        const listed = nodeAt(nodes, place);
        const node = order.push(place) - 1;
        no.push(0);
        depth = Math.max(depth, level);
        refuseTooMuch(order.length, level);
        if (listed.votes !== null) break;
        level += 1;
        open.push([node, listed.no, level]);
        place = listed.yes;
      }
    }
  }
  const places = Int32Array.from(order);
  const laidOut = order.map((place) => nodeAt(nodes, place));
  const members = new Map<number, ReadonlySet<number>>();
  for (const [node, listed] of laidOut.entries())
    if (MODES[listed.mode] === "MEMBER") members.set(node, listed.members ?? new Set());
  const trees: Omit<Trees, "hits"> = {
    nodes: order.length,
    roots: Int32Array.from([...starts, order.length]),
    column: Int32Array.from(laidOut, ({ column }) => column),
    mode: Uint8Array.from(laidOut, ({ mode }) => mode),
    split: Float64Array.from(laidOut, ({ split }) => split),
    missing: Uint8Array.from(laidOut, ({ missing }) => (missing ? 1 : 0)),
    no: Int32Array.from(no),
    members,
    depth,
  };
  const hits = Float64Array.from(laidOut, (listed) => listed.hits);
  return { trees: { ...trees, hits: isConsistent(trees, hits) ? hits : null }, places };
}

function nodeAt(nodes: readonly ListedNode[], place: number): ListedNode {
  const node = nodes[place];
  if (node === undefined) throw unsupported("a branch of a tree leads to a node that is not there");
  return node;
}

function refuseTooMuch(nodes: number, level: number): void {
  if (level > MOST_DEPTH)
    throw unsupported(
      `a tree is more than ${MOST_DEPTH} branches deep, or its nodes lead in a circle`,
    );
  if (nodes > MOST_NODES)
    throw unsupported(`the trees have more than ${MOST_NODES} nodes; explain a smaller model`);
}

/** Exporters fill hit rates with ones where they know none; numbers that were counted add up, to float32. */
function isConsistent({ nodes, column, no }: Omit<Trees, "hits">, hits: Float64Array): boolean {
  for (let node = 0; node < nodes; node += 1) {
    const here = hits[node] ?? 0;
    if (!(here >= 0 && here < Infinity)) return false;
    if ((column[node] ?? -1) < 0) continue;
    const below = (hits[node + 1] ?? 0) + (hits[no[node] ?? 0] ?? 0);
    if (Math.abs(below - here) > 1e-4 * here || here === 0) return false;
  }
  return true;
}
