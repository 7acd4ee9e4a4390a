import type { Node } from "../../onnx/model.ts";
import { intOf, operatorOf, opsetOf, stringOf } from "../../onnx/node.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Target } from "../score.ts";
import type { GraphView } from "./graph-view.ts";
import { pickedElements, widthOf } from "./picked-elements.ts";
import { isEnsemble, readEnsemble, unsupported, type Ensemble } from "./read-ensemble.ts";
import type { TreeLink } from "./tree-model.ts";

/** A margin as an affine function of one of the ensemble's sums. */
export type Term = { readonly sum: number; readonly scale: number; readonly offset: number };

/** An affine function of an element of the tensor that the walk has come to. */
type Element = { readonly at: number; readonly scale: number; readonly offset: number };

type Walk = {
  name: string;
  elements: readonly Element[];
  link: TreeLink;
  /** Whether the rows of the scores are divided by their sums. */
  is_normalised: boolean;
};

const NEUTRAL = { scale: 1, offset: 0 } as const;

/** The ensemble that the target comes from, and the margins: the target's own first. */
export function outputMargins(
  view: GraphView,
  target: Target,
): { node: Node; terms: readonly Term[]; link: TreeLink } {
  const walk: Walk = {
    name: target.output,
    elements: [{ at: target.index, ...NEUTRAL }],
    link: "identity",
    is_normalised: false,
  };
  if (!view.model.graph.outputs.some(({ name }) => name === target.output))
    throw unknown(`the model has no output '${target.output}'`, "target.output");
  for (;;) {
    const node = view.producerOf(walk.name);
    if (node === undefined)
      throw unsupported(`no tree ensemble leads to '${target.output}'; use another method`);
    if (isEnsemble(node)) return { node, ...atEnsemble(node, walk, target) };
    stepBack(view, node, walk);
  }
}

const unknown = (message: string, field: string): ExplainFault =>
  new ExplainFault("target_unknown", message, field);

/** Takes the walk from a node's output to its input. */
function stepBack(view: GraphView, node: Node, walk: Walk): void {
  const operator = operatorOf(node);
  const picked = pickedElements(view, node, walk.name);
  if (picked !== undefined) {
    walk.elements = walk.elements.map((element) => {
      const at = picked[element.at];
      if (at !== undefined) return { ...element, at };
      throw unknown(
        `'${walk.name}' has ${picked.length} values a row, and no ${element.at}`,
        "target.index",
      );
    });
    walk.name = node.inputs[0] ?? "";
    return;
  }
  if (operator === "Cast" && view.typeOf(walk.name).startsWith("float"))
    walk.name = node.inputs[0] ?? "";
  else if (operator === "Sigmoid") throughLink(walk, node, "logistic");
  else if (operator === "Softmax") throughSoftmax(view, node, walk);
  else if (operator === "ai.onnx.ml.Normalizer") throughNormalizer(node, walk);
  else if (/^(Add|Sub|Mul|Div)$/.test(operator)) throughAffine(view, node, walk);
  else
    throw unsupported(`${operator} follows the trees, and the tree method cannot see through it`);
}

function throughLink(walk: Walk, node: Node, link: TreeLink): void {
  const isFirst = walk.link === "identity" && !walk.is_normalised;
  if (!isFirst || walk.elements.some(({ scale, offset }) => scale !== 1 || offset !== 0))
    throw unsupported(
      `${operatorOf(node)} is not the last that is done to the scores of the trees`,
    );
  walk.link = link;
  walk.name = node.inputs[0] ?? "";
}

function throughSoftmax(view: GraphView, node: Node, walk: Walk): void {
  const shape = view.rowShapeOf(walk.name);
  // Before opset 13 the axis is the first of several, by default the second of all.
  const axis = intOf(node, "axis", opsetOf(view.model) < 13 ? 1 : -1);
  if (shape.length !== 1 || (axis !== 1 && axis !== -1))
    throw unsupported("Softmax is not over the classes of a row");
  const width = widthOf(view, walk.name);
  throughLink(walk, node, "softmax");
  walk.elements = overAll(walk.elements[0]?.at ?? 0, width);
}

/** All elements of a row, that of the target first. */
const overAll = (target: number, width: number): Element[] =>
  [target, ...Array.from({ length: width }, (_, at) => at).filter((at) => at !== target)].map(
    (at) => ({ at, ...NEUTRAL }),
  );

function throughNormalizer(node: Node, walk: Walk): void {
  if (stringOf(node, "norm", "MAX") !== "L1" || walk.is_normalised)
    throw unsupported("a Normalizer follows the trees that does not divide by the sum of a row");
  walk.is_normalised = true;
  walk.name = node.inputs[0] ?? "";
}

function throughAffine(view: GraphView, node: Node, walk: Walk): void {
  const operator = operatorOf(node);
  const side = view.isConstant(node.inputs[1] ?? "") ? 1 : 0;
  const constant = view.constantOf(node.inputs[side] ?? "");
  const width = constant && constant.data.length > 1 ? widthOf(view, walk.name) : 1;
  const isRow = constant?.dims.at(-1) === constant?.data.length || constant?.data.length === 1;
  if (constant === undefined || constant.data.length !== width || !isRow)
    throw unsupported(`${operator} '${walk.name}' is not of the trees' scores and a constant`);
  if (walk.is_normalised)
    throw unsupported(`${operator} stands between the trees and a Normalizer`);
  if (operator === "Div" && side === 0) throw unsupported("a constant is divided by the scores");
  walk.elements = walk.elements.map(({ at, scale, offset }) => {
    const value = constant.data[width === 1 ? 0 : at] ?? Number.NaN;
    if (operator === "Mul") return { at, scale: scale * value, offset };
    if (operator === "Div") return { at, scale: scale / value, offset };
    if (operator === "Add") return { at, scale, offset: offset + scale * value };
    if (side === 1) return { at, scale, offset: offset - scale * value };
    return { at, scale: -scale, offset: offset + scale * value };
  });
  walk.name = node.inputs[1 - side] ?? "";
}

