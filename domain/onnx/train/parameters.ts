import type { Model, StoredTensor } from "../model.ts";
import { operatorOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { countOf, elementsOf, storedTensor } from "../stored-tensor.ts";

/** The inputs of an operator that hold what is learnt, by position. */
const LEARNT_INPUTS: Readonly<Record<string, readonly number[]>> = {
  Add: [0, 1],
  BatchNormalization: [1, 2],
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Gather: [0],
  Gemm: [0, 1, 2],
  GRU: [1, 2, 3],
  GroupNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  LayerNormalization: [1, 2],
  LSTM: [1, 2, 3, 7],
  MatMul: [0, 1],
  PRelu: [1],
  RMSNormalization: [1],
  RNN: [1, 2, 3],
};

/** The running mean and variance of a `BatchNormalization`: they follow the data, not a gradient. */
const STATISTICS = [3, 4];

/** Where a tensor lies in a vector that holds several, one behind the other. */
export type Slot = {
  readonly name: string;
  readonly dims: readonly number[];
  readonly offset: number;
  readonly size: number;
};

/** Tensors of a model as one float32 vector, so that an optimiser is a few nodes whatever their number. */
export type Packing = { readonly slots: readonly Slot[]; readonly size: number };

export type Packings = { parameters: Packing; statistics: Packing };

/**
 * What of a model is learnt: the float32 initializers that stand where an operator has weights.
 * `only` takes these alone (frozen layers); one that is not a float32 initializer is refused.
 */
export function packingsOf(model: Model, only?: readonly string[]): Packings {
  const stored = new Map(model.graph.initializers.map((tensor) => [tensor.name ?? "", tensor]));
  const learnt = new Set<string>();
  const statistics = new Set<string>();
  for (const node of model.graph.nodes) {
    const operator = operatorOf(node);
    for (const index of LEARNT_INPUTS[operator] ?? []) learnt.add(node.inputs[index] ?? "");
    if (operator === "BatchNormalization")
      for (const index of STATISTICS) statistics.add(node.inputs[index] ?? "");
  }
  const isWeight = ({ type, dims }: StoredTensor, name: string): boolean =>
    type === "float32" && dims.length > 0 && !statistics.has(name);
  const names = [...stored].flatMap(([name, tensor]) =>
    learnt.has(name) && isWeight(tensor, name) ? [name] : [],
  );
  for (const name of only ?? [])
    if (!names.includes(name))
      throw new OnnxFault("bad_request", `'${name}' is no weight that can be trained`, {
        tensor: name,
      });
  const chosen = only ?? names;
  if (chosen.length === 0)
    throw new OnnxFault("bad_request", "the model has no float32 weights that could be trained");
  return {
    parameters: packed(chosen.map((name) => [name, stored.get(name)?.dims ?? []])),
    statistics: packed(
      [...statistics].flatMap((name) => {
        const tensor = stored.get(name);
        return tensor === undefined ? [] : [[name, tensor.dims] as const];
      }),
    ),
  };
}

function packed(tensors: readonly (readonly [string, readonly number[]])[]): Packing {
  let offset = 0;
  const slots = tensors.map(([name, dims]) => {
    const slot = { name, dims, offset, size: countOf(dims) };
    offset += slot.size;
    return slot;
  });
  return { slots, size: offset };
}

/** The values that the model has for a packing. */
export function packedValues(model: Model, { slots, size }: Packing): Float32Array {
  const stored = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  const values = new Float32Array(size);
  for (const { name, offset } of slots) {
    const tensor = stored.get(name);
    if (tensor) values.set(elementsOf(tensor).data as Float32Array, offset);
  }
  return values;
}

/** The model with the values of a packing as its initializers. */
export function withValues(model: Model, { slots }: Packing, values: Float32Array): Model {
  const bySlot = new Map(slots.map((slot) => [slot.name, slot]));
  const initializers = model.graph.initializers.map((tensor) => {
    const slot = bySlot.get(tensor.name ?? "");
    if (slot === undefined) return tensor;
    const data = values.slice(slot.offset, slot.offset + slot.size);
    return storedTensor(slot.name, { type: "float32", dims: [...slot.dims], data });
  });
  return { ...model, graph: { ...model.graph, initializers } };
}
