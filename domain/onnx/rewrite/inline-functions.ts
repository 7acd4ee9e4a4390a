import type { Attribute, Graph, LocalFunction, Model, Node, Opset } from "../model.ts";
import { namesIn } from "../names.ts";
import { domainName, domainOf, graphsOf, placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { freshName } from "./graph-edit.ts";
import { mapGraphs, renamedThroughout } from "./renamed.ts";

/** Functions that call functions twice each grow without bound. */
const MAX_NODES = 50_000;
/** Functions that call functions, one inside the other. */
const MAX_DEPTH = 64;

type Inlining = {
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly names: Set<string>;
  nodes: number;
};

/**
 * Puts the body of each local function in the place of the nodes that call it, with the attributes
 * that the call gives, until no function is left. Throws `OnnxFault` for functions that call
 * themselves, and for a body written for other operator versions than the model.
 */
export function inlineFunctions(model: Model): Model {
  const { functions = [], ...rest } = model;
  if (functions.length === 0) return model;
  const inlining: Inlining = {
    functions: new Map(functions.map((called) => [keyOf(called, called.name), called])),
    names: namesIn(model.graph),
    nodes: 0,
  };
  const nodes = expandAll(model.graph.nodes, inlining, []);
  const graph = { ...model.graph, nodes };
  return { ...rest, opsets: opsetsOf(model, functions, graph), graph };
}

const keyOf = (
  { domain, overload = "" }: Pick<Node, "domain" | "overload">,
  name: string,
): string => JSON.stringify([domainOf(domain === undefined ? {} : { domain }), name, overload]);

/** The operator sets of the model and of its functions, without those that only named functions. */
function opsetsOf(model: Model, functions: readonly LocalFunction[], left: Graph): Opset[] {
  const versions = new Map(model.opsets.map((opset) => [domainOf(opset), opset]));
  for (const { name, opsets } of functions)
    for (const opset of opsets) {
      const domain = domainOf(opset);
      const known = versions.get(domain) ?? opset;
      if (known.version !== opset.version)
        throw new OnnxFault(
          "unsupported",
          `the function '${name}' is written for version ${opset.version} of '${domainName(domain)}', the model for ${known.version}: convert one of them first`,
          { operator: name },
        );
      versions.set(domain, known);
    }
  const used = domainsIn(left);
  const own = new Set(functions.map(domainOf));
  return [...versions].flatMap(([domain, opset]) =>
    domain !== "" && own.has(domain) && !used.has(domain) ? [] : [opset],
  );
}

const domainsIn = (graph: Graph): Set<string> =>
  new Set(
    graph.nodes.flatMap((node) => [
      domainOf(node),
      ...graphsOf(node).flatMap((inner) => [...domainsIn(inner)]),
    ]),
  );

/** The same list where no node calls a function. */
function expandAll(
  nodes: readonly Node[],
  inlining: Inlining,
  callers: readonly string[],
): readonly Node[] {
  const expanded = nodes.flatMap((node) => {
    const inner = mapGraphs(node, (graph) => {
      const body = expandAll(graph.nodes, inlining, callers);
      return body === graph.nodes ? graph : { ...graph, nodes: body };
    });
    const called = inlining.functions.get(keyOf(node, node.opType));
    return called === undefined ? [inner] : expand(inner, called, inlining, callers);
  });
  const isSame =
    expanded.length === nodes.length && expanded.every((node, at) => node === nodes[at]);
  return isSame ? nodes : expanded;
}

function expand(
  call: Node,
  called: LocalFunction,
  inlining: Inlining,
  callers: readonly string[],
): readonly Node[] {
  const key = keyOf(call, call.opType);
  if (callers.includes(key))
    throw new OnnxFault("invalid", `the function '${called.name}' calls itself`, placeOf(call));
  if (callers.length >= MAX_DEPTH)
    throw new OnnxFault(
      "too_large",
      `its functions call each other ${MAX_DEPTH} deep`,
      placeOf(call),
    );
  inlining.nodes += called.nodes.length;
  if (inlining.nodes > MAX_NODES)
    throw new OnnxFault("too_large", `its functions make over ${MAX_NODES} nodes`, placeOf(call));

  const names = namesFor(call, called, inlining);
  const given = new Map(
    [...(called.attributeDefaults ?? []), ...call.attributes].map((attribute) => [
      attribute.name,
      attribute,
    ]),
  );
  const body = called.nodes.map((node) => {
    const renamed = renamedThroughout(withAttributes(node, given), names);
    return {
      ...renamed,
      name: freshName(inlining.names, `${call.name ?? called.name}_${node.name ?? node.opType}`),
    };
  });
  return expandAll(body, inlining, [...callers, key]);
}

/** What the tensors of a body are called where it is put: its inputs and outputs as the call has them. */
function namesFor(
  call: Node,
  called: LocalFunction,
  { names }: Inlining,
): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const [at, name] of called.inputs.entries()) given.set(name, call.inputs[at] ?? "");
  for (const [at, name] of called.outputs.entries()) {
    const output = call.outputs[at] ?? "";
    if (output !== "") given.set(name, output);
  }
  const inner = namesIn({ nodes: called.nodes, inputs: [], outputs: [], initializers: [] });
  for (const name of inner)
    if (name !== "" && !given.has(name))
      given.set(name, freshName(names, `${call.name ?? called.name}_${name}`));
  return given;
}

/** The node with the attributes that it refers to; one that the call leaves out is left out. */
function withAttributes(node: Node, given: ReadonlyMap<string, Attribute>): Node {
  const attributes = node.attributes.flatMap((attribute) => {
    if (attribute.kind !== "reference") return [attribute];
    const value = given.get(attribute.value);
    return value === undefined ? [] : [{ ...value, name: attribute.name }];
  });
  return mapGraphs({ ...node, attributes }, (graph) => ({
    ...graph,
    nodes: graph.nodes.map((inner) => withAttributes(inner, given)),
  }));
}
