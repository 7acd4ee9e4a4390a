import type { Node } from "../../onnx/model.ts";
import { attributeOf, intOf, intsOf, operatorOf, stringOf, tensorOf } from "../../onnx/node.ts";
import { ExplainFault } from "../explain-fault.ts";
import { MODES } from "./tree-model.ts";

export type Vote = { readonly target: number; readonly weight: number };

/** A node as the file lists it: a branch with the indices of its children, or a leaf with its votes. */
export type ListedNode = {
  readonly column: number;
  readonly mode: number;
  readonly split: number;
  readonly missing: boolean;
  readonly members?: ReadonlySet<number>;
  /** Samples of the training that passed; NaN where the file does not say. */
  readonly hits: number;
  readonly yes: number;
  readonly no: number;
  /** Null for a branch. */
  readonly votes: readonly Vote[] | null;
};

/** What an ensemble operator says, whichever of the three it is. */
export type Ensemble = {
  readonly nodes: readonly ListedNode[];
  readonly roots: readonly number[];
  /** How many sums the trees have: targets or classes. */
  readonly targets: number;
  readonly base: readonly number[];
  readonly aggregate: string;
  readonly transform: string;
  /** Whether it is a classifier, whose scores are its second output and which completes the score of one class of two. */
  readonly is_classifier: boolean;
};

const TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"] as const;
const AGGREGATES = ["AVERAGE", "SUM", "MIN", "MAX"] as const;

const READERS: Readonly<Record<string, (node: Node) => Ensemble>> = {
  "ai.onnx.ml.TreeEnsembleClassifier": (node) => ({
    ...listed(node, "class"),
    targets:
      attributeOf(node, "classlabels_strings", "strings")?.length ||
      integers(node, "classlabels_int64s").length,
    aggregate: "SUM",
    is_classifier: true,
  }),
  "ai.onnx.ml.TreeEnsembleRegressor": (node) => ({
    ...listed(node, "target"),
    targets: intOf(node, "n_targets", 1),
    aggregate: stringOf(node, "aggregate_function", "SUM"),
    is_classifier: false,
  }),
  "ai.onnx.ml.TreeEnsemble": rooted,
};

export const isEnsemble = (node: Node): boolean => Object.hasOwn(READERS, operatorOf(node));

/** Reads an ensemble operator; throws `ExplainFault` (method_unsupported) where it contradicts itself. */
export function readEnsemble(node: Node): Ensemble {
  const reader = READERS[operatorOf(node)];
  if (reader === undefined) throw new Error(`${operatorOf(node)} is no tree ensemble`);
  return reader(node);
}

export const unsupported = (message: string): ExplainFault =>
  new ExplainFault("method_unsupported", message, "method");

const integers = (node: Node, name: string): readonly number[] => intsOf(node, name) ?? [];

function tensorNumbers(node: Node, name: string): readonly number[] {
  const tensor = tensorOf(node, name);
  return tensor === undefined ? [] : Array.from<unknown, number>(tensor.data, Number);
}

/** Floats of an attribute, or of its variant that is a tensor. */
function floats(node: Node, name: string): readonly number[] {
  const found = tensorNumbers(node, `${name}_as_tensor`);
  return found.length > 0 ? found : (attributeOf(node, name, "floats") ?? []).map(Math.fround);
}

function modeOf(given: string | number | undefined): number {
  const found = MODES.findIndex((mode, code) => given === `BRANCH_${mode}` || given === code);
  if (found >= 0) return found;
  throw unsupported(`a node of a tree has the mode '${given ?? ""}', which is none of ONNX's`);
}

const LEAF = { column: -1, mode: 0, split: 0, missing: false, yes: -1, no: -1 } as const;

