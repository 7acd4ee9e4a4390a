import type { Dimension, Tensor } from "../../tensors/tensor.ts";
import { describeShape } from "../infer/broadcast.ts";
import type { Model, ValueType } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { storedTensor } from "../stored-tensor.ts";
import { withConstantInitializers } from "./graph-edit.ts";

/** Makes inputs constants: the model then takes the others only. Throws where a tensor does not fit its input. */
export function bindInputs(model: Model, tensors: Readonly<Record<string, Tensor>>): Model {
  const started = withConstantInitializers(model);
  const { graph } = started;
  const bound = Object.entries(tensors).map(([name, tensor]) => {
    const input = graph.inputs.find((info) => info.name === name);
    if (!input)
      throw new OnnxFault("bad_request", `the model has no input '${name}'`, { tensor: name });
    refuseMisfit(name, tensor, input.type);
    return storedTensor(name, tensor);
  });
  if (bound.length === 0) return started;
  const names = new Set(Object.keys(tensors));
  return {
    ...started,
    graph: {
      ...graph,
      inputs: graph.inputs.filter(({ name }) => !names.has(name)),
      initializers: [...graph.initializers.filter(({ name = "" }) => !names.has(name)), ...bound],
    },
  };
}

function refuseMisfit(name: string, { type, dims }: Tensor, declared: ValueType | undefined): void {
  if (declared?.kind !== "tensor") return;
  const { elementType, shape } = declared;
  if (elementType === type && (shape === null || fits(dims, shape))) return;
  throw new OnnxFault(
    "bad_request",
    `'${name}' takes ${elementType} ${shape ? describeShape(shape) : ""}, and is given ${type} ${describeShape(dims)}`,
    { tensor: name },
  );
}

const fits = (dims: readonly number[], shape: readonly Dimension[]): boolean =>
  dims.length === shape.length &&
  shape.every((size, axis) => typeof size !== "number" || size === dims[axis]);
