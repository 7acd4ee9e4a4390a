import { countOf, type Dimension } from "../tensors/tensor.ts";
import { writeModel } from "./codec/onnx-file.ts";
import { factOfType, type Fact } from "./infer/fact.ts";
import type { Graph, Model, StoredTensor, ValueInfo } from "./model.ts";
import { ML_DOMAIN, domainName, domainOf, graphsOf, operatorOf } from "./node.ts";
import { attempt, OnnxFault } from "./onnx-fault.ts";
import { inlineFunctions } from "./rewrite/inline-functions.ts";
import { byteSizeOf } from "./stored-tensor.ts";
import { activationsOf } from "./summary/activations.ts";
import { bindSizes } from "./summary/bind-sizes.ts";
import { fitsIsolate, type IsolateFit } from "./summary/isolate.ts";
import { macsOf } from "./summary/macs.ts";
import { traceModel, type TracedGraph } from "./summary/traced-graph.ts";

export type SummaryOptions = {
  /** Rows in one run; 1 where nothing is said. Only a size that the model leaves free takes it. */
  batch?: number;
  /** Sizes of other free dimensions, by their symbols. */
  sizes?: Readonly<Record<string, number>>;
  /** Bytes of the file, where it is at hand; else the model is written to count them. */
  fileBytes?: number;
};

/** What `linnet models inspect` shows; it goes over the wire as it is. */
export type Summary = {
  producer: string | null;
  ir_version: number;
  opsets: Record<string, number>;
  inputs: PortSummary[];
  outputs: PortSummary[];
  batch: number;
  file_bytes: number;
  /** Of initializers and constants. */
  weight_bytes: number;
  parameters: {
    /** Elements of float weights that are no scalars: what training would change. */
    trainable: number;
    /** Elements of all initializers and constants, by type. */
    by_type: Record<string, number>;
  };
  /** How many nodes of each operator, the most frequent first; those of sub-graphs included. */
  operators: Record<string, number>;
  /** Multiply-accumulates of one run, as far as sizes are known. */
  macs: number;
  activations: { peak_bytes: number; sum_bytes: number };
  /** What could not be counted since sizes are not known: then `macs` and `activations` are lower bounds. */
  unknown: { macs_of_nodes: number; sizes_of_tensors: number };
  nodes: NodeSummary[];
  fits_isolate: IsolateFit;
};

export type PortSummary = { name: string; type: string; shape: Dimension[] | null };

/** A node of the main graph. Parameters belong to the first node that reads them. */
export type NodeSummary = {
  name: string;
  operator: string;
  /** Of the first output; null where not even the rank is known. */
  output_shape: Dimension[] | null;
  parameters: number;
  macs: number | null;
};

/** Throws `OnnxFault` for a model whose types and shapes contradict each other. */
export function summarise(model: Model, options: SummaryOptions = {}): Summary {
  const { batch = 1, sizes = {}, fileBytes = writeModel(model).length } = options;
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw new OnnxFault("bad_request", `the batch is to be a whole number above 0, not ${batch}`);
  // Functions that cannot be put in place stay nodes of unknown cost.
  const inlined = attempt(() => inlineFunctions(model));
  const flat = inlined.ok ? inlined.value : model;
  const traced = traceModel(bindSizes(flat, batch, sizes));
  const graphs = graphsIn(flat.graph);
  const weights = graphs.flatMap(weightsOf);
  const operators = graphs.flatMap(({ nodes }) => nodes.map((node) => operatorOf(node)));
  const activations = activationsOf(traced);
  const nodes = nodesOf(traced);
  const { producerName = "", producerVersion = "" } = model;
  const initialized = new Set(model.graph.initializers.map(({ name }) => name));
  const weight_bytes = sumOf(weights.map(byteSizeOf));
  return {
    producer: `${producerName} ${producerVersion}`.trim() || null,
    ir_version: model.irVersion,
    opsets: Object.fromEntries(
      model.opsets.map((opset) => [domainName(domainOf(opset)), opset.version]),
    ),
    inputs: model.graph.inputs.filter(({ name }) => !initialized.has(name)).map(declaredPort),
    outputs: model.graph.outputs.map(declaredPort),
    batch,
    file_bytes: fileBytes,
    weight_bytes,
    parameters: {
      trainable: sumOf(weights.map(trainableOf)),
      by_type: sumsBy(weights.map(({ type, dims }) => [type, countOf(dims)])),
    },
    operators: sumsBy(operators.map((operator) => [operator, 1])),
    macs: sumOf(nodes.map(({ macs }) => macs ?? 0)),
    activations: { peak_bytes: activations.peak, sum_bytes: activations.sum },
    unknown: {
      macs_of_nodes: nodes.filter(({ macs }) => macs === null).length,
      sizes_of_tensors: activations.unknown,
    },
    nodes,
    fits_isolate: fitsIsolate({
      file: fileBytes,
      nodes: operators.length,
      trees: operators.some((operator) => operator.startsWith(`${ML_DOMAIN}.TreeEnsemble`)),
      peakActivations: activations.peak,
    }),
  };
}

function nodesOf(traced: TracedGraph): NodeSummary[] {
  const { graph, shapeOf } = traced;
  const unread = new Map(graph.initializers.map((stored) => [stored.name ?? "", stored]));
  return graph.nodes.map((node) => {
    let parameters = 0;
    for (const name of node.inputs) {
      const stored = unread.get(name);
      if (stored !== undefined) parameters += trainableOf(stored);
      unread.delete(name);
    }
    const [output = ""] = node.outputs;
    const shape = shapeOf(output);
    return {
      name: node.name || output,
      operator: operatorOf(node),
      output_shape: shape === null ? null : [...shape],
      parameters,
      macs: macsOf(node, traced),
    };
  });
}

function graphsIn(graph: Graph): Graph[] {
  const inner = graph.nodes.flatMap((node) => graphsOf(node).flatMap(graphsIn));
  return [graph, ...inner];
}

/** The initializers of a graph, and the constants among its nodes. */
function weightsOf({ initializers, nodes }: Graph): StoredTensor[] {
  const constants = nodes.flatMap(({ opType, attributes }) =>
    opType === "Constant"
      ? attributes.flatMap(({ kind, value }) => (kind === "tensor" ? [value] : []))
      : [],
  );
  return [...initializers, ...constants];
}

const trainableOf = ({ type, dims }: StoredTensor): number =>
  dims.length > 0 && /^b?float/u.test(type) ? countOf(dims) : 0;

function declaredPort({ name, type }: ValueInfo): PortSummary {
  const fact = factOfType(type);
  const shape = fact.kind === "tensor" && fact.shape !== null ? [...fact.shape] : null;
  return { name, type: typeText(fact), shape };
}

function typeText(fact: Fact): string {
  if (fact.kind === "tensor") return fact.type;
  return fact.kind === "unknown" ? "unknown" : `${fact.kind} of ${typeText(fact.of)}`;
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** The sum of each key, the largest first. */
function sumsBy(entries: readonly (readonly [string, number])[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [key, amount] of entries) sums.set(key, (sums.get(key) ?? 0) + amount);
  return Object.fromEntries([...sums].toSorted(([, a], [, b]) => b - a));
}
