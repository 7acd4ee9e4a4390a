import { describeShape } from "../infer/broadcast.ts";
import type { Fact } from "../infer/fact.ts";
import type { Graph, Model, Node, ValueInfo } from "../model.ts";
import { domainOf, graphsOf, placeOf } from "../node.ts";
import { schemaOf, type Port, type PortType } from "../registry/operator-schema.ts";
import { describe } from "./check-graph.ts";
import type { Problems } from "./problems.ts";

type FactOf = (name: string) => Fact | undefined;

/**
 * Whether what was inferred of a model is what its operators take and what the file declares.
 * `graphs` are the facts of each graph.
 */
export function checkTypes(
  model: Model,
  graphs: ReadonlyMap<Graph, ReadonlyMap<string, Fact>>,
  problems: Problems,
): void {
  const opsets = new Map(model.opsets.map((opset) => [domainOf(opset), opset.version]));
  const check = (graph: Graph, outer: FactOf): void => {
    const own = graphs.get(graph);
    if (own === undefined) return;
    const factOf: FactOf = (name) => own.get(name) ?? outer(name);
    for (const node of graph.nodes) {
      checkInputs(node, opsets.get(domainOf(node)) ?? 0, factOf, problems);
      for (const inner of graphsOf(node)) check(inner, factOf);
    }
    const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
    for (const info of [...(graph.valueInfo ?? []), ...graph.outputs])
      if (made.has(info.name)) checkDeclared(info, factOf(info.name), problems);
  };
  check(model.graph, () => undefined);
}

/** Each input has a type that the operator takes, and the same one wherever the operator asks for it. */
function checkInputs(node: Node, opset: number, factOf: FactOf, problems: Problems): void {
  const ports = schemaOf(domainOf(node), node.opType, opset)?.inputs.list ?? [];
  const bound = new Map<string, { type: PortType; name: string }>();
  for (const [index, name] of node.inputs.entries()) {
    const port = ports[Math.min(index, ports.length - 1)];
    const type = portType(factOf(name));
    if (port === undefined || type === null) continue;
    const place = { ...placeOf(node), tensor: name };
    if (!port.types.has(type)) {
      problems.add(
        `${describe(node)} takes '${name}' as its ${port.name}, and it is ${type}; it is to be ${listOf(port)}`,
        place,
      );
      continue;
    }
    if (port.variable === null) continue;
    const other = bound.get(port.variable);
    if (other !== undefined && other.type !== type)
      problems.add(
        `${describe(node)} takes '${other.name}', which is ${other.type}, and '${name}', which is ${type}; they are to be of one type`,
        place,
      );
    bound.set(port.variable, { type, name });
  }
}

function portType(fact: Fact | undefined): PortType | null {
  if (fact?.kind === "tensor") return fact.type === "undefined" ? null : fact.type;
  return fact === undefined || fact.kind === "unknown" ? null : fact.kind;
}

const listOf = ({ types }: Port): string => [...types].join(", ").replace(/, ([^,]+)$/u, " or $1");

function checkDeclared(
  { name, type }: ValueInfo,
  fact: Fact | undefined,
  problems: Problems,
): void {
  if (type?.kind !== "tensor" || fact?.kind !== "tensor") return;
  const place = { tensor: name };
  if (
    fact.type !== "undefined" &&
    type.elementType !== "undefined" &&
    fact.type !== type.elementType
  )
    problems.add(`'${name}' is declared as ${type.elementType}, and is ${fact.type}`, place);
  const [declared, found] = [type.shape, fact.shape];
  if (declared === null || found === null) return;
  const contradicts = declared.some((size, axis) => {
    const other = found[axis];
    return typeof size === "number" && typeof other === "number" && size !== other;
  });
  if (declared.length !== found.length || contradicts)
    problems.add(
      `'${name}' is declared as ${describeShape(declared)}, and is ${describeShape(found)}`,
      place,
    );
}
