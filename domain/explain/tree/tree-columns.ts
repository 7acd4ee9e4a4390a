import type { OpenModel } from "../../onnx/runtime.ts";
import { ExplainFault } from "../explain-fault.ts";
import { feedsFromRows, type RowLayout, type Rows } from "../rows.ts";
import type { TreeModel } from "./tree-model.ts";

/** Rows of one run of the part before the trees. */
const ROWS_AT_ONCE = 4_096;

/**
 * Rows of the model as rows of the columns that its trees read. `before` is `tree.before.model`
 * opened, and not needed where that is null. Throws `ExplainFault` (method_unsupported) where that
 * part does not answer with a row of columns for each row.
 */
export async function treeColumns(
  tree: TreeModel,
  before: OpenModel | null,
  layout: RowLayout,
  rows: Rows,
  count: number,
): Promise<Rows> {
  const { columns, sources } = tree;
  const found = tree.is_single
    ? new Float32Array(count * columns)
    : new Float64Array(count * columns);
  if (tree.before === null) {
    for (let at = 0; at < found.length; at += 1) {
      const row = Math.floor(at / columns);
      found[at] = rows[row * layout.size + (sources[at - row * columns] ?? 0)] ?? Number.NaN;
    }
    return found;
  }
  const { output } = tree.before;
  if (before === null) throw new Error("the part before the trees is to be opened");
  for (let from = 0; from < count; from += ROWS_AT_ONCE) {
    const to = Math.min(count, from + ROWS_AT_ONCE);
    const answer = (await before.run(feedsFromRows(layout, rows, from, to), [output]))[output];
    if (answer === undefined || answer.data.length !== (to - from) * columns)
      throw new ExplainFault(
        "method_unsupported",
        `what comes before the trees has ${answer?.data.length ?? 0} values for ${to - from} rows of ${columns} columns`,
      );
    for (let at = 0; at < answer.data.length; at += 1)
      found[from * columns + at] = Number(answer.data[at]);
  }
  return found;
}
