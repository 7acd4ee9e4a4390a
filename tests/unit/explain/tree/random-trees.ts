import type { Node } from "../../../../domain/onnx/model.ts";
import {
  attributesOf,
  type AttributeLiterals,
} from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import type { Random } from "../../../../domain/statistics/random.ts";
import { MODES } from "../../../../domain/explain/tree/tree-model.ts";

/** A tree as a test thinks of it. Values are quarters, so that EQ and the borders are met. */
export type PlainTree = {
  hits: number;
  weights: number[];
  branch?: {
    column: number;
    mode: number;
    split: number;
    members: number[];
    missing: boolean;
    yes: PlainTree;
    no: PlainTree;
  };
};

export type Shape = { columns: number; depth: number; targets?: number; modes?: number };

/** A tree with as many training samples as `hits`, each node with at least one. */
export function randomTree(random: Random, shape: Shape, hits = 400, level = 0): PlainTree {
  const { columns, depth, targets = 1, modes = 6 } = shape;
  const weights = Array.from({ length: targets }, () => Math.fround(random.normal()));
  if (level === depth || hits < 4 || (level > 0 && random.uniform() < 0.15))
    return { hits, weights };
  const first = 1 + random.integer(hits - 1);
  return {
    hits,
    weights: [],
    branch: {
      column: random.integer(columns),
      mode: random.integer(modes),
      split: randomValue(random),
      // ONNX Runtime takes small whole numbers only.
      members: [1 + random.integer(4), 1 + random.integer(4)],
      missing: random.uniform() < 0.5,
      yes: randomTree(random, shape, first, level + 1),
      no: randomTree(random, shape, hits - first, level + 1),
    },
  };
}

export const randomValue = (random: Random): number => (random.integer(9) - 4) / 4;

/** Rows of columns, a tenth of them missing. */
export const randomRows = (random: Random, count: number, columns: number): Float32Array =>
  Float32Array.from({ length: count * columns }, () =>
    random.uniform() < 0.1 ? Number.NaN : randomValue(random),
  );

/** Whether a value takes the branch, by the words of the standard. */
export function takes(branch: NonNullable<PlainTree["branch"]>, value: number): boolean {
  const { mode, split, members, missing } = branch;
  if (missing && Number.isNaN(value)) return true;
  switch (MODES[mode]) {
    case "LEQ":
      return value <= split;
    case "LT":
      return value < split;
    case "GTE":
      return value >= split;
    case "GT":
      return value > split;
    case "EQ":
      return value === split;
    case "NEQ":
      return value !== split;
    default:
      return members.includes(value);
  }
}

/** The nodes of the older operators, branches before what they lead to. */
export function listedAttributes(
  trees: readonly PlainTree[],
  votes: "class" | "target",
): AttributeLiterals {
  const nodes: Record<string, (number | string)[]> = {};
  const put = (name: string, value: number | string): void => {
    (nodes[name] ??= []).push(value);
  };
  for (const [at, root] of trees.entries()) {
    let last = 0;
    const visit = (tree: PlainTree, id: number): void => {
      const { branch } = tree;
      put("nodes_treeids", at);
      put("nodes_nodeids", id);
      put("nodes_hitrates", tree.hits);
      put("nodes_featureids", branch?.column ?? 0);
      put("nodes_values", branch?.split ?? 0);
      put("nodes_modes", branch ? `BRANCH_${MODES[branch.mode]}` : "LEAF");
      put("nodes_missing_value_tracks_true", branch?.missing ? 1 : 0);
      // The false child comes first in the file, so that nobody relies on an order.
      const [no, yes] = branch ? [(last += 1), (last += 1)] : [0, 0];
      put("nodes_truenodeids", yes);
      put("nodes_falsenodeids", no);
      for (const [target, weight] of tree.weights.entries()) {
        put(`${votes}_treeids`, at);
        put(`${votes}_nodeids`, id);
        put(`${votes}_ids`, target);
        put(`${votes}_weights`, weight);
      }
      if (!branch) return;
      visit(branch.no, no);
      visit(branch.yes, yes);
    };
    visit(root, 0);
  }
  return nodes as AttributeLiterals;
}

