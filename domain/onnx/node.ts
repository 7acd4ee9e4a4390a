import type { Tensor } from "../tensors/tensor.ts";
import type { AttributeValue, Graph, Model, Node, Opset } from "./model.ts";
import { OnnxFault, type OnnxPlace } from "./onnx-fault.ts";
import { elementsOf } from "./stored-tensor.ts";

/** ONNX's own operators have the domain "" or "ai.onnx"; here always "". */
export const domainOf = ({ domain = "" }: { domain?: string }): string =>
  domain === "ai.onnx" ? "" : domain;

/** The operator set of the classical models: trees, linear models, encoders. */
export const ML_DOMAIN = "ai.onnx.ml";

/** What a message calls a domain that `domainOf` gave. */
export const domainName = (domain: string): string => domain || "ai.onnx";

/** `Relu`, or `ai.onnx.ml.TreeEnsemble` for an operator of another domain. */
export function operatorOf(node: Node): string {
  const domain = domainOf(node);
  return domain === "" ? node.opType : `${domain}.${node.opType}`;
}

/** What a table has for the operator of a node, whose name may be one that every object inherits. */
export function entryOf<T>(table: Readonly<Record<string, T>>, node: Node): T | undefined {
  const operator = operatorOf(node);
  return Object.hasOwn(table, operator) ? table[operator] : undefined;
}

/** What a message says of a node: its name, or what it computes. */
export const placeOf = (node: Node): OnnxPlace => ({
  node: node.name || (node.outputs.find((output) => output !== "") ?? ""),
  operator: operatorOf(node),
});

/** The version of a domain's operator set that a model asks for; throws where it names none. */
export function opsetOf({ opsets }: { opsets: readonly Opset[] }, domain = ""): number {
  const found = opsets.find((opset) => domainOf(opset) === domain);
  if (found) return found.version;
  throw new OnnxFault(
    "invalid",
    `the model does not say which version of '${domainName(domain)}' it uses`,
  );
}

type ValueOf<Kind> = Extract<AttributeValue, { kind: Kind }>["value"];

/** The attribute's value, `undefined` where the node does not have it; throws for another kind. */
export function attributeOf<Kind extends AttributeValue["kind"]>(
  node: Node,
  name: string,
  kind: Kind,
): ValueOf<Kind> | undefined {
  const found = node.attributes.find((attribute) => attribute.name === name);
  if (found === undefined) return undefined;
  if (found.kind !== kind)
    throw new OnnxFault(
      "invalid",
      `'${name}' is to be ${kind}, and is ${found.kind}`,
      placeOf(node),
    );
  return found.value as never;
}

export function intOf(node: Node, name: string): number | undefined;
export function intOf(node: Node, name: string, absent: number): number;
export function intOf(node: Node, name: string, absent?: number): number | undefined {
  return attributeOf(node, name, "int") ?? absent;
}

export const floatOf = (node: Node, name: string, absent: number): number =>
  attributeOf(node, name, "float") ?? absent;

export const stringOf = (node: Node, name: string, absent: string): string =>
  attributeOf(node, name, "string") ?? absent;

export const intsOf = (node: Node, name: string): readonly number[] | undefined =>
  attributeOf(node, name, "ints");

export function tensorOf(node: Node, name: string): Tensor | undefined {
  const stored = attributeOf(node, name, "tensor");
  return stored === undefined ? undefined : elementsOf(stored);
}

/** The sub-graph of `If`, `Loop`, `Scan` …; throws where it is missing. */
export function graphOf(node: Node, name: string): Graph {
  const graph = attributeOf(node, name, "graph");
  if (graph) return graph;
  throw new OnnxFault("invalid", `the sub-graph '${name}' is missing`, placeOf(node));
}

/** The sub-graphs of a node, whatever they are called. */
export const graphsOf = (node: Node): Graph[] =>
  node.attributes.flatMap((attribute) => {
    if (attribute.kind === "graph") return [attribute.value];
    return attribute.kind === "graphs" ? attribute.value : [];
  });

/** The model with another graph. */
export const withGraph = (model: Model, graph: Graph): Model => ({ ...model, graph });
