import { countOf, type Dimension } from "../../tensors/tensor.ts";
import {
  factOfTensor,
  factOfType,
  staticShape,
  tensorFact,
  typeOfFact,
  UNKNOWN,
  type Fact,
} from "../infer/fact.ts";
import { inferNode } from "../infer/infer.ts";
import type { Graph, Model, Node, StoredTensor, ValueInfo } from "../model.ts";
import { namesIn } from "../names.ts";
import { intOf, intsOf, operatorOf, opsetOf, placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { elementsOf, storedTensor } from "../stored-tensor.ts";
import { intTensor } from "../tensors.ts";
import { attributesOf } from "../attribute-literals.ts";
import { foldKnownSizes } from "./fold-constants.ts";
import { freshName, withConstantInitializers } from "./graph-edit.ts";
import { removeDead } from "./remove-dead.ts";

export type BatchOptions = {
  /** What the free size is called in the declarations; `batch`. */
  symbol?: string;
  /** The inputs that have a row for each example; without it all that have axes. */
  inputs?: readonly string[];
};

/** A size that no model has by chance: where it turns up, a size depends on the batch. */
const PROBE = 7919;

/**
 * Frees the leading size of the inputs of a model that was exported for one batch size. Reshapes
 * to a shape with that size in it get one without, and recurrent layers lose an initial state of
 * zeros, which is what they start from anyway. The result is inferred for another batch: where a
 * node cannot take that, the batch is built into the model, and the `OnnxFault` names the node.
 */
export function makeBatchDynamic(model: Model, options: BatchOptions = {}): Model {
  const { symbol = "batch" } = options;
  const started = foldKnownSizes(withConstantInitializers(model));
  const inputs = new Set(options.inputs ?? rowInputs(started.graph));
  const batch = batchOf(started.graph, inputs);
  const opset = opsetOf(started);
  const names = namesIn(started.graph);
  const added: StoredTensor[] = [];
  const known = factsWith(started.graph, inputs, undefined);
  const probed = factsWith(started.graph, inputs, PROBE);
  const symbolic = factsWith(started.graph, inputs, symbol);

  const nodes = started.graph.nodes.map((node) => {
    addFacts(started, node, known);
    const repaired = repair({ node, opset, batch, known, probed }, (sizes) => {
      const stored = storedTensor(
        freshName(names, `${node.outputs[0] ?? ""}_shape`),
        intTensor(sizes),
      );
      added.push(stored);
      for (const facts of [probed, symbolic]) facts.set(stored.name ?? "", factOfTensor(stored));
      return stored.name ?? "";
    });
    refuseFault(batch, () => addFacts(started, repaired, probed));
    addFacts(started, repaired, symbolic);
    return repaired;
  });
  const declared = ({ name, doc }: ValueInfo): ValueInfo => {
    const type = typeOfFact(declaredFact(name, { known, probed, symbolic }, symbol));
    return { name, ...(type ? { type } : {}), ...(doc === undefined ? {} : { doc }) };
  };
  const { valueInfo: _, ...graph } = started.graph;
  return removeDead({
    ...started,
    graph: {
      ...graph,
      nodes,
      inputs: graph.inputs.map((info) => (inputs.has(info.name) ? declared(info) : info)),
      outputs: graph.outputs.map(declared),
      initializers: [...graph.initializers, ...added],
    },
  });
}

const rowInputs = (graph: Graph): string[] =>
  graph.inputs.flatMap(({ name, type }) =>
    type?.kind === "tensor" && type.shape !== null && type.shape.length > 0 ? [name] : [],
  );

/** The size that the inputs share; undefined where it is free already. */
function batchOf(graph: Graph, inputs: ReadonlySet<string>): number | undefined {
  const leading = [...inputs].map((name) => {
    const type = graph.inputs.find((info) => info.name === name)?.type;
    if (type?.kind === "tensor" && type.shape !== null && type.shape.length > 0)
      return type.shape[0] ?? null;
    throw new OnnxFault("bad_request", `'${name}' is no input with a leading axis`, {
      tensor: name,
    });
  });
  const sizes = new Set(leading.filter((size) => typeof size === "number"));
  if (sizes.size > 1)
    throw new OnnxFault(
      "bad_request",
      `the inputs have the leading sizes ${[...sizes].join(" and ")}: name those that have a row for each example`,
    );
  return [...sizes][0];
}

/** The facts to infer from, with a leading size for the inputs; undefined leaves what is declared. */
function factsWith(
  graph: Graph,
  inputs: ReadonlySet<string>,
  size: Dimension | undefined,
): Map<string, Fact> {
  const facts = new Map<string, Fact>();
  for (const { name, type } of graph.inputs) {
    const fact = factOfType(type);
    const isFreed = size !== undefined && inputs.has(name) && fact.kind === "tensor";
    facts.set(name, isFreed ? tensorFact(fact.type, [size, ...(fact.shape ?? []).slice(1)]) : fact);
  }
  for (const stored of graph.initializers)
    if (!facts.has(stored.name ?? "")) facts.set(stored.name ?? "", factOfTensor(stored));
  return facts;
}

function addFacts(model: Model, node: Node, facts: Map<string, Fact>): void {
  const found = inferNode(model, node, facts);
  for (const [at, name] of node.outputs.entries())
    if (name !== "") facts.set(name, found[at] ?? UNKNOWN);
}

function refuseFault(batch: number | undefined, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof OnnxFault)) throw error;
    const { code: _, message, ...place } = error.problem;
    throw new OnnxFault(
      "unsupported",
      `a batch of ${batch ?? "one size"} is built into the model; with ${PROBE} rows, ${message}`,
      place,
    );
  }
}

