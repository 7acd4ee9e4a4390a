import { floatsOf, isFloatType, storedFloats } from "../float-values.ts";
import type { Graph, Model, StoredTensor } from "../model.ts";
import { foldKnownSizes } from "../rewrite/fold-constants.ts";
import { inlineFunctions } from "../rewrite/inline-functions.ts";
import { mapGraphs, mapSame } from "../rewrite/renamed.ts";
import { amountOf, scorerOf, type ImportanceOptions } from "./importance.ts";
import { weightsOf } from "./weights.ts";

export type UnstructuredOptions = ImportanceOptions & {
  /** The fraction of the weights that become 0; 0.3. */
  amount?: number;
  /** Whether the fraction is of each weight tensor (`tensor`) or of all weights together (`global`). */
  scope?: "tensor" | "global";
};

export type UnstructuredReport = {
  /** The weight tensors that were pruned, with the fraction of zeros before and after. */
  tensors: { name: string; elements: number; sparsity_before: number; sparsity_after: number }[];
  elements: number;
  sparsity_before: number;
  sparsity_after: number;
};

/**
 * Sets the least important weights of Conv, Gemm, MatMul and recurrent layers to 0, in sub-graphs
 * too. The file keeps its size, and the model its speed: zeros compress well, and are what
 * structured pruning and sparse formats start from. Of equals the first go.
 */
export function pruneUnstructured(
  model: Model,
  options: UnstructuredOptions = {},
): { model: Model; report: UnstructuredReport } {
  const amount = amountOf(options.amount);
  const started = foldKnownSizes(inlineFunctions(model));
  const weights = weightsOf(started);
  const scorer = scorerOf(options);
  const scores = weights.map((weight) => scorer.of(weight).map(scorer.finish));
  const dropped =
    options.scope === "global"
      ? leastOf(scores, amount)
      : scores.map((own) => leastOf([own], amount)[0]);
  const pruned = new Map(weights.map((weight, at) => [weight, zeroed(weight, dropped[at])]));
  const withPruned = (graph: Graph): Graph => {
    const initializers = mapSame(graph.initializers, (stored) => pruned.get(stored) ?? stored);
    const nodes = mapSame(graph.nodes, (node) => mapGraphs(node, withPruned));
    return initializers === graph.initializers && nodes === graph.nodes
      ? graph
      : { ...graph, initializers, nodes };
  };
  return {
    model: { ...started, graph: withPruned(started.graph) },
    report: reportOf([...pruned]),
  };
}

/** Which elements are among the least: as many of all together as `amount` says, rounded. */
function leastOf(scores: readonly Float64Array[], amount: number): Uint8Array[] {
  const all = new Float64Array(scores.reduce((sum, own) => sum + own.length, 0));
  let offset = 0;
  for (const own of scores) {
    all.set(own, offset);
    offset += own.length;
  }
  const count = Math.round(amount * all.length);
  all.sort();
  const limit = count === 0 ? -Infinity : (all[count - 1] ?? -Infinity);
  let equal = count - all.findIndex((score) => score >= limit);
  return scores.map((own) =>
    Uint8Array.from(own, (score) => {
      if (score > limit || count === 0) return 0;
      if (score < limit) return 1;
      equal -= 1;
      return equal >= 0 ? 1 : 0;
    }),
  );
}

function zeroed(weight: StoredTensor, dropped: Uint8Array | undefined): StoredTensor {
  if (!isFloatType(weight.type) || !dropped?.includes(1)) return weight;
  const values = floatsOf(weight).map((value, at) => (dropped[at] === 1 ? 0 : value));
  return { ...weight, ...storedFloats(weight.name ?? "", weight.type, weight.dims, values) };
}

function reportOf(pairs: readonly (readonly [StoredTensor, StoredTensor])[]): UnstructuredReport {
  const counted = pairs.map(([before, after]) => ({
    name: before.name ?? "",
    elements: floatsOf(before).length,
    zeros: [zerosIn(before), zerosIn(after)] as const,
  }));
  const total = (of: (one: (typeof counted)[number]) => number): number =>
    counted.reduce((sum, one) => sum + of(one), 0);
  const elements = total((one) => one.elements);
  const share = (zeros: number, count: number): number => (count === 0 ? 0 : zeros / count);
  return {
    tensors: counted.map((one) => ({
      name: one.name,
      elements: one.elements,
      sparsity_before: share(one.zeros[0], one.elements),
      sparsity_after: share(one.zeros[1], one.elements),
    })),
    elements,
    sparsity_before: share(
      total(({ zeros }) => zeros[0]),
      elements,
    ),
    sparsity_after: share(
      total(({ zeros }) => zeros[1]),
      elements,
    ),
  };
}

const zerosIn = (stored: StoredTensor): number =>
  floatsOf(stored).reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
