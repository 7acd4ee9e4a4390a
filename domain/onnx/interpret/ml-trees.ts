import { attributeOf, intOf, intsOf, stringOf, tensorOf } from "../node.ts";
import { fromTensor, isNumbers, numbers } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import {
  classified,
  featureRows,
  labelsOf,
  postTransformOf,
  transformed,
  verdictOf,
  verdictOfOne,
} from "./ml-scores.ts";

type Vote = { readonly target: number; readonly weight: number };
type Leaf = { readonly votes: readonly Vote[] };
type Branch = {
  readonly feature: number;
  readonly holds: (value: number) => boolean;
  yes: Tree;
  no: Tree;
};
type Tree = Leaf | Branch;

/** The comparisons by the codes of TreeEnsemble; the older operators name them. */
const MODES = ["LEQ", "LT", "GTE", "GT", "EQ", "NEQ", "MEMBER"] as const;
type Mode = (typeof MODES)[number];

/** Whether a value takes the true branch; a missing one (NaN) where the node says so. */
function comparison(
  mode: Mode,
  split: number,
  members: ReadonlySet<number>,
  takesMissing: boolean,
): (value: number) => boolean {
  const compare: Record<Mode, (value: number) => boolean> = {
    LEQ: (value) => value <= split,
    LT: (value) => value < split,
    GTE: (value) => value >= split,
    GT: (value) => value > split,
    EQ: (value) => value === split,
    NEQ: (value) => value !== split,
    MEMBER: (value) => members.has(value),
  };
  return (value) => compare[mode](value) || (takesMissing && Number.isNaN(value));
}

/** The leaf that a row comes to. `depth` bounds the way, lest a circle be followed for ever. */
function leafOf(call: InterpreterCall, root: Tree, row: readonly number[], depth: number): Leaf {
  let tree = root;
  for (let step = 0; "holds" in tree; step += 1) {
    if (step > depth) throw call.fault("the nodes of a tree lead in a circle");
    tree = tree.holds(row[tree.feature] ?? Number.NaN) ? tree.yes : tree.no;
  }
  return tree;
}

/** Floats of an attribute, or of its variant that is a tensor of doubles. */
function floatsOf(call: InterpreterCall, name: string): readonly number[] {
  const tensor = tensorOf(call.node, `${name}_as_tensor`) ?? undefined;
  if (tensor === undefined) return attributeOf(call.node, name, "floats") ?? [];
  const value = fromTensor(tensor);
  return isNumbers(value) ? [...value.data] : [];
}

const integersOf = (call: InterpreterCall, name: string): readonly number[] =>
  intsOf(call.node, name) ?? [];

function modeOf(call: InterpreterCall, given: string | number | undefined): Mode {
  const found = MODES.find((mode, code) => given === `BRANCH_${mode}` || given === code);
  if (found !== undefined) return found;
  throw call.fault(`a node has the mode '${given ?? ""}', which is none`);
}

/** The trees of the operators that list nodes by tree and number, and votes (`class` or `target`) likewise. */
function listedTrees(call: InterpreterCall, votes: "class" | "target"): Tree[] {
  const trees = integersOf(call, "nodes_treeids");
  const ids = integersOf(call, "nodes_nodeids");
  const modes = attributeOf(call.node, "nodes_modes", "strings") ?? [];
  const features = integersOf(call, "nodes_featureids");
  const splits = floatsOf(call, "nodes_values");
  const missing = integersOf(call, "nodes_missing_value_tracks_true");
  const key = (tree: number | undefined, id: number | undefined): string => `${tree} ${id}`;

  const leafVotes = new Map<string, Vote[]>();
  const voters = integersOf(call, `${votes}_nodeids`);
  const targets = integersOf(call, `${votes}_ids`);
  const weights = floatsOf(call, `${votes}_weights`);
  for (const [at, tree] of integersOf(call, `${votes}_treeids`).entries()) {
    const leaf = key(tree, voters[at]);
    const vote = { target: targets[at] ?? 0, weight: weights[at] ?? 0 };
    leafVotes.set(leaf, [...(leafVotes.get(leaf) ?? []), vote]);
  }

  const nowhere: Leaf = { votes: [] };
  const nodes = new Map<string, Tree>();
  for (const [at, id] of ids.entries()) {
    const name = key(trees[at], id);
    if (modes[at] === "LEAF") nodes.set(name, { votes: leafVotes.get(name) ?? [] });
    else {
      const mode = modeOf(call, modes[at]);
      const holds = comparison(mode, splits[at] ?? 0, new Set(), missing[at] === 1);
      nodes.set(name, { feature: features[at] ?? 0, holds, yes: nowhere, no: nowhere });
    }
  }
  const children = [integersOf(call, "nodes_truenodeids"), integersOf(call, "nodes_falsenodeids")];
  for (const [at, id] of ids.entries()) {
    const node = nodes.get(key(trees[at], id));
    if (node === undefined || !("holds" in node)) continue;
    const [yes, no] = children.map((list) => nodes.get(key(trees[at], list[at])));
    if (yes === undefined || no === undefined) throw call.fault("a branch leads nowhere");
    Object.assign(node, { yes, no });
  }
  const firsts = new Map(trees.toReversed().map((tree, at) => [tree, ids[ids.length - 1 - at]]));
  return [...firsts].toReversed().map(([tree, id]) => nodes.get(key(tree, id)) ?? nowhere);
}

