import { ExplainFault } from "../explain-fault.ts";
import type { Estimate } from "../estimate.ts";
import type { Background, Groups } from "../game.ts";
import type { Rows } from "../rows.ts";
import { coverShares } from "./covers.ts";
import { coveredInteractions, coveredMean, coveredRoutes } from "./covered-routes.ts";
import { pairedInteractions } from "./paired-interactions.ts";
import { pairedRoutes } from "./paired-routes.ts";
import { patternTables, treesWithTables, type Decided } from "./pattern-tables.ts";
import { playersOf, type Players } from "./players.ts";
import { linked, secantWeights } from "./secant-weights.ts";
import { decide, marginsOf, type TreeModel } from "./tree-model.ts";

export type TreeShapOptions = {
  /**
   * What a coalition is worth: the mean over the background with the coalition's columns set to
   * the instance's (interventional), or the mean over the leaves by the training's share of each
   * branch that asks for what is not known (path_dependent).
   */
  mode: "interventional" | "path_dependent";
  /** Rows of the ensemble's columns (`treeColumns`), of `TreeModel.columns` each; path_dependent needs none where the model holds hit rates. */
  background: Background | null;
  /**
   * The sum of the trees, or the score. Through a sigmoid or softmax, a probability's contributions
   * are not Shapley values of the probability: those of the margins are rescaled for each row of
   * the background by the mean slope between the row and the instance (interventional only).
   */
  scale: "raw" | "probability";
  /** The elements of the model's row that are one player each; by default each element is one, up to the last that the ensemble's columns come from. */
  groups?: Groups;
};

export type TreeExplainer = {
  readonly players: number;
  /** Explains a row of the ensemble's columns (`treeColumns`). */
  readonly explain: (row: Rows, options?: { interactions?: boolean }) => Estimate;
};

/** Decisions of a whole background: bytes. */
const MOST_DECISIONS = 2 ** 29;
/** Interaction values of an explanation: numbers. */
const MOST_PAIRS = 2 ** 24;

/**
 * Makes ready to explain rows by exact SHAP values. Throws `ExplainFault`: background_missing,
 * option_invalid, value_invalid.
 */
export function prepareTreeShap(model: TreeModel, options: TreeShapOptions): TreeExplainer {
  const lens = lensOf(model, options.scale);
  const { owners, count, isWhole } = ownersOf(model, options.groups);
  const players = playersOf(model.trees, owners, count);
  const background = options.background && decidedOf(lens, options.background);
  const context = { lens, players, isWhole };
  if (options.mode === "interventional") {
    if (background === null)
      throw new ExplainFault(
        "background_missing",
        "interventional values compare with a background; give one, or ask for path_dependent",
        "background",
      );
    return explainerOf(context, interventional(context, background));
  }
  if (lens.link !== "identity")
    throw new ExplainFault(
      "option_invalid",
      "a probability made of margins is explained by interventional values only; ask for those, or for the scale raw",
      "scale",
    );
  return explainerOf(context, pathDependent(context, background));
}

/** The model as it is explained: on the raw scale the target's margin is the score. */
function lensOf(model: TreeModel, scale: TreeShapOptions["scale"]): TreeModel {
  if (scale === "probability" || (model.link === "identity" && model.margins === 1)) return model;
  const { margins, target } = model;
  return {
    ...model,
    margins: 1,
    target: 0,
    link: "identity",
    base: model.base.slice(target, target + 1),
    values: model.values.filter((_, at) => at % margins === target),
  };
}

/** The player of each column, and whether every column that a tree reads has one. */
function ownersOf(
  { trees, sources, columns }: TreeModel,
  groups: Groups | undefined,
): { owners: Int32Array; count: number; isWhole: boolean } {
  const elements = sources.reduce((most, source) => Math.max(most, source + 1), 0);
  if (groups === undefined) return { owners: sources, count: elements, isWhole: true };
  const playerOf = new Map<number, number>();
  for (const [player, members] of groups.entries())
    for (const member of members) {
      if (playerOf.has(member))
        throw new ExplainFault(
          "option_invalid",
          `element ${member} of a row is in two groups`,
          "groups",
        );
      playerOf.set(member, player);
    }
  const owners = sources.map((source) => playerOf.get(source) ?? -1);
  const isRead = new Uint8Array(columns);
  for (const column of trees.column) if (column >= 0) isRead[column] = 1;
  const isWhole = owners.every((owner, column) => owner >= 0 || isRead[column] === 0);
  return { owners, count: groups.length, isWhole };
}