/** The operators that list nodes by tree and number, and votes (`class` or `target`) likewise. */
function listed(
  node: Node,
  votes: "class" | "target",
): Pick<Ensemble, "nodes" | "roots" | "base" | "transform"> {
  const trees = integers(node, "nodes_treeids");
  const ids = integers(node, "nodes_nodeids");
  const modes = attributeOf(node, "nodes_modes", "strings") ?? [];
  const columns = integers(node, "nodes_featureids");
  const splits = floats(node, "nodes_values");
  const hits = floats(node, "nodes_hitrates");
  const missing = integers(node, "nodes_missing_value_tracks_true");
  const yes = integers(node, "nodes_truenodeids");
  const no = integers(node, "nodes_falsenodeids");

  const places = new Map<string, number>();
  const roots = new Map<number | undefined, number>();
  for (const [at, id] of ids.entries()) {
    places.set(`${trees[at]} ${id}`, at);
    if (!roots.has(trees[at])) roots.set(trees[at], at);
  }
  const placeOf = (tree: number | undefined, id: number | undefined): number =>
    places.get(`${tree} ${id}`) ?? -1;
  const votesAt = votesByPlace(node, votes, placeOf);
  const nodes = ids.map((_, at): ListedNode => {
    const passed = hits[at] ?? Number.NaN;
    if (modes[at] === "LEAF") return { ...LEAF, hits: passed, votes: votesAt.get(at) ?? [] };
    return {
      column: columns[at] ?? 0,
      mode: modeOf(modes[at]),
      split: splits[at] ?? 0,
      missing: missing[at] === 1,
      hits: passed,
      yes: placeOf(trees[at], yes[at]),
      no: placeOf(trees[at], no[at]),
      votes: null,
    };
  });
  return {
    nodes,
    roots: [...roots.values()],
    base: floats(node, "base_values"),
    transform: stringOf(node, "post_transform", "NONE"),
  };
}

function votesByPlace(
  node: Node,
  votes: "class" | "target",
  placeOf: (tree: number | undefined, id: number | undefined) => number,
): Map<number, Vote[]> {
  const ids = integers(node, `${votes}_nodeids`);
  const targets = integers(node, `${votes}_ids`);
  const weights = floats(node, `${votes}_weights`);
  const found = new Map<number, Vote[]>();
  for (const [at, tree] of integers(node, `${votes}_treeids`).entries()) {
    const place = placeOf(tree, ids[at]);
    const vote = { target: targets[at] ?? 0, weight: weights[at] ?? 0 };
    const there = found.get(place);
    if (there) there.push(vote);
    else found.set(place, [vote]);
  }
  return found;
}

/** TreeEnsemble, whose branches and leaves are listed apart; its hit rates are of branches only and are not read. */
function rooted(node: Node): Ensemble {
  const modes = tensorNumbers(node, "nodes_modes");
  const splits = tensorNumbers(node, "nodes_splits");
  const weights = tensorNumbers(node, "leaf_weights");
  const columns = integers(node, "nodes_featureids");
  const missing = integers(node, "nodes_missing_value_tracks_true");
  const targets = integers(node, "leaf_targetids");
  const sets = memberSets(tensorNumbers(node, "membership_values"));
  const child = (side: "true" | "false"): ((at: number) => number) => {
    const ids = integers(node, `nodes_${side}nodeids`);
    const isLeaf = integers(node, `nodes_${side}leafs`);
    return (at) => (isLeaf[at] === 1 ? modes.length : 0) + (ids[at] ?? Number.NaN);
  };
  const [yes, no] = [child("true"), child("false")];
  const branches = modes.map((code, at): ListedNode => {
    const mode = modeOf(code);
    const members = MODES[mode] === "MEMBER" ? { members: sets.shift() ?? new Set<number>() } : {};
    return {
      column: columns[at] ?? 0,
      mode,
      split: splits[at] ?? 0,
      missing: missing[at] === 1,
      ...members,
      hits: Number.NaN,
      yes: yes(at),
      no: no(at),
      votes: null,
    };
  });
  const leaves = weights.map((weight, at): ListedNode => ({
    ...LEAF,
    hits: Number.NaN,
    votes: [{ target: targets[at] ?? 0, weight }],
  }));
  return {
    nodes: [...branches, ...leaves],
    roots: integers(node, "tree_roots"),
    targets: intOf(node, "n_targets", 1),
    base: [],
    aggregate: AGGREGATES[intOf(node, "aggregate_function", 1)] ?? "",
    transform: TRANSFORMS[intOf(node, "post_transform", 0)] ?? "",
    is_classifier: false,
  };
}

/** Sets are one after another, each ended by NaN. */
function memberSets(values: readonly number[]): Set<number>[] {
  const sets = [new Set<number>()];
  for (const value of values)
    if (Number.isNaN(value)) sets.push(new Set());
    else sets.at(-1)?.add(value);
  return sets;
}