/** The trees of TreeEnsemble, whose branches and leaves are listed apart, each with its roots. */
function rootedTrees(call: InterpreterCall): Tree[] {
  const tensor = (name: string): readonly number[] => {
    const value = tensorOf(call.node, name);
    return value === undefined ? [] : Array.from<unknown, number>(value.data, Number);
  };
  const targets = integersOf(call, "leaf_targetids");
  const leaves = tensor("leaf_weights").map((weight, at): Leaf => ({
    votes: [{ target: targets[at] ?? 0, weight }],
  }));
  const splits = tensor("nodes_splits");
  const missing = integersOf(call, "nodes_missing_value_tracks_true");
  const features = integersOf(call, "nodes_featureids");
  const sets = memberSets(tensor("membership_values"));
  const nowhere: Leaf = { votes: [] };
  const branches = tensor("nodes_modes").map((code, at): Branch => {
    const mode = modeOf(call, code);
    const members = mode === "MEMBER" ? sets.shift() : undefined;
    const holds = comparison(mode, splits[at] ?? 0, members ?? new Set(), missing[at] === 1);
    return { feature: features[at] ?? 0, holds, yes: nowhere, no: nowhere };
  });
  const child = (side: "true" | "false", at: number): Tree => {
    const isLeaf = integersOf(call, `nodes_${side}leafs`)[at] === 1;
    const place = integersOf(call, `nodes_${side}nodeids`)[at] ?? -1;
    const found = (isLeaf ? leaves : branches)[place];
    if (found === undefined) throw call.fault("a branch leads nowhere");
    return found;
  };
  for (const [at, branch] of branches.entries()) {
    branch.yes = child("true", at);
    branch.no = child("false", at);
  }
  return integersOf(call, "tree_roots").map((root) => branches[root] ?? nowhere);
}

/** Sets are one after another, each ended by NaN. */
function memberSets(values: readonly number[]): Set<number>[] {
  const sets = [new Set<number>()];
  for (const value of values)
    if (Number.isNaN(value)) sets.push(new Set());
    else sets.at(-1)?.add(value);
  return sets;
}

const AGGREGATES = ["AVERAGE", "SUM", "MIN", "MAX"] as const;
type Aggregate = (typeof AGGREGATES)[number];

/** What the trees say of a row for each target, and the base values. */
function scoresOf(
  call: InterpreterCall,
  trees: readonly Tree[],
  row: readonly number[],
  { targets, aggregate }: { targets: number; aggregate: Aggregate },
): number[] {
  const depth = trees.length + integersOf(call, "nodes_featureids").length;
  const votes = trees.flatMap((tree) => leafOf(call, tree, row, depth).votes);
  const bases = floatsOf(call, "base_values");
  return Array.from({ length: targets }, (_, target) => {
    const weights = votes.filter((vote) => vote.target === target).map(({ weight }) => weight);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const value = {
      SUM: total,
      AVERAGE: total / trees.length,
      MIN: weights.length === 0 ? 0 : Math.min(...weights),
      MAX: weights.length === 0 ? 0 : Math.max(...weights),
    }[aggregate];
    return value + (bases[target] ?? 0);
  });
}

function regression(
  call: InterpreterCall,
  type: "float32" | "float64" | "float16",
  trees: readonly Tree[],
  aggregate: Aggregate,
) {
  const targets = intOf(call.node, "n_targets", 1);
  const rows = featureRows(call.numbers(0));
  const by = postTransformOf(call);
  const scores = rows.flatMap((row) =>
    transformed(scoresOf(call, trees, row, { targets, aggregate }), by),
  );
  return numbers(type, [rows.length, targets], scores);
}

export const treeEnsemble: InterpreterRule = (call) => {
  const { type } = call.numbers(0);
  const aggregate = AGGREGATES[intOf(call.node, "aggregate_function", 1)];
  if (aggregate === undefined) throw call.fault("'aggregate_function' is to be 0, 1, 2 or 3");
  const own = type === "float64" || type === "float16" ? type : "float32";
  return regression(call, own, rootedTrees(call), aggregate);
};

export const treeEnsembleRegressor: InterpreterRule = (call) => {
  const given = stringOf(call.node, "aggregate_function", "SUM");
  const aggregate = AGGREGATES.find((name) => name === given);
  if (aggregate === undefined)
    throw call.fault(`'aggregate_function' is to be one of ${AGGREGATES.join(", ")}`);
  return regression(call, "float32", listedTrees(call, "target"), aggregate);
};

/**
 * Where the leaves of two classes name the first only, as exporters write a binary forest, their
 * votes are the score of the second: it is chosen above a half if no weight is negative, else above
 * zero (as ONNX Runtime has it; the standard says nothing).
 */
export const treeEnsembleClassifier: InterpreterRule = (call) => {
  const labels = labelsOf(call, "classlabels_int64s");
  const trees = listedTrees(call, "class");
  const by = postTransformOf(call);
  const isOfOne = labels.length === 2 && integersOf(call, "class_ids").every((id) => id === 0);
  const isPositive = floatsOf(call, "class_weights").every((weight) => weight >= 0);
  const verdicts = featureRows(call.numbers(0)).map((row) => {
    const scores = scoresOf(call, trees, row, { targets: labels.length, aggregate: "SUM" });
    if (!isOfOne) return verdictOf(scores, by);
    return verdictOfOne(scores[0] ?? 0, by, {
      threshold: isPositive ? 0.5 : 0,
      other: (score) => (isPositive ? 1 - score : -score),
    });
  });
  return classified(labels, verdicts);
};
