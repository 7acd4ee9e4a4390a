import { gaussLegendreRule } from "../../statistics/gauss-legendre.ts";
import type { Players } from "./players.ts";
import type { Trees } from "./tree-model.ts";

/** A player who is taken to be there, or not to be there, whatever the others do. */
export type Held = { readonly player: number; readonly is_there: boolean };

/**
 * Adds the contributions of an instance, whose decisions are given, to `values`. Where a player is
 * held, it gets none, and only the trees that ask it count.
 */
export type CoveredRoutes = (decisions: Uint8Array, values: Float64Array, held?: Held) => void;

/**
 * Path-dependent SHAP values (Lundberg et al. 2018), exact, in a time linear in nodes times distinct players.
 *
 * A leaf of value v gives a coalition v times a factor for each player on the way: o (1 where the
 * instance goes the way at all of the player's branches, else 0) for who is there, z (the product
 * of the cover shares) for who is not. The Shapley value is an integral of the multilinear extension
 * (Owen 1972): v times the integral over t of (o_i - z_i) times the product over the others of
 * z_j (1 - t) + o_j t. That is a polynomial in t, which Gauss-Legendre quadrature integrates
 * exactly with half as many nodes as there are players, in terms that never cancel. The walk
 * carries the product at each node of the quadrature down and sums over leaves up; a branch that
 * asks a player again replaces the player's share of below by a new one (as in Linear TreeSHAP,
 * Yu et al. 2022).
 */
export function coveredRoutes(
  trees: Trees,
  players: Players,
  { values: own, shares }: { values: Float64Array; shares: Float64Array },
): CoveredRoutes {
  const { roots, no, depth } = trees;
  const rules = new Map<number, Rule>();
  const ruleOf = (order: number): Rule => {
    const rule = rules.get(order) ?? ruleFor(order);
    rules.set(order, rule);
    return rule;
  };
  const most = players.most.reduce((found, distinct) => Math.max(found, distinct), 1);
  const stride = Math.ceil(most / 2);
  /** By level: the product on the way, and the sum over the leaves below, at each node of the quadrature. */
  const products = new Float64Array((depth + 1) * stride);
  const sums = new Float64Array((depth + 1) * stride);
  /** By level: one over the factor that the last branch gave its player. */
  const inverses = new Float64Array((depth + 1) * stride);
  /** The factors of each player as far as the walk has come: z, o as 0 or 1, and where its inverses lie. */
  const zs = new Float64Array(players.count);
  const os = new Uint8Array(players.count);
  const inversesAt = new Int32Array(players.count);
  let decided: Uint8Array = new Uint8Array();
  let found: Float64Array = new Float64Array();
  let order = 1;
  let { points, weights } = ruleOf(order);
  let held: Held | undefined;

  function visit(node: number, level: number): void {
    const at = level * stride;
    const other = no[node] ?? 0;
    if (other === 0) {
      const value = own[node] ?? 0;
      for (let q = 0; q < order; q += 1) sums[at + q] = value * (products[at + q] ?? 0);
      return;
    }
    sums.fill(0, at, at + order);
    const holds = decided[node] === 1;
    step(node, node + 1, holds, level);
    step(node, other, !holds, level);
  }

  /** Goes down to a child, adds what is below to the sums, and gives the player of the branch the share of it. */
  function step(node: number, child: number, isTaken: boolean, level: number): void {
    const player = players.of[node] ?? -1;
    const share = shares[child] ?? 0;
    if (player < 0 || player === held?.player) {
      const factor = player < 0 || held?.is_there === true ? Number(isTaken) : share;
      if (factor > 0) descend(child, level, factor);
      return;
    }
    const isAgain = players.again[node] === 1;
    const zBefore = isAgain ? (zs[player] ?? 0) : 1;
    const oBefore = isAgain ? (os[player] ?? 0) : 1;
    const z = zBefore * share;
    const o = isTaken ? oBefore : 0;
    // Whether the player is there or not, nothing that counts comes here.
    if (o === 0 && z < NEXT_TO_NOTHING) return;
    const at = level * stride;
    const below = at + stride;
    const before = inversesAt[player] ?? 0;
    for (let q = 0; q < order; q += 1) {
      const factor = z + (o - z) * (points[q] ?? 0);
      const replaced = isAgain ? (inverses[before + q] ?? 0) : 1;
      products[below + q] = (products[at + q] ?? 0) * factor * replaced;
      inverses[below + q] = 1 / factor;
    }
    zs[player] = z;
    os[player] = o;
    inversesAt[player] = below;
    visit(child, level + 1);
    zs[player] = zBefore;
    os[player] = oBefore;
    inversesAt[player] = before;
    let change = 0;
    for (let q = 0; q < order; q += 1) {
      const sum = sums[below + q] ?? 0;
      const replaced = isAgain ? (oBefore - zBefore) * (inverses[before + q] ?? 0) : 0;
      change += (weights[q] ?? 0) * sum * ((o - z) * (inverses[below + q] ?? 0) - replaced);
      sums[at + q] = (sums[at + q] ?? 0) + sum;
    }
    found[player] = (found[player] ?? 0) + change;
  }

  function descend(child: number, level: number, factor: number): void {
    const [at, below] = [level * stride, (level + 1) * stride];
    for (let q = 0; q < order; q += 1) products[below + q] = factor * (products[at + q] ?? 0);
    visit(child, level + 1);
    for (let q = 0; q < order; q += 1) sums[at + q] = (sums[at + q] ?? 0) + (sums[below + q] ?? 0);
  }

  /** By tree: who is asked in it. */
  const askedIn = Array.from(
    players.most,
    (_, tree) => new Set(players.of.subarray(roots[tree], roots[tree + 1])),
  );
  const asks = (tree: number, player: number): boolean => askedIn[tree]?.has(player) ?? false;

  return (decisions, values, holding) => {
    [decided, found, held] = [decisions, values, holding];
    for (let tree = 0; tree + 1 < roots.length; tree += 1) {
      if (held !== undefined && !asks(tree, held.player)) continue;
      order = Math.max(1, Math.ceil((players.most[tree] ?? 0) / 2));
      ({ points, weights } = ruleOf(order));
      products.fill(1, 0, order);
      visit(roots[tree] ?? 0, 0);
    }
  };
}

