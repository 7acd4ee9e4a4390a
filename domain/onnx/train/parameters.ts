import { countOf } from "../../tensors/tensor.ts";
import type { Model, Node, StoredTensor } from "../model.ts";
import { operatorOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { elementsOf, storedTensor } from "../stored-tensor.ts";

/** The positions of the inputs of an operator that hold what is learnt. */
type LearntInputs = {
  /** Matrices, kernels and tables, which weight decay shrinks. */
  readonly decaying?: readonly number[];
  /** Biases and scales, which it leaves alone. */
  readonly others?: readonly number[];
};

const LAYER: LearntInputs = { decaying: [1], others: [2] };
const NORMALISATION: LearntInputs = { others: [1, 2] };

/** Exporters write normalisations that an old opset does not have with a Mul and an Add. */
const LEARNT_INPUTS: Readonly<Record<string, LearntInputs>> = {
  Add: { others: [0, 1] },
  BatchNormalization: NORMALISATION,
  Conv: LAYER,
  ConvTranspose: LAYER,
  Einsum: { decaying: [0, 1] },
  Gather: { decaying: [0] },
  Gemm: { decaying: [0, 1], others: [2] },
  GRU: { decaying: [1, 2], others: [3] },
  GroupNormalization: NORMALISATION,
  InstanceNormalization: NORMALISATION,
  LayerNormalization: NORMALISATION,
  LSTM: { decaying: [1, 2], others: [3, 7] },
  MatMul: { decaying: [0, 1] },
  Mul: { others: [0, 1] },
  PRelu: { others: [1] },
  RMSNormalization: { others: [1] },
  RNN: { decaying: [1, 2], others: [3] },
};

/** The running mean and variance of a `BatchNormalization`: they follow the data, not a gradient. */
const STATISTICS = [3, 4];

/** The positions of the inputs of a node that training changes. */
export function changingInputs(node: Node): number[] {
  const operator = operatorOf(node);
  const { decaying = [], others = [] } = LEARNT_INPUTS[operator] ?? {};
  return [...decaying, ...others, ...(operator === "BatchNormalization" ? STATISTICS : [])];
}

/** Where a tensor lies in a vector that holds several, one behind the other. */
export type Slot = {
  readonly name: string;
  readonly dims: readonly number[];
  /** Whether weight decay shrinks it. */
  readonly decays: boolean;
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
  const decaying = new Set<string>();
  const statistics = new Set<string>();
  for (const node of model.graph.nodes) {
    const operator = operatorOf(node);
    const positions = LEARNT_INPUTS[operator];
    for (const index of positions?.others ?? []) learnt.add(node.inputs[index] ?? "");
    for (const index of positions?.decaying ?? []) {
      learnt.add(node.inputs[index] ?? "");
      decaying.add(node.inputs[index] ?? "");
    }
    if (operator === "BatchNormalization")
      for (const index of STATISTICS) statistics.add(node.inputs[index] ?? "");
  }
  const isWeight = ({ type, dims }: StoredTensor, name: string): boolean =>
    type === "float32" && dims.length > 0 && countOf(dims) > 0 && !statistics.has(name);
  const names = [...stored].flatMap(([name, tensor]) =>
    learnt.has(name) && isWeight(tensor, name) ? [name] : [],
  );
  for (const name of only ?? [])
    if (!names.includes(name))
      throw new OnnxFault("bad_request", `'${name}' is no weight that can be trained`, {
        tensor: name,
      });
  const chosen = only ? [...new Set(only)] : names;
  if (chosen.length === 0)
    throw new OnnxFault("bad_request", "the model has no float32 weights that could be trained");
  return {
    parameters: packed(chosen, stored, decaying),
    statistics: packed(
      [...statistics].filter((name) => stored.has(name)),
      stored,
    ),
  };
}

function packed(
  names: readonly string[],
  stored: ReadonlyMap<string, StoredTensor>,
  decaying: ReadonlySet<string> = new Set(),
): Packing {
  let offset = 0;
  const slots = names.map((name) => {
    const { dims = [] } = stored.get(name) ?? {};
    const slot = { name, dims, decays: decaying.has(name), offset, size: countOf(dims) };
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

/** The model with the values of a packing as its initializers; it has to have all of them. */
export function withValues(model: Model, { slots }: Packing, values: Float32Array): Model {
  const bySlot = new Map(slots.map((slot) => [slot.name, slot]));
  const names = new Set(model.graph.initializers.map(({ name }) => name));
  for (const { name } of slots)
    if (!names.has(name))
      throw new OnnxFault("bad_request", `the model has no weight '${name}'`, { tensor: name });
  const initializers = model.graph.initializers.map((tensor) => {
    const slot = bySlot.get(tensor.name ?? "");
    if (slot === undefined) return tensor;
    const data = values.slice(slot.offset, slot.offset + slot.size);
    return storedTensor(slot.name, { type: "float32", dims: [...slot.dims], data });
  });
  return { ...model, graph: { ...model.graph, initializers } };
}
