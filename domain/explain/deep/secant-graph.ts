import { addGradients } from "../../onnx/gradient/add-gradients.ts";
import type { Profile } from "../../onnx/gradient/gradient-call.ts";
import { forWebgpu } from "../../onnx/gradient/for-webgpu.ts";
import { renamed } from "../../onnx/gradient/graph-copier.ts";
import { replaceNodes } from "../../onnx/gradient/replace-nodes.ts";
import { withKnownOperators } from "../../onnx/gradient/with-known-operators.ts";
import { GraphBuilder } from "../../onnx/graph-builder.ts";
import type { Fact } from "../../onnx/infer/fact.ts";
import { inferGraphs } from "../../onnx/infer/infer.ts";
import type { Graph, Model, Node } from "../../onnx/model.ts";
import { readsOf } from "../../onnx/names.ts";
import { entryOf, graphsOf, operatorOf, placeOf } from "../../onnx/node.ts";
import { OnnxFault } from "../../onnx/onnx-fault.ts";
import { eliminateCommonSubexpressions } from "../../onnx/rewrite/eliminate-common-subexpressions.ts";
import { removeDead } from "../../onnx/rewrite/remove-dead.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { RowLayout } from "../rows.ts";
import { scoreGraph } from "../score-graph.ts";
import type { Target } from "../score.ts";
import { PRIMITIVE_FORMS } from "./primitive-forms.ts";
import { secantRules } from "./secant-rules.ts";

/** A model that runs an instance and a reference side by side, and what its tensors are called. */
export type SecantGraph = {
  readonly model: Model;
  /** The input of the references beside each input, by its name. */
  readonly references: ReadonlyMap<string, string>;
  /** The output of the multipliers of each input, [rows, …], by its name. */
  readonly multipliers: ReadonlyMap<string, string>;
  /** The target of instances and of references, [rows] each. */
  readonly score: string;
  readonly reference_score: string;
};

/**
 * The graph of multipliers: for each row, what times the difference between instance and reference,
 * summed over the elements of all inputs, is the difference of their scores. Throws `ExplainFault`
 * (method_unsupported) naming the node and operator that no change can be followed through.
 */
export function secantGraph(
  model: Model,
  layout: RowLayout,
  target: Target,
  profile: Profile = "wasm",
): SecantGraph {
  for (const { name, type } of layout.ports)
    if (type !== "float32" && type !== "float64" && type !== "float16")
      throw new ExplainFault(
        "method_unsupported",
        `Deep SHAP follows changes of floats, and the input '${name}' is of ${type}: take 'permutation' or 'kernel'`,
        name,
      );
  try {
    const known = withKnownOperators(model);
    const { model: scored, score } = scoreGraph(known, layout, target);
    return withMultipliers(inPrimitives(scored, layout, profile), layout, { score, profile });
  } catch (error) {
    if (!(error instanceof OnnxFault) || !["unsupported", "too_large"].includes(error.problem.code))
      throw error;
    throw unsupported(error.message);
  }
}

const unsupported = (reason: string): ExplainFault =>
  new ExplainFault(
    "method_unsupported",
    `Deep SHAP cannot follow a change through the model: ${reason}; 'permutation' and 'kernel' take any model`,
  );

const refused = (node: Node, reason: string): ExplainFault =>
  unsupported(`${operatorOf(node)} '${placeOf(node).node ?? ""}' ${reason}`);

/** Their outputs say nothing of the values of their inputs. */
const OF_SHAPES = new Set(["Shape", "Size"]);

/** The tensors whose values depend on those of some, with these. */
function varyingIn(nodes: readonly Node[], sources: Iterable<string>): Set<string> {
  const varying = new Set(sources);
  for (const node of nodes)
    if (!OF_SHAPES.has(operatorOf(node)) && readsOf(node).some((name) => varying.has(name)))
      for (const output of node.outputs) if (output !== "") varying.add(output);
  return varying;
}

