import { inferModel } from "../../onnx/infer/infer.ts";
import type { Model } from "../../onnx/model.ts";
import type { Target } from "../score.ts";
import { inputColumns } from "./input-columns.ts";
import { layOutTrees } from "./lay-out-trees.ts";
import { outputMargins } from "./output-margins.ts";
import { readEnsemble, unsupported } from "./read-ensemble.ts";
import { GraphView } from "./graph-view.ts";
import type { TreeModel } from "./tree-model.ts";

/**
 * The tree ensemble that gives the target's score, found from the output backwards. Around it may
 * stand what makes each column of one column of the inputs, and what makes of the ensemble's
 * sums an affine function, a sigmoid or a softmax. Throws `ExplainFault`: method_unsupported for
 * another model, target_unknown for an output that is not there or has no such element.
 */
export function readTreeModel(model: Model, target: Target): TreeModel {
  const view = new GraphView(model, inferModel(model));
  const { node, terms, link } = outputMargins(view, target);
  const ensemble = readEnsemble(node);
  const [input = ""] = node.inputs;
  const { sources, type, before } = inputColumns(view, input);
  const { trees, places } = layOutTrees(ensemble);
  const margins = terms.length;
  const values = new Float64Array(trees.nodes * margins);
  const each = ensemble.aggregate === "AVERAGE" ? 1 / ensemble.roots.length : 1;
  for (const [at, place] of places.entries())
    for (const vote of ensemble.nodes[place]?.votes ?? [])
      for (const [margin, { sum, scale }] of terms.entries())
        if (vote.target === sum) {
          const slot = at * margins + margin;
          values[slot] = (values[slot] ?? 0) + scale * each * vote.weight;
        }
  const base = Float64Array.from(
    terms,
    ({ sum, scale, offset }) => scale * (ensemble.base[sum] ?? 0) + offset,
  );
  if (!values.every(Number.isFinite) || !base.every(Number.isFinite))
    throw unsupported("a leaf or a base value of the trees is not a finite number");
  const widest = trees.column.reduce((most, column) => Math.max(most, column), -1);
  if (widest >= sources.length)
    throw unsupported(
      `a tree asks for column ${widest}, and '${input}' has ${sources.length} columns`,
    );
  return {
    trees,
    margins,
    values,
    base,
    target: 0,
    link,
    columns: sources.length,
    sources,
    is_single: type !== "float64",
    before,
  };
}
