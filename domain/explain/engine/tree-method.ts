import { writeModel } from "../../onnx/codec/onnx-file.ts";
import { openModel } from "../../onnx/runtime.ts";
import { prepareTreeShap } from "../tree/prepare-tree-shap.ts";
import { readTreeModel } from "../tree/read-tree-model.ts";
import { treeColumns } from "../tree/tree-columns.ts";
import { keyFor, only, playersOf, type RunMethod, type Task } from "./task.ts";

/** Trees read once, their tables built once for a background; a row costs microseconds. */
export const runTree: RunMethod = async (task) => {
  const { subject, instance, request } = task;
  const { explainer, columnsOf } = await subject.kept.once(
    keyFor(task, `tree ${JSON.stringify([request.options.mode, request.options.scale])}`),
    () => prepared(task),
  );
  const interactions = request.include_interactions;
  return {
    players: playersOf(task),
    estimates: only(explainer.explain(await columnsOf(instance, 1), { interactions })),
  };
};

async function prepared(task: Task) {
  const { subject, target, request, background } = task;
  const { mode = background === null ? "path_dependent" : "interventional", scale } =
    request.options;
  const tree = readTreeModel(subject.model, target);
  const before =
    tree.before === null ? null : await openModel(subject.runtime, writeModel(tree.before.model));
  const columnsOf = (rows: typeof task.instance, count: number) =>
    treeColumns(tree, before, subject.layout, rows, count);
  const isMade = tree.link !== "identity";
  const explainer = prepareTreeShap(tree, {
    mode,
    scale: scale ?? (mode === "path_dependent" && isMade ? "raw" : "probability"),
    background: background && {
      ...background.rows,
      rows: await columnsOf(background.rows.rows, background.rows.count),
    },
    groups: playersOf(task).members,
  });
  return { explainer, columnsOf, release: () => before?.release() };
}
