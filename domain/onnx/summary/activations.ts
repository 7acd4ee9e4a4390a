import { readsOf } from "../names.ts";
import { bitsOf } from "../stored-tensor.ts";
import { productOf } from "../product-of.ts";
import type { TracedGraph } from "./traced-graph.ts";

/** Memory of what a graph computes, in bytes; tensors whose size is not known count as nothing. */
export type Activations = {
  /** The most that is alive at one time. */
  readonly peak: number;
  /** Every tensor that is computed, once. */
  readonly sum: number;
  /** How many tensors have no known size. */
  readonly unknown: number;
};

/**
 * Goes through the nodes in their order: a tensor lives from the node that makes it to the last one
 * that reads it, an output to the end, an input all the time. Nothing is computed in place and no
 * buffer is kept for later, so a runtime that is clever needs less, and one that pads a little more.
 */
export function activationsOf(traced: TracedGraph): Activations {
  const { graph, inner } = traced;
  const initialized = new Set(graph.initializers.map(({ name }) => name));
  const lastRead = new Map<string, number>();
  for (const [index, node] of graph.nodes.entries())
    for (const name of readsOf(node)) lastRead.set(name, index);
  for (const { name } of graph.outputs) lastRead.set(name, Infinity);

  let unknown = 0;
  const sizeOf = (name: string): number => {
    const bytes = bytesOf(name, traced);
    if (bytes === null) unknown += 1;
    return bytes ?? 0;
  };
  const given = graph.inputs.filter(({ name }) => !initialized.has(name));
  let alive = given.reduce((sum, { name }) => sum + sizeOf(name), 0);
  let [peak, sum] = [alive, 0];
  const dying = Map.groupBy(lastRead, ([, index]) => index);
  const made = new Map<string, number>();
  for (const [index, node] of graph.nodes.entries()) {
    for (const name of node.outputs) {
      if (name === "" || node.opType === "Constant") continue;
      const bytes = sizeOf(name);
      sum += bytes;
      alive += bytes;
      made.set(name, bytes);
    }
    let within = 0;
    for (const branch of inner.get(node) ?? []) {
      const found = activationsOf(branch);
      sum += found.sum;
      unknown += found.unknown;
      within = Math.max(within, found.peak);
    }
    peak = Math.max(peak, alive + within);
    const unread = node.outputs.filter((name) => !lastRead.has(name));
    for (const name of [...(dying.get(index) ?? []).map(([name]) => name), ...unread]) {
      alive -= made.get(name) ?? 0;
      made.delete(name);
    }
  }
  return { peak, sum, unknown };
}

function bytesOf(name: string, { factOf }: TracedGraph): number | null {
  const fact = factOf(name);
  if (fact?.kind !== "tensor") return null;
  const count = productOf(fact.shape);
  return count === null ? null : Math.ceil((count * bitsOf(fact.type)) / 8);
}
