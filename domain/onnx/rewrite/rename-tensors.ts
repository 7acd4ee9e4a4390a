import type { Model } from "../model.ts";
import { namesIn } from "../names.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { renamedGraph } from "./renamed.ts";

/**
 * Gives tensors other names, inputs and outputs too, wherever they are named: `names` is the new
 * name of each old one. Names may be swapped. Throws where a tensor is not there or a name is taken.
 */
export function renameTensors(model: Model, names: Readonly<Record<string, string>>): Model {
  const renamed = new Map(Object.entries(names).filter(([from, to]) => from !== to));
  if (renamed.size === 0) return model;
  const taken = namesIn(model.graph);
  for (const from of renamed.keys())
    if (!taken.delete(from) || from === "")
      throw new OnnxFault("bad_request", `the model has no tensor '${from}'`, { tensor: from });
  for (const [from, to] of renamed) {
    if (taken.has(to) || to === "")
      throw new OnnxFault("bad_request", `the name '${to}' is taken`, { tensor: from });
    taken.add(to);
  }
  return { ...model, graph: renamedGraph(model.graph, renamed) };
}

/** Names the outputs of a model, in their order. */
export function setOutputNames(model: Model, names: readonly string[]): Model {
  const { outputs } = model.graph;
  if (names.length !== outputs.length)
    throw new OnnxFault(
      "bad_request",
      `the model has ${outputs.length} outputs, and is given ${names.length} names`,
    );
  return renameTensors(
    model,
    Object.fromEntries(outputs.map(({ name }, at) => [name, names[at] ?? name])),
  );
}