/** A TreeEnsemble of ai.onnx.ml 5. Its leaves vote for one target each. */
export function rootedAttributes(trees: readonly PlainTree[]): AttributeLiterals {
  const branches: NonNullable<PlainTree["branch"]>[] = [];
  const leaves: { weight: number; target: number }[] = [];
  const links: { leaf: boolean; at: number }[][] = [];
  const visit = (tree: PlainTree): { leaf: boolean; at: number } => {
    if (!tree.branch) {
      const target = tree.weights.findIndex((weight) => weight !== 0);
      leaves.push({ weight: tree.weights[target] ?? 0, target: Math.max(0, target) });
      return { leaf: true, at: leaves.length - 1 };
    }
    const at = branches.push(tree.branch) - 1;
    links[at] = [];
    const [yes, no] = [visit(tree.branch.yes), visit(tree.branch.no)];
    links[at] = [yes, no];
    return { leaf: false, at };
  };
  const roots = trees.map((tree) => visit(tree).at);
  const members = branches.flatMap(({ mode, members: of }) =>
    MODES[mode] === "MEMBER" ? [...of, Number.NaN] : [],
  );
  return {
    tree_roots: roots,
    nodes_featureids: branches.map(({ column }) => column),
    nodes_splits: floatTensor(
      [branches.length],
      branches.map(({ split }) => split),
    ),
    nodes_modes: {
      type: "uint8",
      dims: [branches.length],
      data: Uint8Array.from(branches, ({ mode }) => mode),
    },
    nodes_missing_value_tracks_true: branches.map(({ missing }) => (missing ? 1 : 0)),
    nodes_truenodeids: links.map(([yes]) => yes?.at ?? 0),
    nodes_trueleafs: links.map(([yes]) => (yes?.leaf ? 1 : 0)),
    nodes_falsenodeids: links.map(([, no]) => no?.at ?? 0),
    nodes_falseleafs: links.map(([, no]) => (no?.leaf ? 1 : 0)),
    leaf_targetids: leaves.map(({ target }) => target),
    leaf_weights: floatTensor(
      [leaves.length],
      leaves.map(({ weight }) => weight),
    ),
    ...(members.length === 0 ? {} : { membership_values: floatTensor([members.length], members) }),
  };
}

export type Operator = "TreeEnsembleRegressor" | "TreeEnsembleClassifier" | "TreeEnsemble";

/** A model of one ensemble: `x` [n, columns] to `score` (and `label`). */
export function ensembleModel(
  opType: Operator,
  columns: number,
  attributes: AttributeLiterals,
  type: "float32" | "float64" = "float32",
): Model {
  const b = GraphBuilder.empty(17);
  b.opsets.push({ domain: "ai.onnx.ml", version: opType === "TreeEnsemble" ? 5 : 3 });
  b.input("x", type, ["n", columns]);
  const outputs = opType === "TreeEnsembleClassifier" ? ["label", "score"] : ["score"];
  const node: Node = {
    opType,
    domain: "ai.onnx.ml",
    inputs: ["x"],
    outputs,
    attributes: attributesOf(attributes),
  };
  b.add(node);
  for (const name of outputs) b.output(name);
  return b.model();
}

/** The score of each row, as the interpreter of the toolkit has it. */
export function scoresOf(
  model: Model,
  rows: Float32Array,
  { columns, index }: { columns: number; index: number },
): number[] {
  const x: Numbers = numbers("float32", [rows.length / columns, columns], rows);
  const { dims, data } = interpret(model, { x })["score"] as Numbers;
  const width = dims[1] ?? 1;
  return Array.from({ length: dims[0] ?? 0 }, (_, row) => data[row * width + index] ?? 0);
}
