import { convertOpset } from "../onnx/convert-opset.ts";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import type { Model } from "../onnx/model.ts";
import { codeOf } from "../onnx/model.ts";
import { namesIn } from "../onnx/names.ts";
import { domainOf, opsetOf } from "../onnx/node.ts";
import { inlineFunctions } from "../onnx/rewrite/inline-functions.ts";
import { renamedGraph } from "../onnx/rewrite/renamed.ts";
import { floatTensor } from "../onnx/tensors.ts";
import { ExplainFault } from "./explain-fault.ts";
import type { Background, Groups, Link } from "./game.ts";
import { feedsFromRows, type Port, type RowLayout } from "./rows.ts";
import { scoreGraph } from "./score-graph.ts";
import type { Target } from "./score.ts";
import type { CoalitionPlan } from "./shap/coalition-plan.ts";

export type ExportOptions = {
  background: Background;
  groups: Groups;
  plan: CoalitionPlan;
  link?: Link;
  /** What the file says of where it comes from: of the model, and what the plan was drawn by. */
  model_sha256?: string;
  seed?: string | number;
};

/** What an exported explainer gives, beside its inputs, which are the model's with one row. */
const EXPLAINER_OUTPUTS = ["contributions", "base_value", "prediction"] as const;

/** Numbers that the inputs of all rows of a graph hold together; its largest tensors are some times as large. */
const MOST_NUMBERS = 2 ** 26;
/** From here on all operators used here are as they are written here. */
const FIRST_OPSET = 13;

/**
 * Kernel SHAP of one target, for one background and one plan, as a single ONNX model: it takes the
 * model's inputs with one row, and gives `contributions` [players], `base_value` and `prediction`
 * (scalars, after the link), all float32. The values are those of `kernelShap` by the same plan to
 * about 1e-5, as its last stage has them. Every coalition runs with every row of the background in
 * one batch; the regression is solved here, and is a product with a constant matrix in the graph.
 * Throws `ExplainFault` (option_invalid, background_missing, target_unknown, method_unsupported).
 */
export function exportKernelExplainer(
  model: Model,
  layout: RowLayout,
  target: Target,
  options: ExportOptions,
): Model {
  const { background, groups, plan, link = "identity" } = options;
  checkOptions(layout, options);
  const scored = scoreGraph(withStandardOperators(model), layout, target);
  const { graph, inputs, score } = withFreeNames(scored.model, scored.score);

  const b = GraphBuilder.extending(
    { ...scored.model, graph: { ...graph, nodes: [], inputs: [], outputs: [] } },
    namesIn(graph),
  );
  const coalitions = 2 + 2 * plan.pairs;
  const masks = b.constant({
    type: "bool",
    dims: [coalitions, groups.length + 1],
    data: masksOf(plan),
  });
  const feeds = feedsFromRows(layout, background.rows, 0, background.count);
  for (const port of layout.ports) {
    const given = b.input(port.name, port.type, [1, ...port.shape]);
    const known = knownElements(b, masks, port, groups);
    const owned = b.node("Reshape", [known, b.ints([coalitions, 1, ...port.shape])]);
    const { type, data } = feeds[port.name] ?? { type: port.type, data: [] };
    const others = b.constant({ type, data, dims: [1, background.count, ...port.shape] });
    const mixed = b.node("Where", [
      owned,
      b.node("Reshape", [given, b.ints([1, 1, ...port.shape])]),
      others,
    ]);
    const rows = b.ints([coalitions * background.count, ...port.shape]);
    b.node("Reshape", [mixed, rows], {}, { output: inputs.get(port.name) ?? "" });
  }
  for (const node of graph.nodes) b.add(node);

  const scores = b.node("Cast", [score], { to: codeOf("float32") });
  const table = b.node("Reshape", [scores, b.ints([coalitions, background.count])]);
  const weights = b.constant(floatTensor([background.count, 1], background.weights));
  const worths = linked(b, b.node("MatMul", [table, weights]), link);
  const [base = "", prediction = ""] = [0, 1].map((coalition) =>
    b.node("Gather", [worths, b.ints([coalition])], { axis: 0 }),
  );
  const matrix = b.constant(floatTensor([groups.length, coalitions], projectionOf(plan)));
  const gains = b.node("Sub", [worths, base]);
  const values = b.node("MatMul", [matrix, gains]);
  for (const [index, [value, dims]] of (
    [
      [values, [groups.length]],
      [base, []],
      [prediction, []],
    ] as const
  ).entries()) {
    const name = EXPLAINER_OUTPUTS[index] ?? "";
    b.output(b.node("Reshape", [value, b.ints(dims)], {}, { output: name }));
  }
  return {
    ...b.model(),
    producerName: "linnet",
    metadata: [...(model.metadata ?? []), ...metadataOf(target, options)],
  };
}

