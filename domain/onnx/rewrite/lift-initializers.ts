import type { Model } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { withConstantInitializers } from "./graph-edit.ts";

/** Makes initializers inputs, which a caller then has to give: weights that are trained or attacked. */
export function liftInitializers(model: Model, names: readonly string[]): Model {
  const started = withConstantInitializers(model);
  const { graph } = started;
  const lifted = [...new Set(names)].map((name) => {
    const stored = graph.initializers.find((initializer) => initializer.name === name);
    if (stored) return stored;
    throw new OnnxFault("bad_request", `the main graph has no initializer '${name}'`, {
      tensor: name,
    });
  });
  if (lifted.length === 0) return started;
  const initializers = graph.initializers.filter((stored) => !lifted.includes(stored));
  const isDeclared = new Set(graph.inputs.map(({ name }) => name));
  const inputs = lifted
    .filter(({ name = "" }) => !isDeclared.has(name))
    .map(({ name = "", type, dims }) => ({
      name,
      type: { kind: "tensor" as const, elementType: type, shape: dims },
    }));
  return { ...started, graph: { ...graph, initializers, inputs: [...graph.inputs, ...inputs] } };
}