/** A share whose inverse is still finite. */
const NEXT_TO_NOTHING = 1e-200;

/** Quadrature over [0, 1]. */
type Rule = { readonly points: Float64Array; readonly weights: Float64Array };

function ruleFor(order: number): Rule {
  const { nodes, weights } = gaussLegendreRule(order);
  return {
    points: Float64Array.from(nodes, (node) => (1 + node) / 2),
    weights: Float64Array.from(weights, (weight) => weight / 2),
  };
}

/**
 * Adds the path-dependent Shapley interaction values to `pairs`, `players` x `players`, the diagonal
 * left alone: half of what a player's value is more where another is there than where it is not
 * (Lundberg et al. 2020).
 */
export function coveredInteractions(
  routes: CoveredRoutes,
  { of, count }: Players,
  decisions: Uint8Array,
  pairs: Float64Array,
): void {
  const asked = new Set(of);
  const [there, away] = [new Float64Array(count), new Float64Array(count)];
  for (let player = 0; player < count; player += 1) {
    if (!asked.has(player)) continue;
    there.fill(0);
    away.fill(0);
    routes(decisions, there, { player, is_there: true });
    routes(decisions, away, { player, is_there: false });
    for (let other = 0; other < count; other += 1)
      pairs[other * count + player] = ((there[other] ?? 0) - (away[other] ?? 0)) / 2;
  }
}

/** What the trees say on the average over the covers, without the base. */
export function coveredMean(
  trees: Trees,
  { values, shares }: { values: Float64Array; shares: Float64Array },
): number {
  const reached = new Float64Array(trees.nodes);
  let mean = 0;
  for (const root of trees.roots.subarray(0, -1)) reached[root] = 1;
  for (let node = 0; node < trees.nodes; node += 1) {
    const here = reached[node] ?? 0;
    const other = trees.no[node] ?? 0;
    if (other === 0) mean += here * (values[node] ?? 0);
    else {
      reached[node + 1] = here * (shares[node + 1] ?? 0);
      reached[other] = here * (shares[other] ?? 0);
    }
  }
  return mean;
}