/** A model of trees alone may not say which version of ONNX's own operators it is for. */
function withStandardOperators(model: Model): Model {
  const inlined = inlineFunctions(model);
  if (!inlined.opsets.some((opset) => domainOf(opset) === ""))
    return { ...inlined, opsets: [...inlined.opsets, { version: FIRST_OPSET }] };
  return opsetOf(inlined) < FIRST_OPSET ? convertOpset(inlined, FIRST_OPSET) : inlined;
}

function checkOptions(
  { size, ports }: RowLayout,
  { background, groups, plan }: ExportOptions,
): void {
  if (background.count === 0)
    throw new ExplainFault("background_missing", "an explainer needs a background: give rows");
  if (plan.players !== groups.length)
    throw new ExplainFault(
      "option_invalid",
      `the plan is for ${plan.players} players, and there are ${groups.length} groups`,
      "plan",
    );
  const outputs: readonly string[] = EXPLAINER_OUTPUTS;
  const taken = ports.find(({ name }) => outputs.includes(name));
  if (taken)
    throw new ExplainFault(
      "method_unsupported",
      `the model's input '${taken.name}' is called like an output of an explainer: rename it`,
      taken.name,
    );
  const numbers = (2 + 2 * plan.pairs) * background.count * size;
  if (numbers > MOST_NUMBERS)
    throw new ExplainFault(
      "option_invalid",
      `${2 * plan.pairs} coalitions with ${background.count} rows of ${size} numbers are ${numbers} in one batch, over ${MOST_NUMBERS}: take fewer samples or background rows`,
      "samples",
    );
}

/** The model's graph with other names for its inputs, and for what is called like an output of the explainer. */
function withFreeNames({ graph }: Model, score: string) {
  const names = namesIn(graph);
  const ports = new Set(graph.inputs.map(({ name }) => name));
  const others = new Map<string, string>();
  for (const name of [...ports, ...EXPLAINER_OUTPUTS.filter((output) => names.has(output))]) {
    let other = `${name}_of_model`;
    while (names.has(other)) other += "_";
    names.add(other);
    others.set(name, other);
  }
  return { graph: renamedGraph(graph, others), inputs: others, score: others.get(score) ?? score };
}

/** [coalitions, players + 1]: nobody, everybody, each coalition of the plan, then the complement of each; the last column is for what no player has. */
function masksOf({ players, pairs, masks }: CoalitionPlan): Uint8Array {
  const rows = 2 + 2 * pairs;
  const all = new Uint8Array(rows * (players + 1)).fill(1);
  all.fill(0, 0, players);
  for (let pair = 0; pair < pairs; pair += 1)
    for (let player = 0; player < players; player += 1) {
      const isIn = masks[pair * players + player] ?? 0;
      all[(2 + pair) * (players + 1) + player] = isIn;
      all[(2 + pairs + pair) * (players + 1) + player] = 1 - isIn;
    }
  return all;
}

/** [coalitions, elements of the port]: whether the element is the instance's. */
function knownElements(b: GraphBuilder, masks: string, port: Port, groups: Groups): string {
  const owners = Array<number>(port.count).fill(groups.length);
  for (const [player, members] of groups.entries())
    for (const member of members) {
      const element = member - port.offset;
      if (element >= 0 && element < port.count) owners[element] = player;
    }
  return b.node("Gather", [masks, b.ints(owners)], { axis: 1 });
}

function linked(b: GraphBuilder, worths: string, link: Link): string {
  if (link === "identity") return worths;
  const odds = b.node("Div", [worths, b.node("Sub", [b.scalar(1), worths])]);
  return b.node("Log", [odds]);
}

/**
 * [players, coalitions]: the values by what each coalition wins more than nobody. Of a pair they
 * take half the difference, less what equal parts of the gain would make of it, times its column of
 * the regression's solution.
 */
function projectionOf({ players, pairs, sizes, stages }: CoalitionPlan): Float64Array {
  const solution = stages.at(-1)?.projection() ?? new Float64Array();
  const coalitions = 2 + 2 * pairs;
  const matrix = new Float64Array(players * coalitions);
  for (let player = 0; player < players; player += 1) {
    const row = matrix.subarray(player * coalitions, (player + 1) * coalitions);
    let ofGain = 1 / players;
    for (let pair = 0; pair < pairs; pair += 1) {
      const part = solution[pair * players + player] ?? 0;
      row[2 + pair] = part / 2;
      row[2 + pairs + pair] = -part / 2;
      ofGain -= part * ((sizes[pair] ?? 0) / players - 0.5);
    }
    row[0] = -ofGain;
    row[1] = ofGain;
  }
  return matrix;
}

function metadataOf(
  target: Target,
  { background, plan, link = "identity", model_sha256, seed }: ExportOptions,
): { key: string; value: string }[] {
  const properties = {
    method: "kernel_shap",
    target_output: target.output,
    target_index: target.index,
    link,
    players: plan.players,
    coalitions: 2 + 2 * plan.pairs,
    background_rows: background.count,
    seed,
    model_sha256,
  };
  return Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key: `linnet.explainer.${key}`, value: String(value) }],
  );
}
