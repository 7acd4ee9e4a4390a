import type { Dimension } from "../../tensors/tensor.ts";
import type { Model, ValueInfo } from "../model.ts";
import { withGraph } from "../node.ts";

/** Symbols that people give the number of rows. */
const BATCH = /^(?:n|b|bs|.*batch.*)$/iu;

/**
 * The model with sizes in place of symbols. `batch` takes the place of the symbol of the batch: one
 * that is called so, or else the first size of every input that is free. Other symbols take theirs
 * from `sizes`.
 */
export function bindSizes(
  model: Model,
  batch: number,
  sizes: Readonly<Record<string, number>>,
): Model {
  const { graph } = model;
  const initialized = new Set(graph.initializers.map(({ name }) => name));
  const shapes = graph.inputs.flatMap(({ name, type }) =>
    type?.kind === "tensor" && type.shape !== null && !initialized.has(name) ? [type.shape] : [],
  );
  const bound = new Map(Object.entries(sizes));
  const named = shapes.flat().filter((size) => typeof size === "string" && BATCH.test(size));
  const leading = shapes.flatMap(([first]) => (typeof first === "string" ? [first] : []));
  for (const symbol of named.length > 0 ? named : leading)
    if (!bound.has(String(symbol))) bound.set(String(symbol), batch);

  const bind = (size: Dimension): Dimension =>
    typeof size === "string" ? (bound.get(size) ?? size) : size;
  const bindInfo = (info: ValueInfo, isInput: boolean): ValueInfo => {
    const { type } = info;
    if (type?.kind !== "tensor" || type.shape === null) return info;
    const shape = type.shape.map((size, axis) =>
      size === null && axis === 0 && isInput && named.length === 0 ? batch : bind(size),
    );
    return { ...info, type: { ...type, shape } };
  };
  return withGraph(model, {
    ...graph,
    inputs: graph.inputs.map((info) => bindInfo(info, true)),
    outputs: graph.outputs.map((info) => bindInfo(info, false)),
    ...(graph.valueInfo && { valueInfo: graph.valueInfo.map((info) => bindInfo(info, false)) }),
  });
}
