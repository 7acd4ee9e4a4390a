import { ADAPTERS } from "./convert/adapters.ts";
import { Conversion } from "./convert/conversion.ts";
import { extendsSchema } from "./convert/extends-schema.ts";
import type { LocalFunction, Model, Node, Opset } from "./model.ts";
import { domainOf, opsetOf } from "./node.ts";
import { OnnxFault } from "./onnx-fault.ts";
import { versionsOf, type OperatorSchema } from "./registry/operator-schema.ts";
import { editGraphs } from "./rewrite/graph-edit.ts";

/** The first version from which every step to the next is known, and the last one to go to. */
const FIRST = 7;
const LAST = 25;

/** The first file format that allows each version of the operators, from the newest down. */
const IR_VERSIONS = [
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [12, 7],
  [11, 6],
  [10, 5],
  [9, 4],
] as const;

/**
 * The model in a newer version of ONNX's own operators (up to 25), its functions and sub-graphs
 * included, such that it computes the same; operators of other domains stay as they are. Throws
 * `OnnxFault` naming node and operator for what no newer version can say, and for an operator that
 * changed before version 7.
 */
export function convertOpset(model: Model, target: number): Model {
  if (!Number.isSafeInteger(target) || target < FIRST || target > LAST)
    throw new OnnxFault(
      "bad_request",
      `models are converted to a version from ${FIRST} to ${LAST}, not to ${target}`,
    );
  const version = opsetOf(model);
  if (version > target)
    throw new OnnxFault(
      "unsupported",
      `the model uses version ${version} of the operators, and converting goes only upward, not to ${target}`,
    );
  const converted = version === target ? model : convertGraphs(model, version, target);
  const functions = model.functions?.map((one) => convertFunction(one, target));
  const irVersion = IR_VERSIONS.find(([opset]) => opset <= target)?.[1] ?? 3;
  return {
    ...converted,
    ...(functions && { functions }),
    opsets: withVersion(model.opsets, target),
    irVersion: Math.max(converted.irVersion, irVersion),
  };
}

const withVersion = (opsets: readonly Opset[], target: number): Opset[] =>
  opsets.map((opset) => (domainOf(opset) === "" ? { ...opset, version: target } : opset));

const convertGraphs = (model: Model, version: number, target: number): Model =>
  editGraphs(model, (edit) => {
    const conversion = new Conversion(edit, target);
    for (const node of edit.graph.nodes) {
      const nodes = domainOf(node) === "" ? brought(node, version, conversion) : [node];
      if (nodes.length !== 1 || nodes[0] !== node) edit.replace(node, ...nodes);
    }
  });

/** A function has no initializers: what is constant in it are nodes. */
function convertFunction(called: LocalFunction, target: number): LocalFunction {
  const version = called.opsets.find((opset) => domainOf(opset) === "")?.version ?? target;
  if (version >= target) return called;
  const ports = (names: readonly string[]) => names.map((name) => ({ name }));
  const { nodes, inputs, outputs, opsets, valueInfo = [] } = called;
  const body = {
    nodes,
    inputs: ports(inputs),
    outputs: ports(outputs),
    initializers: [],
    valueInfo,
  };
  const { graph } = convertGraphs({ irVersion: 10, opsets, graph: body }, version, target);
  const constants = graph.initializers.map(({ name = "", ...value }): Node => ({
    opType: "Constant",
    inputs: [],
    outputs: [name],
    attributes: [{ name: "value", kind: "tensor", value }],
  }));
  return {
    ...called,
    nodes: [...constants, ...graph.nodes],
    opsets: withVersion(opsets, target),
  };
}

/** What a node of a version becomes, a version of its operator after the other. */
function brought(node: Node, version: number, conversion: Conversion): readonly Node[] {
  const versions = versionsOf(node.opType);
  const next = versions.find(({ since }) => since > version && since <= conversion.target);
  if (next === undefined) return [node];
  const before = versions.findLast(({ since }) => since <= version);
  return step(node, before, next, conversion).flatMap((one) =>
    brought(one, next.since, conversion),
  );
}

function step(
  node: Node,
  before: OperatorSchema | undefined,
  { since, ...after }: OperatorSchema,
  conversion: Conversion,
): readonly Node[] {
  if (before === undefined) return [node];
  if (since <= FIRST)
    throw conversion.refusal(node, `its definition changed in version ${since}, before ${FIRST}`);
  const adapter = ADAPTERS[node.opType]?.[since];
  if (adapter === undefined) {
    if (extendsSchema(before, { since, ...after })) return [node];
    throw conversion.refusal(node, `nothing is known to do the same since version ${since}`);
  }
  if (node.attributes.some(({ kind }) => kind === "reference"))
    throw conversion.refusal(node, "it refers to an attribute of its function; inline that first");
  return adapter(node, conversion);
}
