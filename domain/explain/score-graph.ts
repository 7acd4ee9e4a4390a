import { GraphBuilder } from "../onnx/graph-builder.ts";
import type { Model } from "../onnx/model.ts";
import { makeBatchDynamic } from "../onnx/rewrite/make-batch-dynamic.ts";
import { removeDead } from "../onnx/rewrite/remove-dead.ts";
import { withConstantInitializers } from "../onnx/rewrite/graph-edit.ts";
import { ExplainFault } from "./explain-fault.ts";
import type { RowLayout } from "./rows.ts";
import type { Target } from "./score.ts";

/** What the free leading size of rows is called. */
const ROWS = "rows";

/**
 * The part of a model that computes one number of its answer, for any number of rows: its inputs
 * are those of the layout, with every size but the first known, its one output is `score`, [rows],
 * of the type of the target. The model is of opset 13 or later. Throws `ExplainFault` (target_unknown).
 */
export function scoreGraph(
  model: Model,
  layout: RowLayout,
  target: Target,
): { model: Model; score: string } {
  const b = GraphBuilder.extending(forAnyRows(model, layout));
  const fact = b.has(target.output) ? b.factOf(target.output) : undefined;
  if (fact?.kind !== "tensor" || !fact.type.startsWith("float") || fact.shape?.length === 0)
    throw new ExplainFault(
      "target_unknown",
      `output '${target.output}' has no floats for each row`,
      "target.output",
    );
  const flat = b.node("Flatten", [target.output], { axis: 1 });
  const width = b.shapeOf(flat)[1];
  if (target.index < 0 || (typeof width === "number" && target.index >= width))
    throw new ExplainFault(
      "target_unknown",
      `output '${target.output}' has ${width ?? "not so many"} values a row, and no ${target.index}`,
      "target.index",
    );
  const [from, to, axes] = [b.ints([target.index]), b.ints([target.index + 1]), b.ints([1])];
  const column = b.node("Slice", [flat, from, to, axes]);
  const score = b.node("Squeeze", [column, axes]);
  b.clearOutputs();
  b.output(score);
  return { model: removeDead(b.model()), score };
}

/** The model with a free number of rows, and the sizes of a row that the layout has. */
function forAnyRows(model: Model, { ports }: RowLayout): Model {
  const started = withConstantInitializers(model);
  const isFixed = started.graph.inputs.some(
    ({ type }) => type?.kind === "tensor" && typeof type.shape?.[0] === "number",
  );
  const freed = isFixed ? makeBatchDynamic(started, { symbol: ROWS }) : started;
  const { valueInfo: _, ...graph } = freed.graph;
  const inputs = graph.inputs.map((info) => {
    const port = ports.find(({ name }) => name === info.name);
    if (port === undefined || info.type?.kind !== "tensor") return info;
    return { ...info, type: { ...info.type, shape: [ROWS, ...port.shape] } };
  });
  return { ...freed, graph: { ...graph, inputs } };
}
