import { checkGraph } from "./check/check-graph.ts";
import { checkNode, functionKey } from "./check/check-node.ts";
import { checkTensor } from "./check/check-tensor.ts";
import { checkTypes } from "./check/check-types.ts";
import { findCircle } from "./check/find-circle.ts";
import { Problems } from "./check/problems.ts";
import { inferGraphs } from "./infer/infer.ts";
import type { LocalFunction, Model, Node, Opset } from "./model.ts";
import { domainName, domainOf, placeOf } from "./node.ts";
import { attempt, type OnnxProblem } from "./onnx-fault.ts";
import { NEWEST_IR_VERSION, NEWEST_OPSETS } from "./registry/operator-schema.ts";

/**
 * What is wrong with a model by the rules of ONNX: its versions, the names of its tensors and the
 * order of its nodes, every node against the definition of its operator, the elements of its
 * weights, and, where all that is right, its types and shapes. Operators of `com.microsoft` are
 * taken as they are. Empty for a valid model; at most fifty.
 */
export function checkModel(model: Model): OnnxProblem[] {
  const problems = new Problems();
  checkVersions(model, problems);
  const functions = new Map(
    (model.functions ?? []).map((one) => [functionKey(one, one.name), one]),
  );
  const check = (opsets: readonly Opset[], isFunction: boolean) => (node: Node) => {
    checkNode(node, { opsets, functions, isFunction }, problems);
    for (const { kind, value } of node.attributes)
      if (kind === "tensor") checkTensor(value, placeOf(node), problems);
  };
  checkGraph(model.graph, problems, check(model.opsets, false));
  for (const one of functions.values()) checkFunction(one, problems, check(one.opsets, true));
  checkRecursion(functions, problems);
  if (problems.list.length > 0) return problems.list;

  const inferred = attempt(() => inferGraphs(model));
  if (!inferred.ok) return [inferred.error];
  checkTypes(model, inferred.value, problems);
  return problems.list;
}

function checkVersions({ irVersion, opsets }: Model, problems: Problems): void {
  if (irVersion < 1 || irVersion > NEWEST_IR_VERSION)
    problems.add(
      `the file has IR version ${irVersion}, and 1 to ${NEWEST_IR_VERSION} are known`,
      {},
      irVersion < 1 ? "invalid" : "unsupported",
    );
  if (opsets.length === 0)
    problems.add("the model does not say which version of the operators it uses");
  const seen = new Set<string>();
  for (const opset of opsets) {
    const domain = domainOf(opset);
    const name = domainName(domain);
    const newest = NEWEST_OPSETS.get(domain) ?? Infinity;
    if (seen.has(domain)) problems.add(`the model gives the version of '${name}' twice`);
    seen.add(domain);
    if (opset.version < 1)
      problems.add(`the model uses version ${opset.version} of '${name}'; the first is 1`);
    else if (opset.version > newest)
      problems.add(
        `the model uses version ${opset.version} of '${name}', and the newest known here is ${newest}`,
        {},
        "unsupported",
      );
  }
}

function checkFunction(
  called: LocalFunction,
  problems: Problems,
  check: (node: Node) => void,
): void {
  const ports = (names: readonly string[]) => names.map((name) => ({ name }));
  const { nodes, inputs, outputs } = called;
  const graph = { nodes, initializers: [], inputs: ports(inputs), outputs: ports(outputs) };
  checkGraph(graph, problems, check);
}

/** A function that calls itself, also by others, would never end. */
function checkRecursion(functions: ReadonlyMap<string, LocalFunction>, problems: Problems): void {
  const circle = findCircle(functions.keys(), (key) => {
    const keys = functions.get(key)?.nodes.map((node) => functionKey(node, node.opType)) ?? [];
    return keys.filter((called) => functions.has(called));
  });
  const [name] = circle?.map((key) => functions.get(key)?.name ?? "") ?? [];
  if (name !== undefined) problems.add(`the function '${name}' calls itself`, { operator: name });
}
