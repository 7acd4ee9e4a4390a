import type { Attribute, LocalFunction, Node, Opset } from "../model.ts";
import { domainName, domainOf, operatorOf, placeOf } from "../node.ts";
import {
  NEWEST_OPSETS,
  schemaOf,
  versionsOf,
  type OperatorSchema,
  type Ports,
} from "../registry/operator-schema.ts";
import { describe } from "./check-graph.ts";
import type { Problems } from "./problems.ts";

/** Domains whose operators ONNX Runtime has and ONNX does not define. */
const RUNTIME_DOMAINS: ReadonlySet<string> = new Set([
  "com.microsoft",
  "com.microsoft.nchwc",
  "com.ms.internal.nhwc",
]);

/** Where a node stands: what it may call, and whether it is part of a function. */
export type Surroundings = {
  readonly opsets: readonly Opset[];
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly isFunction: boolean;
};

/** The name that a node calls a local function by. */
export const functionKey = (called: { domain?: string; overload?: string }, name: string): string =>
  [domainOf(called), name, called.overload ?? ""].join(" ");

/** Whether a node is one that its operator's definition, or its function, allows. */
export function checkNode(node: Node, around: Surroundings, problems: Problems): void {
  checkAttributeNames(node, around, problems);
  const called = around.functions.get(functionKey(node, node.opType));
  if (called) {
    checkCall(node, called, problems);
    return;
  }
  const schema = schemaFor(node, around.opsets, problems);
  if (schema === null) return;
  checkPorts(node, node.inputs, schema.inputs, "input", problems);
  checkPorts(node, node.outputs, schema.outputs, "output", problems);
  for (const attribute of node.attributes) checkAttribute(node, attribute, schema, problems);
  const given = new Set(node.attributes.map(({ name }) => name));
  for (const [name, { required, kind }] of schema.attributes)
    if (required && !given.has(name))
      problems.add(`${describe(node)} needs the attribute '${name}' (${kind})`, placeOf(node));
}

/** The definition that holds for a node; null where there is none, which may be a problem. */
export function schemaFor(
  node: Node,
  opsets: readonly Opset[],
  problems: Problems,
): OperatorSchema | null {
  const domain = domainOf(node);
  const add = (message: string, code: "invalid" | "unsupported" = "invalid"): null => {
    problems.add(`${describe(node)}: ${message}`, placeOf(node), code);
    return null;
  };
  const opset = opsets.find((one) => domainOf(one) === domain)?.version;
  if (RUNTIME_DOMAINS.has(domain)) return null;
  if (!NEWEST_OPSETS.has(domain))
    return add(`no function of the model and no known domain is called '${domain}'`, "unsupported");
  const set = domainName(domain);
  if (opset === undefined) return add(`the model does not say which version of '${set}' it uses`);
  const schema = schemaOf(domain, node.opType, opset);
  if (schema === null) {
    const [first] = versionsOf(operatorOf(node));
    return add(
      first === undefined
        ? `'${set}' has no such operator`
        : `'${set}' has it since version ${first.since}, and the model uses ${opset}`,
    );
  }
  return schema.deprecated
    ? add(`'${set}' has dropped it in version ${schema.since}, and the model uses ${opset}`)
    : schema;
}

function checkPorts(
  node: Node,
  names: readonly string[],
  { list, least, most }: Ports,
  what: "input" | "output",
  problems: Problems,
): void {
  const asked = least === most ? `${least}` : `${least} to ${most === Infinity ? "any" : most}`;
  if (names.length < least || names.length > most)
    problems.add(
      `${describe(node)} has ${names.length} ${what}s, and is to have ${asked}`,
      placeOf(node),
    );
  for (const [index, port] of list.entries())
    if (names[index] === "" && !port.optional && !port.repeats)
      problems.add(`${describe(node)} is to have its ${what} '${port.name}'`, placeOf(node));
}

function checkAttributeNames(node: Node, { isFunction }: Surroundings, problems: Problems): void {
  const seen = new Set<string>();
  for (const { name, kind } of node.attributes) {
    if (seen.has(name))
      problems.add(`${describe(node)} has the attribute '${name}' twice`, placeOf(node));
    seen.add(name);
    if (kind === "reference" && !isFunction)
      problems.add(
        `the attribute '${name}' of ${describe(node)} refers to one of a function, and is in none`,
        placeOf(node),
      );
  }
}

function checkAttribute(
  node: Node,
  { name, kind }: Attribute,
  { attributes, since }: OperatorSchema,
  problems: Problems,
): void {
  const defined = attributes.get(name);
  if (defined === undefined) {
    const names = [...attributes.keys()].join(", ");
    problems.add(
      `${describe(node)} has the attribute '${name}', which version ${since} does not know; it knows ${names || "none"}`,
      placeOf(node),
    );
    return;
  }
  // A reference has the kind of what it refers to; the codec keeps what it has no kind for as bytes.
  if (kind === defined.kind || kind === "reference" || kind === "opaque") return;
  problems.add(
    `the attribute '${name}' of ${describe(node)} is ${kind}, and is to be ${defined.kind}`,
    placeOf(node),
  );
}

function checkCall(node: Node, called: LocalFunction, problems: Problems): void {
  const { inputs, outputs, attributeNames = [] } = called;
  if (node.inputs.length > inputs.length)
    problems.add(
      `${describe(node)} gives ${node.inputs.length} inputs to a function of ${inputs.length}`,
      placeOf(node),
    );
  if (node.outputs.length > outputs.length)
    problems.add(
      `${describe(node)} takes ${node.outputs.length} outputs of a function of ${outputs.length}`,
      placeOf(node),
    );
  for (const name of attributeNames)
    if (!node.attributes.some((attribute) => attribute.name === name))
      problems.add(`${describe(node)} needs the attribute '${name}'`, placeOf(node));
}
