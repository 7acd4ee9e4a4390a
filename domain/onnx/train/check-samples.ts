import { countOf, type Tensor } from "../../tensors/tensor.ts";
import { factOfType } from "../infer/fact.ts";
import type { Model } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { inputsOf, type ModelInput } from "../rows.ts";
import type { Samples } from "./samples.ts";

/**
 * Throws `OnnxFault` (bad_request), naming the field, for samples that a training graph cannot take:
 * an input of the model that is missing, one that it does not have, another type or shape, NaN, or
 * the number of a class that the output does not have. `name` is what the samples are called.
 */
export function checkSamples(
  { inputs, targets }: Samples,
  name: string,
  model: Model,
  graph: Model,
): void {
  const asked = inputsOf(model);
  for (const input of asked) checkTensor(inputs[input.name], input, `${name}: '${input.name}'`);
  const known = new Set(asked.map((input) => input.name));
  for (const given of Object.keys(inputs))
    if (!known.has(given))
      throw new OnnxFault("bad_request", `${name}: the model has no input '${given}'`, {
        tensor: given,
      });
  const target = inputsOf(graph).find((input) => input.name === "targets");
  if (target) checkTensor(targets, target, `${name}: 'targets'`);
  if (targets.type === "int64") checkLabels(targets, classesOf(graph), name);
}

function checkTensor(
  tensor: Tensor | undefined,
  { name, type, shape }: ModelInput,
  what: string,
): void {
  const refuse = (reason: string): OnnxFault =>
    new OnnxFault("bad_request", `${what} ${reason}`, { tensor: name });
  if (tensor === undefined) throw refuse("is missing");
  const { dims, data } = tensor;
  if (tensor.type !== type) throw refuse(`is ${tensor.type}, and ${type} is expected`);
  const [leading] = shape ?? [];
  if (typeof leading === "number")
    throw refuse(`is declared with ${leading} rows, and batches differ: make the batch dynamic`);
  const isFitting =
    shape === null ||
    (shape.length === dims.length &&
      shape.every((size, axis) => typeof size !== "number" || size === dims[axis]));
  if (!isFitting)
    throw refuse(
      `has the dims [${dims.join(", ")}], and [${(shape ?? []).map((size) => size ?? "?").join(", ")}] is expected`,
    );
  if (data.length !== countOf(dims))
    throw refuse(
      `has ${data.length} elements where [${dims.join(", ")}] asks for ${countOf(dims)}`,
    );
  const isFloats = data instanceof Float32Array || data instanceof Float64Array;
  const at = isFloats ? data.findIndex((value) => Number.isNaN(value)) : -1;
  if (at >= 0) throw refuse(`is NaN in row ${rowOf(at, tensor)}`);
}

/** Rows are counted from 0. */
const rowOf = (at: number, { dims }: Tensor): number => Math.floor(at / countOf(dims.slice(1)));

/** How many classes the logits tell apart; undefined where that is not known. */
function classesOf({ graph }: Model): number | undefined {
  const fact = factOfType(graph.outputs.find(({ name }) => name === "logits")?.type);
  const size = fact.kind === "tensor" ? fact.shape?.[1] : undefined;
  return typeof size === "number" ? size : undefined;
}

function checkLabels(targets: Tensor, classes: number | undefined, name: string): void {
  const labels = Array.from<unknown, number>(targets.data, Number);
  const at = labels.findIndex((label) => label < 0 || label >= (classes ?? Infinity));
  if (at >= 0)
    throw new OnnxFault(
      "bad_request",
      `${name}: row ${rowOf(at, targets)} has the class ${labels[at] ?? ""}, and the output has ${classes ?? "no such"} classes, from 0`,
      { tensor: "targets" },
    );
}
