import { countOf, isElementType, type Tensor } from "../../tensors/tensor.ts";
import { writeModel } from "../codec/onnx-file.ts";
import { staticShape, typeOfFact, type TensorFact } from "../infer/fact.ts";
import type { Graph, Model, Node, StoredTensor } from "../model.ts";
import { readsOf } from "../names.ts";
import { graphsOf, operatorOf } from "../node.ts";
import { withOpenModel, type Runtime } from "../runtime.ts";
import { bitsOf, byteSizeOf, storedTensor } from "../stored-tensor.ts";
import { intTensor } from "../tensors.ts";
import { constantOfNode } from "./constant-of-node.ts";
import { editGraphs, type GraphEdit } from "./graph-edit.ts";
import { RANDOM_OPERATORS } from "./random-operators.ts";

export type FoldOptions = {
  /** How many bytes a folded tensor may have beyond those that it is computed from; 65,536. */
  max_growth_bytes?: number;
};

const MAX_GROWTH_BYTES = 65_536;

/**
 * Computes what depends on no input and puts the results in as initializers, in sub-graphs too.
 * Sizes that inference knows are taken from it; the rest is collected into a model of its own and
 * run on the runtime, so that a folded number is the very one that the runtime would compute each
 * time. What is random, not known to be small, or refused by the runtime stays.
 */
export async function foldConstants(
  model: Model,
  runtime: Runtime,
  { max_growth_bytes = MAX_GROWTH_BYTES }: FoldOptions = {},
): Promise<Model> {
  let folded = foldKnownSizes(model);
  for (;;) {
    const plans: Plan[] = [];
    editGraphs(folded, (edit) => {
      const plan = planOf(edit, max_growth_bytes);
      if (plan.wanted.size > 0) plans.push(plan);
    });
    const values = new Map<Node, StoredTensor[]>();
    for (const plan of plans) await compute(folded, plan, runtime, values);
    if (values.size === 0) return folded;
    folded = editGraphs(folded, (edit) => {
      for (const node of edit.graph.nodes) {
        const constants = values.get(node);
        if (constants) edit.replaceWithConstants(node, constants);
      }
    });
  }
}

/**
 * Makes initializers of `Constant` nodes, and of sizes that are known without running anything:
 * what `Shape` of a fixed shape leads to.
 */
export const foldKnownSizes = (model: Model): Model =>
  editGraphs(model, (edit) => {
    for (const node of edit.graph.nodes) {
      const known = constantOfNode(node) ?? knownSizes(edit, node);
      if (known && !edit.isOutput(known.name ?? "")) edit.replaceWithConstants(node, [known]);
    }
  });

function knownSizes(edit: GraphEdit, node: Node): StoredTensor | undefined {
  const [output = "", ...others] = node.outputs;
  const fact = edit.tensorOf(output);
  const dims = fact && staticShape(fact.shape);
  const elements = fact?.elements?.filter((element) => typeof element === "number");
  if (!elements || !dims || fact.type !== "int64" || others.some((name) => edit.isUsed(name)))
    return undefined;
  return elements.length === countOf(dims)
    ? storedTensor(output, intTensor(elements, dims))
    : undefined;
}

/** The nodes of one graph that can be computed, and what the others want of them. */
type Plan = {
  nodes: Node[];
  constants: Map<string, StoredTensor>;
  /** The outputs that each node has to give. */
  wanted: Map<Node, { name: string; fact: TensorFact }[]>;
};

function planOf(edit: GraphEdit, maxGrowth: number): Plan {
  const nodes = new Set<Node>();
  const bytes = new Map<string, number>();
  const constants = new Map<string, StoredTensor>();
  for (const node of edit.graph.nodes) {
    if (operatorOf(node) === "Constant" || isKept(node)) continue;
    const reads = readsOf(node);
    const read = reads.map((name) => [name, edit.constantOf(name)] as const);
    if (!read.every(([name, stored]) => stored || bytes.has(name))) continue;
    const given = read.reduce(
      (sum, [name, stored]) => sum + (stored ? byteSizeOf(stored) : (bytes.get(name) ?? 0)),
      0,
    );
    const used = node.outputs.filter((name) => edit.isUsed(name));
    const sizes = used.map((name) => sizeInBytes(edit.tensorOf(name)));
    if (!sizes.every((size) => size !== undefined && size <= given + maxGrowth)) continue;
    nodes.add(node);
    for (const [name, stored] of read) if (stored) constants.set(name, stored);
    for (const [at, name] of used.entries()) bytes.set(name, sizes[at] ?? 0);
  }
  const wanted: Plan["wanted"] = new Map();
  for (const node of nodes) {
    const used = node.outputs.flatMap((name) => {
      const fact = edit.tensorOf(name);
      return edit.isUsed(name) && fact ? [{ name, fact }] : [];
    });
    const isInner = ({ name }: { name: string }): boolean =>
      !edit.isOutput(name) && edit.readersOf(name).every((reader) => nodes.has(reader));
    if (used.length > 0 && !used.every(isInner)) wanted.set(node, used);
  }
  return { nodes: [...nodes], constants, wanted };
}

/** Random, or what keeps quantised weights small in the file. */
const isKept = (node: Node): boolean =>
  RANDOM_OPERATORS.has(operatorOf(node)) ||
  operatorOf(node) === "DequantizeLinear" ||
  graphsOf(node).some(({ nodes }) => nodes.some(isKept));

function sizeInBytes(fact: TensorFact | undefined): number | undefined {
  const dims = fact && staticShape(fact.shape);
  if (!dims || !isElementType(fact.type) || fact.type === "string") return undefined;
  return (countOf(dims) * bitsOf(fact.type)) / 8;
}

/** Adds what the plan's nodes give to `values`; nothing where the runtime does not take them. */
async function compute(
  model: Model,
  { nodes, constants, wanted }: Plan,
  runtime: Runtime,
  values: Map<Node, StoredTensor[]>,
): Promise<void> {
  const graph: Graph = {
    name: "constants",
    nodes,
    inputs: [],
    initializers: [...constants].map(([name, stored]) => ({ ...stored, name })),
    outputs: [...wanted.values()].flat().map(({ name, fact }) => {
      const type = typeOfFact(fact);
      return { name, ...(type ? { type } : {}) };
    }),
  };
  const computed = await attemptRun(runtime, writeModel({ ...model, graph }));
  for (const [node, outputs] of computed ? wanted : [])
    values.set(
      node,
      outputs.flatMap(({ name }) => {
        const tensor = computed?.[name];
        return tensor ? [storedTensor(name, tensor)] : [];
      }),
    );
}

async function attemptRun(
  runtime: Runtime,
  bytes: Uint8Array,
): Promise<Record<string, Tensor> | undefined> {
  try {
    return await withOpenModel(runtime, bytes, (open) => open.run({}));
  } catch {
    return undefined;
  }
}