const inputsOf = ({ ports }: RowLayout): string[] => ports.map(({ name }) => name);

/** What has a form in simpler operators gets it, until nothing has. */
function inPrimitives(model: Model, layout: RowLayout, profile: Profile): Model {
  const varying = varyingIn(model.graph.nodes, inputsOf(layout));
  const varies = (tensor: string): boolean => varying.has(tensor);
  const simpler = replaceNodes(model, (b, node) => {
    if (!node.outputs.some(varies)) return undefined;
    const outputs = entryOf(PRIMITIVE_FORMS, node)?.(b, node, varies, profile);
    if (outputs && node.outputs.some((name, index) => name !== "" && !outputs[index]))
      throw refused(node, "has more outputs than can be followed");
    return outputs;
  });
  return simpler === model ? model : inPrimitives(simpler, layout, profile);
}

function withMultipliers(
  model: Model,
  layout: RowLayout,
  { score, profile }: { score: string; profile: Profile },
): SecantGraph {
  const b = GraphBuilder.extending(model);
  const { nodes } = model.graph;
  const varying = varyingIn(nodes, inputsOf(layout));
  const twins = new Map<string, string>();
  for (const { name } of layout.ports) {
    const { type, shape } = b.tensorOf(name);
    twins.set(name, b.input(b.fresh(`reference_${name}`), type, shape));
  }
  for (const node of nodes) {
    if (!node.outputs.some((name) => varying.has(name))) continue;
    for (const output of node.outputs)
      if (output !== "") twins.set(output, b.fresh(`reference_${output}`));
    const { name: _, ...twin } = renamed(node, twins);
    b.add(twin);
  }
  const rules = secantRules(
    (tensor) => twins.get(tensor) ?? tensor,
    (tensor, twin) => twins.set(tensor, twin),
  );
  checkGraph(model.graph, varying, { rules, facts: inferGraphs(model) });

  const with_respect_to = inputsOf(layout);
  const gradients = addGradients(b, { of: score, with_respect_to, profile, rules });
  b.clearOutputs();
  const output = (tensor: string, stem: string): string => b.output(tensor, b.fresh(stem));
  const multipliers = with_respect_to.map((name, index): [string, string] => [
    name,
    output(gradients[index] ?? "", `multiplier_${name}`),
  ]);
  const names = {
    score: output(score, "score"),
    reference_score: output(twins.get(score) ?? score, "reference_score"),
    multipliers: new Map(multipliers),
    references: new Map(with_respect_to.map((name) => [name, twins.get(name) ?? ""])),
  };
  const made = removeDead(eliminateCommonSubexpressions(b.model()));
  return { ...names, model: profile === "webgpu" ? forWebgpu(made) : made };
}

type Known = {
  rules: ReadonlyMap<string, unknown>;
  facts: ReadonlyMap<Graph, ReadonlyMap<string, Fact>>;
};

/** Between the inputs and the target every node needs a rule, and no choice may depend on the instance. */
function checkGraph(graph: Graph, varying: ReadonlySet<string>, known: Known): void {
  const facts = known.facts.get(graph);
  const isFloat = (name: string): boolean => {
    const fact = facts?.get(name);
    return fact?.kind !== "tensor" || fact.type.startsWith("float");
  };
  for (const node of graph.nodes) {
    if (!node.outputs.some((name) => varying.has(name) && isFloat(name))) continue;
    if (!known.rules.has(operatorOf(node))) throw refused(node, "has no secant");
    const chooser = readsOf(node).find((name) => varying.has(name) && !isFloat(name));
    if (chooser !== undefined)
      throw refused(node, `takes '${chooser}', a choice that depends on the instance`);
    for (const inner of graphsOf(node)) {
      const sources = [...inner.inputs.map(({ name }) => name), ...varying];
      checkGraph(inner, varyingIn(inner.nodes, sources), known);
    }
  }
}
