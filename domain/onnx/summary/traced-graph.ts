import type { Dimension } from "../../tensors/tensor.ts";
import type { Facts } from "../infer/fact.ts";
import { inferGraphs } from "../infer/infer.ts";
import type { Graph, Model, Node } from "../model.ts";
import { graphsOf, intsOf, operatorOf } from "../node.ts";

/** A graph with what is known of its tensors, and of those in the graphs inside it. */
export type TracedGraph = {
  readonly graph: Graph;
  /** Null where not even the rank is known. */
  readonly shapeOf: (name: string) => readonly Dimension[] | null;
  readonly factOf: (name: string) => ReturnType<Facts["get"]>;
  /** The sub-graphs of the nodes that have some. */
  readonly inner: ReadonlyMap<Node, readonly TracedGraph[]>;
};

/** Infers a model and puts what was found beside its graphs. */
export function traceModel(model: Model): TracedGraph {
  const graphs = inferGraphs(model);
  const trace = (graph: Graph, outer: TracedGraph["factOf"]): TracedGraph => {
    const facts = graphs.get(graph);
    const factOf = (name: string): ReturnType<Facts["get"]> => facts?.get(name) ?? outer(name);
    const shapeOf = (name: string): readonly Dimension[] | null => {
      const fact = factOf(name);
      return fact?.kind === "tensor" ? fact.shape : null;
    };
    const inner = new Map<Node, TracedGraph[]>();
    for (const node of graph.nodes) {
      const traced = graphsOf(node).map((one) => trace(one, factOf));
      if (traced.length > 0) inner.set(node, traced);
    }
    return { graph, shapeOf, factOf, inner };
  };
  return trace(model.graph, () => undefined);
}

/**
 * How often the sub-graph of a node runs, null where the sizes do not tell: a Scan as often as its
 * sequence is long, a Loop as often as its constant count says, and each branch of an If once.
 */
export function runsOf(node: Node, { factOf, shapeOf }: TracedGraph): number | null {
  switch (operatorOf(node)) {
    case "If":
      return 1;
    case "Scan": {
      const shape = shapeOf(node.inputs.at(-1) ?? "");
      const axis = intsOf(node, "scan_input_axes")?.at(-1) ?? 0;
      return wholeNumber(shape?.at(axis));
    }
    case "Loop": {
      const count = factOf(node.inputs[0] ?? "");
      return count?.kind === "tensor" ? wholeNumber(count.elements?.[0]) : null;
    }
    default:
      return null;
  }
}

const wholeNumber = (size: Dimension | undefined): number | null =>
  typeof size === "number" && size >= 0 ? size : null;