type Case = {
  node: Node;
  opset: number;
  batch: number | undefined;
  known: ReadonlyMap<string, Fact>;
  probed: ReadonlyMap<string, Fact>;
};

/** The node without the batch in its constants, or as it is. */
function repair(given: Case, constant: (sizes: readonly number[]) => string): Node {
  const { node } = given;
  const operator = operatorOf(node);
  if (operator === "LSTM" || operator === "GRU" || operator === "RNN") return withoutState(given);
  if (operator === "Resize") return withoutRowSize(given, constant);
  const sizes = operator === "Reshape" ? freedSizes(given) : undefined;
  return sizes ? { ...node, inputs: [node.inputs[0] ?? "", constant(sizes)] } : node;
}

/** The shape that a Reshape is to have instead: 0 copies the leading size, -1 takes what is left. */
function freedSizes({ node, batch, known, probed }: Case): readonly number[] | undefined {
  const [input = "", target = ""] = node.inputs;
  const elements = tensorOf(probed, target)?.elements;
  const sizes = elements?.filter((size) => typeof size === "number");
  if (!sizes || sizes.length !== elements?.length || intOf(node, "allowzero", 0) === 1)
    return undefined;
  const before = tensorOf(known, input)?.shape;
  const after = tensorOf(probed, input)?.shape;
  if (sizes[0] === batch && before?.[0] === batch && after?.[0] === PROBE)
    return [0, ...sizes.slice(1)];
  const from = staticShape(before ?? null);
  const to = staticShape(after ?? null);
  const reached = staticShape(tensorOf(known, node.outputs[0] ?? "")?.shape ?? null);
  if (!from || !to || !reached || countOf(from) === countOf(to)) return undefined;
  return reached.length === 0 ? undefined : [-1, ...reached.slice(1)];
}

/** A Resize to sizes of every axis, the rows among them, resizes all axes but the first instead. */
function withoutRowSize(given: Case, constant: (sizes: readonly number[]) => string): Node {
  const { node, opset, batch, known, probed } = given;
  const [input = "", roi = "", scales = "", target = ""] = node.inputs;
  const sizes = tensorOf(known, target)?.elements?.filter((size) => typeof size === "number");
  const isFreed = tensorOf(probed, input)?.shape?.[0] === PROBE;
  if (!isFreed || sizes === undefined || sizes[0] !== batch || intsOf(node, "axes") !== undefined)
    return node;
  if (opset < 18 || roi !== "")
    throw new OnnxFault(
      "unsupported",
      `Resize '${placeOf(node).node ?? ""}' resizes to ${batch ?? "?"} rows: convert the model to opset 18 first`,
      { ...placeOf(node), tensor: target },
    );
  const axes = sizes.slice(1).map((_, at) => at + 1);
  return {
    ...node,
    inputs: [input, roi, scales, constant(sizes.slice(1))],
    attributes: [...node.attributes, ...attributesOf({ axes })],
  };
}

/** A recurrent layer whose initial state, one row for each example, starts from zeros by itself. */
function withoutState({ node, probed }: Case): Node {
  const inputs = node.inputs.map((name, at) => {
    const fact = at === 5 || at === 6 ? tensorOf(probed, name) : undefined;
    const rows = fact?.shape?.[intOf(node, "layout", 0) === 1 ? 0 : 1];
    if (typeof rows !== "number" || rows === PROBE) return name;
    if (fact?.constant && isZero(fact.constant)) return "";
    throw new OnnxFault(
      "unsupported",
      `${node.opType} '${placeOf(node).node ?? ""}' starts from '${name}', which has a state for ${rows} examples: make it an input`,
      { ...placeOf(node), tensor: name },
    );
  });
  return { ...node, inputs };
}

const isZero = (stored: StoredTensor): boolean =>
  Array.from<unknown, number>(elementsOf(stored).data, Number).every((value) => value === 0);

type ThreeFacts = Record<"known" | "probed" | "symbolic", ReadonlyMap<string, Fact>>;

/** What is symbolic where inference follows the symbol, completed by the sizes that the probe gave. */
function declaredFact(name: string, facts: ThreeFacts, symbol: string): Fact {
  const found = facts.symbolic.get(name) ?? UNKNOWN;
  const probed = tensorOf(facts.probed, name)?.shape;
  if (found.kind !== "tensor" || !probed) return found;
  const shape = probed.map((size, axis) => {
    if (size === PROBE) return symbol;
    const known = found.shape?.[axis] ?? null;
    const before = tensorOf(facts.known, name)?.shape?.[axis];
    return known ?? (size === before ? size : null);
  });
  return tensorFact(found.type, shape);
}

function tensorOf(facts: ReadonlyMap<string, Fact>, name: string) {
  const fact = facts.get(name);
  return fact?.kind === "tensor" ? fact : undefined;
}
