import type { Graph, Model, Node } from "../model.ts";
import { domainOf, operatorOf, opsetOf, placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { elementsOf } from "../stored-tensor.ts";
import { fromTensor, type Value } from "./array.ts";
import { InterpreterCall } from "./interpreter-call.ts";
import { INTERPRETER_RULES } from "./rules.ts";

/**
 * Computes a model in float64, an operator at a time, by the plainest reading of its definition:
 * what the tests hold everything else against. Values by the names of inputs and outputs; an input
 * that is left out takes its initializer. `also` names inner tensors to answer with as well.
 */
export function interpret(
  model: Model,
  feeds: Readonly<Record<string, Value>>,
  also: readonly string[] = [],
): Record<string, Value> {
  const values = new Map(Object.entries(feeds));
  runGraph(model, model.graph, values);
  const wanted = [...model.graph.outputs.map(({ name }) => name), ...also];
  return Object.fromEntries(wanted.map((name) => [name, valueOf(values, name)]));
}

/** Adds what a graph computes to `values`, which hold its inputs and what lies around it. */
function runGraph(model: Model, graph: Graph, values: Map<string, Value>): void {
  for (const stored of graph.initializers)
    if (!values.has(stored.name ?? ""))
      values.set(stored.name ?? "", fromTensor(elementsOf(stored)));
  for (const node of graph.nodes) {
    const computed = runNode(model, node, values);
    for (const [index, name] of node.outputs.entries()) {
      const value = computed[index];
      if (name !== "" && value !== undefined) values.set(name, value);
    }
  }
}

function runNode(model: Model, node: Node, values: ReadonlyMap<string, Value>): readonly Value[] {
  const rule = INTERPRETER_RULES.get(operatorOf(node));
  if (rule === undefined)
    throw new OnnxFault("unsupported", `the interpreter has no ${operatorOf(node)}`, placeOf(node));
  const inputs = node.inputs.map((name) => (name === "" ? undefined : valueOf(values, name)));
  const call = new InterpreterCall(node, opsetOf(model, domainOf(node)), inputs, (graph, given) => {
    const inner = new Map(values);
    for (const { name = "" } of graph.initializers) inner.delete(name);
    for (const [index, { name }] of graph.inputs.entries()) {
      const value = given[index];
      if (value !== undefined) inner.set(name, value);
    }
    runGraph(model, graph, inner);
    return graph.outputs.map(({ name }) => valueOf(inner, name));
  });
  const computed = rule(call);
  return Array.isArray(computed) ? (computed as readonly Value[]) : [computed as Value];
}

function valueOf(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value) return value;
  throw new OnnxFault("bad_request", `nothing gives the tensor '${name}'`, { tensor: name });
}
