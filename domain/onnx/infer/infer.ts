import type { Graph, Model, Node, ValueInfo } from "../model.ts";
import { domainOf, operatorOf, opsetOf, placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { factOfTensor, factOfType, UNKNOWN, type Fact, type Facts } from "./fact.ts";
import { InferenceCall } from "./inference-call.ts";
import { INFERENCE_RULES } from "./rules.ts";

/** No tensor has more axes; NumPy allows as many. */
const MAX_RANK = 64;

/**
 * Nodes that are looked at in all. The body of a loop is looked at twice where its shapes change,
 * and so are the loops in it: without a bound, twenty nested ones would take hours.
 */
const MAX_STEPS = 500_000;

/** What one inference has found so far, of the main graph and of every sub-graph. */
type Inference = {
  readonly model: Pick<Model, "opsets">;
  readonly graphs: Map<Graph, Scope>;
  steps: number;
};

/** The facts of a graph, which sees those of the graphs around it. */
type Scope = { readonly own: Map<string, Fact>; readonly get: (name: string) => Fact | undefined };

/**
 * Types and shapes of every tensor of the main graph: of inputs and initializers as declared, of
 * the others by the rules of their operators; where an operator has no rule, as the file declares
 * them. Throws `OnnxFault` naming node, operator and tensor where a node cannot take its inputs.
 */
export function inferModel(model: Model): Map<string, Fact> {
  return inferGraphs(model).get(model.graph) ?? new Map<string, Fact>();
}

/** As `inferModel`, for the main graph and every sub-graph that a rule looked into. */
export function inferGraphs(model: Model): Map<Graph, Map<string, Fact>> {
  const inference: Inference = { model, graphs: new Map(), steps: 0 };
  inferGraph(inference, model.graph, [], () => undefined);
  return new Map([...inference.graphs].map(([graph, { own }]) => [graph, own]));
}

/** `inputs` stand in for what the graph declares of its own. */
function inferGraph(
  inference: Inference,
  graph: Graph,
  inputs: readonly Fact[],
  outer: Scope["get"],
): Scope {
  const own = new Map<string, Fact>();
  const scope: Scope = { own, get: (name) => own.get(name) ?? outer(name) };
  const set = (name: string, fact: Fact): void => {
    refuseShape(name, fact);
    own.set(name, fact);
  };
  for (const stored of graph.initializers) set(stored.name ?? "", factOfTensor(stored));
  const initialized = new Set(graph.initializers.map(({ name }) => name));
  for (const [index, { name, type }] of graph.inputs.entries())
    if (!initialized.has(name)) set(name, merged(inputs[index] ?? UNKNOWN, factOfType(type)));
  const declared = new Map(
    [...(graph.valueInfo ?? []), ...graph.outputs].map((info: ValueInfo) => [info.name, info.type]),
  );
  for (const node of graph.nodes) {
    const found = inferIn(inference, node, scope);
    for (const [index, name] of node.outputs.entries())
      if (name !== "") set(name, merged(found[index] ?? UNKNOWN, factOfType(declared.get(name))));
  }
  inference.graphs.set(graph, scope);
  return scope;
}

/** The facts of a node's outputs; unknown ones where its operator has no rule. */
export const inferNode = (
  model: Pick<Model, "opsets">,
  node: Node,
  facts: Pick<Facts, "get">,
): readonly Fact[] => inferIn({ model, graphs: new Map(), steps: 0 }, node, facts);

function inferIn(inference: Inference, node: Node, facts: Pick<Scope, "get">): readonly Fact[] {
  inference.steps += 1;
  if (inference.steps > MAX_STEPS)
    throw new OnnxFault(
      "too_large",
      `the types of ${MAX_STEPS} nodes, nested loops counted twice, are not the end of it`,
      placeOf(node),
    );
  const rule = INFERENCE_RULES.get(operatorOf(node));
  if (rule === undefined) return node.outputs.map(() => UNKNOWN);
  const inputs = node.inputs.map((name) => {
    if (name === "") return undefined;
    const fact = facts.get(name);
    if (fact) return fact;
    throw new OnnxFault(
      "invalid",
      `${node.opType} '${node.name || (node.outputs[0] ?? "")}' takes '${name}', which nothing before it makes`,
      { ...placeOf(node), tensor: name },
    );
  });
  const opset = opsetOf(inference.model, domainOf(node));
  const call = new InferenceCall(node, opset, inputs, (graph, given) => {
    const inner = inferGraph(inference, graph, given, (name) => facts.get(name));
    return graph.outputs.map(({ name }) => inner.get(name) ?? UNKNOWN);
  });
  const found = rule(call);
  return Array.isArray(found) ? (found as readonly Fact[]) : [found as Fact];
}

/** No rule is to find a shape that no tensor can have; what comes after it could rely on it. */
function refuseShape(name: string, fact: Fact): void {
  if (fact.kind !== "tensor" || fact.shape === null) return;
  const { length } = fact.shape;
  if (length > MAX_RANK)
    throw new OnnxFault("too_large", `'${name}' has ${length} axes, over ${MAX_RANK}`, {
      tensor: name,
    });
  const strange = fact.shape.find(
    (size) => typeof size === "number" && !(size >= 0 && Number.isSafeInteger(size)),
  );
  if (strange !== undefined)
    throw new OnnxFault("invalid", `'${name}' would have ${strange} elements along an axis`, {
      tensor: name,
    });
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
