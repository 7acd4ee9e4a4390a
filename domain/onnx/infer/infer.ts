import type { Dimension, Tensor } from "../../tensors/tensor.ts";
import type { Graph, Model, Node, StoredTensor, ValueInfo } from "../model.ts";
import { operatorOf, opsetOf, domainOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { countOf, elementsOf } from "../stored-tensor.ts";
import { factOfType, tensorFact, UNKNOWN, type Fact, type Facts } from "./fact.ts";
import { InferenceCall } from "./inference-call.ts";
import { INFERENCE_RULES } from "./rules.ts";

/** Small enough to be a shape; more elements are not followed. */
const MAX_ELEMENTS = 64;

/**
 * Types and shapes of every tensor of the main graph: of inputs and initializers as declared, of
 * the others by the rules of their operators; where an operator has no rule, as the file declares
 * them. Throws `OnnxFault` naming node, operator and tensor where a node cannot take its inputs.
 */
export function inferModel(model: Model): Map<string, Fact> {
  return inferGraph(model, model.graph, new Map());
}

/** As `inferModel`, for a graph that sees the facts `outer`; `inputs` stand in for what it declares. */
export function inferGraph(
  model: Pick<Model, "opsets">,
  graph: Graph,
  outer: Facts,
  inputs: readonly Fact[] = [],
): Map<string, Fact> {
  const facts = new Map(outer);
  for (const stored of graph.initializers) facts.set(stored.name ?? "", factOfTensor(stored));
  const initialized = new Set(graph.initializers.map(({ name }) => name));
  for (const [index, { name, type }] of graph.inputs.entries())
    if (!initialized.has(name)) facts.set(name, merged(inputs[index] ?? UNKNOWN, factOfType(type)));
  const declared = new Map(
    [...(graph.valueInfo ?? []), ...graph.outputs].map((info: ValueInfo) => [info.name, info.type]),
  );
  for (const node of graph.nodes) {
    const found = inferNode(model, node, facts);
    for (const [index, name] of node.outputs.entries())
      if (name !== "")
        facts.set(name, merged(found[index] ?? UNKNOWN, factOfType(declared.get(name))));
  }
  return facts;
}

/** The facts of a node's outputs; unknown ones where its operator has no rule. */
export function inferNode(model: Pick<Model, "opsets">, node: Node, facts: Facts): readonly Fact[] {
  const rule = INFERENCE_RULES.get(operatorOf(node));
  if (rule === undefined) return node.outputs.map(() => UNKNOWN);
  const inputs = node.inputs.map((name) => {
    if (name === "") return undefined;
    const fact = facts.get(name);
    if (fact) return fact;
    throw new OnnxFault(
      "invalid",
      `${node.opType} '${node.name ?? node.outputs[0] ?? ""}' takes '${name}', which nothing before it makes`,
      { operator: operatorOf(node), tensor: name },
    );
  });
  const call = new InferenceCall(node, opsetOf(model, domainOf(node)), inputs, (graph, given) => {
    const inner = inferGraph(model, graph, facts, given);
    return graph.outputs.map(({ name }) => inner.get(name) ?? UNKNOWN);
  });
  const found = rule(call);
  return Array.isArray(found) ? (found as readonly Fact[]) : [found as Fact];
}

/** A rule's answer, completed by a declaration where the rule knows less. */
function merged(found: Fact, declared: Fact): Fact {
  if (found.kind === "unknown") return declared;
  if (found.kind !== "tensor" || declared.kind !== "tensor") return found;
  const type = found.type === "undefined" ? declared.type : found.type;
  if (found.shape === null) return { ...found, type, shape: declared.shape };
  if (declared.shape === null || declared.shape.length !== found.shape.length)
    return { ...found, type };
  const shape = found.shape.map((size, axis) => size ?? declared.shape?.[axis] ?? null);
  return { ...found, type, shape };
}

/** What is known of a constant: all of it. */
export function factOfTensor(stored: StoredTensor): Fact {
  const { type, dims } = stored;
  const isShapeLike =
    (type === "int64" || type === "int32") && dims.length <= 1 && countOf(dims) <= MAX_ELEMENTS;
  const elements = isShapeLike ? integersOf(elementsOf(stored)) : undefined;
  return { ...tensorFact(type, dims, elements), constant: stored };
}

const integersOf = ({ data }: Tensor): Dimension[] => Array.from<unknown, number>(data, Number);