function atEnsemble(
  node: Node,
  walk: Walk,
  target: Target,
): { terms: readonly Term[]; link: TreeLink } {
  const ensemble = readEnsemble(node);
  refuse(ensemble, node, walk);
  const { targets, transform } = ensemble;
  for (const { at } of walk.elements)
    if (at < 0 || at >= targets)
      throw unknown(
        `'${target.output}' has ${targets} values a row, from 0 to ${targets - 1}, and no ${target.index}`,
        "target.index",
      );
  const isPair = namesOneOfTwo(ensemble);
  if (transform === "LOGISTIC") throughLink(walk, node, "logistic");
  if (transform === "SOFTMAX" && !isPair) {
    throughLink(walk, node, "softmax");
    walk.elements = overAll(walk.elements[0]?.at ?? 0, targets);
  }
  const total = walk.is_normalised ? sumOfRow(ensemble) : 1;
  const terms = walk.elements.map(({ at, scale, offset }): Term => {
    const own = isPair ? ofPair(ensemble, at) : { sum: at, ...NEUTRAL };
    const factor = scale / total;
    return {
      sum: own.sum,
      scale: factor * own.scale,
      offset: factor * own.offset + offset,
    };
  });
  return { terms, link: walk.link };
}

function refuse(ensemble: Ensemble, node: Node, walk: Walk): void {
  const { aggregate, transform, base, targets, is_classifier } = ensemble;
  if (is_classifier && node.outputs[0] === walk.name)
    throw new ExplainFault(
      "target_unknown",
      `'${walk.name}' is a label and no score; choose the output of the scores`,
      "target.output",
    );
  if (aggregate !== "SUM" && aggregate !== "AVERAGE")
    throw unsupported(
      `the trees are combined by ${aggregate}, which has no sum to share; use another method`,
    );
  if (!["NONE", "LOGISTIC", "SOFTMAX"].includes(transform))
    throw unsupported(
      `the scores of the trees go through ${transform}, and the tree method knows NONE, LOGISTIC and SOFTMAX`,
    );
  // ONNX Runtime 1.30 takes LOGISTIC and SOFTMAX of TreeEnsemble one for the other, and neither for a single target.
  const isAsDefined =
    operatorOf(node) !== "ai.onnx.ml.TreeEnsemble" && (is_classifier || targets > 1);
  if (transform !== "NONE" && !isAsDefined)
    throw unsupported(
      `ONNX Runtime does not do ${transform} in this ensemble as ONNX defines it; put a Sigmoid or Softmax after it instead`,
    );
  // ONNX does not say what a shorter list means, and two for two classes ONNX Runtime reads in a way of its own.
  const isClear =
    is_classifier && targets === 2
      ? base.length < 2 && (base.length === 0 || votesFor(ensemble).has(0))
      : base.length === 0 || base.length === targets;
  if (!isClear)
    throw unsupported(
      `${base.length} base values for ${targets} scores can be read in several ways`,
    );
}

const votesFor = ({ nodes }: Ensemble): Set<number> =>
  new Set(nodes.flatMap(({ votes }) => votes?.map(({ target }) => target) ?? []));

const weightsOf = ({ nodes }: Ensemble): number[] =>
  nodes.flatMap(({ votes }) => votes?.map(({ weight }) => weight) ?? []);

/** Exporters write a binary forest with votes for the first class only, meaning the second. */
function namesOneOfTwo(ensemble: Ensemble): boolean {
  const named = votesFor(ensemble);
  return ensemble.is_classifier && ensemble.targets === 2 && named.size === 1 && named.has(0);
}

/** The score of the second class is the sum; the first has what ONNX Runtime completes it by. */
function ofPair(ensemble: Ensemble, at: number): Term {
  if (at === 1) return { sum: 0, ...NEUTRAL };
  const isShare =
    ensemble.transform !== "LOGISTIC" && weightsOf(ensemble).every((weight) => weight >= 0);
  return { sum: 0, scale: -1, offset: isShare ? 1 : 0 };
}

/** The sum of a row's absolute scores where it is the same for every row: every tree's leaves hold shares. */
function sumOfRow(ensemble: Ensemble): number {
  const { nodes, roots, base, aggregate } = ensemble;
  const weights = weightsOf(ensemble);
  const sums = nodes.flatMap(({ votes }) =>
    votes === null ? [] : [votes.reduce((sum, { weight }) => sum + weight, 0)],
  );
  const most = Math.max(...sums);
  const isEven = sums.every((sum) => Math.abs(sum - most) <= 1e-5 * most);
  const isShare = weights.every((weight) => weight >= 0) && base.every((value) => value === 0);
  // A pair is completed to 1 as long as the sum of the trees cannot exceed it.
  if (isShare && namesOneOfTwo(ensemble) && most * roots.length <= 1 + 1e-5) return 1;
  if (isShare && isEven && most > 0 && !namesOneOfTwo(ensemble))
    return aggregate === "AVERAGE" ? most : most * roots.length;
  throw unsupported("a Normalizer follows the trees, and their scores do not have a constant sum");
}
