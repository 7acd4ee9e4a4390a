import { typeOfFact, UNKNOWN, type Facts } from "../infer/fact.ts";
import { inferModel } from "../infer/infer.ts";
import type { Model, ValueInfo } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";

/** Makes inner tensors of the main graph outputs too, after those that are there, as calibration and Grad-CAM need it. */
export function addOutputs(model: Model, names: readonly string[]): Model {
  const there = new Set(model.graph.outputs.map(({ name }) => name));
  const added = [...new Set(names)].filter((name) => !there.has(name));
  if (added.length === 0) return model;
  const facts = inferModel(model);
  const outputs = [...model.graph.outputs, ...added.map((name) => declared(facts, name))];
  return { ...model, graph: { ...model.graph, outputs } };
}

/** The declaration of a tensor of the main graph; throws where there is none. */
export function declared(facts: Facts, name: string): ValueInfo {
  if (!facts.has(name))
    throw new OnnxFault("bad_request", `the main graph has no tensor '${name}'`, { tensor: name });
  const type = typeOfFact(facts.get(name) ?? UNKNOWN);
  return { name, ...(type === undefined ? {} : { type }) };
}
