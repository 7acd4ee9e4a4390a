import { inferGraphs } from "../infer/infer.ts";
import type { Model } from "../model.ts";
import { namesIn } from "../names.ts";
import { foldKnownSizes } from "../rewrite/fold-constants.ts";
import { inlineFunctions } from "../rewrite/inline-functions.ts";
import { removeDead } from "../rewrite/remove-dead.ts";
import { removeIdentities } from "../rewrite/remove-identities.ts";
import type { HalfLosses } from "./half-constants.ts";
import { HalfGraph } from "./half-graph.ts";

export type HalveOptions = {
  /** Whether inputs and outputs stay float32; true. */
  keep_io_types?: boolean;
  /** Operators that stay float32, beside those that have to. */
  keep_operators?: readonly string[];
  /** Nodes that stay float32, by name. */
  keep_nodes?: readonly string[];
};

export type HalveReport = HalfLosses & {
  /** How many nodes compute in float16. */
  halved_nodes: number;
  /** How many nodes with float32 tensors stay as they are, by operator. */
  kept_nodes: Record<string, number>;
};

/**
 * The model with float16 in the place of float32: weights are half as large, and nodes that can
 * compute in float16 do, with a Cast wherever one that cannot lies beside, in sub-graphs too.
 * Numbers beyond the range of float16 are clamped to it; infinities stay.
 */
export function halve(
  model: Model,
  options: HalveOptions = {},
): { model: Model; report: HalveReport } {
  const started = removeDead(removeIdentities(foldKnownSizes(inlineFunctions(model))));
  const report: HalveReport = {
    tensors: 0,
    elements: 0,
    clamped: 0,
    flushed: 0,
    halved_nodes: 0,
    kept_nodes: {},
  };
  const facts = inferGraphs(started);
  const half = new HalfGraph(started.graph, undefined, {
    model: started,
    facts,
    names: namesIn(started.graph),
    keptOperators: new Set(options.keep_operators),
    keptNodes: new Set(options.keep_nodes),
    report,
  });
  const graph = half.main(options.keep_io_types ?? true);
  return { model: removeIdentities(removeDead({ ...started, graph })), report };
}