function decidedOf(model: TreeModel, { rows, count, weights }: Background): Decided {
  const { nodes } = model.trees;
  if (count === 0 || rows.length !== count * model.columns || weights.length !== count)
    throw new ExplainFault(
      "value_invalid",
      `the background has ${rows.length} numbers and ${weights.length} weights, where ${count} rows of ${model.columns} columns are expected, at least one`,
      "background",
    );
  if (count * nodes > MOST_DECISIONS)
    throw new ExplainFault(
      "option_invalid",
      `${count} background rows are too many for ${nodes} nodes; give at most ${Math.floor(MOST_DECISIONS / nodes)}`,
      "background",
    );
  const decisions = new Uint8Array(count * nodes);
  for (let row = 0; row < count; row += 1)
    decide(model, rows, row * model.columns, decisions.subarray(row * nodes, (row + 1) * nodes));
  return { decisions, count, weights };
}

type Context = { lens: TreeModel; players: Players; isWhole: boolean };

/** A way to compute values; all of them leave alone who is never asked. */
type Method = {
  /** The score where nothing is known. */
  readonly base: number;
  readonly values: (decisions: Uint8Array, margins: Float64Array, values: Float64Array) => void;
  /** Fills in the pairs off the diagonal. */
  readonly pairs: (decisions: Uint8Array, margins: Float64Array, pairs: Float64Array) => void;
};

function interventional({ lens, players }: Context, background: Decided): Method {
  const { trees, margins, target, link } = lens;
  const rowMargins = Array.from({ length: background.count }, (_, row) =>
    marginsOf(lens, background.decisions, row * trees.nodes),
  );
  const base = rowMargins.reduce(
    (sum, found, row) => sum + (background.weights[row] ?? 0) * linked(link, found, target),
    0,
  );
  const weights = new Float64Array(background.count * margins);
  const slopes = new Float64Array(margins);
  const weigh = (instance: Float64Array): Float64Array => {
    if (link === "identity") return background.weights;
    for (const [row, found] of rowMargins.entries()) {
      secantWeights(lens, instance, found, slopes);
      const own = background.weights[row] ?? 0;
      for (let margin = 0; margin < margins; margin += 1)
        weights[row * margins + margin] = own * (slopes[margin] ?? 0);
    }
    return weights;
  };
  // The slopes differ from instance to instance, so that no table can be made of them.
  const all = Array.from(players.most, (_, tree) => tree);
  const { tabled, others } =
    link === "identity" ? treesWithTables(trees, players) : { tabled: [], others: all };
  const byTable = patternTables(trees, players, tabled, { values: lens.values, background });
  const byPairs = pairedRoutes(trees, players, others, lens, background);
  const interactions = pairedInteractions(trees, players, lens, background);
  return {
    base,
    values: (decisions, instance, values) => {
      byTable(decisions, values);
      byPairs(decisions, weigh(instance), values);
    },
    pairs: (decisions, instance, pairs) => {
      interactions(decisions, weigh(instance), pairs);
    },
  };
}

function pathDependent({ lens, players }: Context, background: Decided | null): Method {
  const { trees, values: own } = lens;
  const shares = coverShares(trees, background);
  const routes = coveredRoutes(trees, players, { values: own, shares });
  return {
    base: (lens.base[0] ?? 0) + coveredMean(trees, { values: own, shares }),
    values: (decisions, _, values) => {
      routes(decisions, values);
    },
    pairs: (decisions, _, pairs) => {
      coveredInteractions(routes, players, decisions, pairs);
    },
  };
}

function explainerOf({ lens, players, isWhole }: Context, method: Method): TreeExplainer {
  const { count } = players;
  const decisions = new Uint8Array(lens.trees.nodes);
  function explain(row: Rows, { interactions = false } = {}): Estimate {
    if (row.length !== lens.columns)
      throw new ExplainFault(
        "value_invalid",
        `the trees read ${lens.columns} columns, and the row has ${row.length}`,
      );
    decide(lens, row, 0, decisions);
    const margins = marginsOf(lens, decisions);
    const prediction = linked(lens.link, margins, lens.target);
    const values = new Float64Array(count);
    method.values(decisions, margins, values);
    // What nobody owns is the instance's on both sides: the base is another for each instance.
    const sum = values.reduce((total, value) => total + value, 0);
    return {
      base: isWhole ? method.base : prediction - sum,
      prediction,
      values,
      half_widths: new Float64Array(count),
      rows: 0,
      ...(interactions ? { interactions: pairsOf(margins, values) } : {}),
    };
  }

  function pairsOf(margins: Float64Array, values: Float64Array): Float64Array {
    if (count * count > MOST_PAIRS)
      throw new ExplainFault(
        "option_invalid",
        `${count} players have too many interactions; put them into at most ${Math.sqrt(MOST_PAIRS)} groups`,
        "interactions",
      );
    const pairs = new Float64Array(count * count);
    method.pairs(decisions, margins, pairs);
    for (let player = 0; player < count; player += 1) {
      const from = player * count;
      const others = pairs.subarray(from, from + count).reduce((sum, pair) => sum + pair, 0);
      pairs[from + player] = (values[player] ?? 0) - others;
    }
    return pairs;
  }
  return { players: count, explain };
}
