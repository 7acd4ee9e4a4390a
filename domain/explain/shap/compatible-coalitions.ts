import type { Random } from "../../statistics/random.ts";
import { coalitionBudget, refuseTooMany } from "./coalition-budget.ts";
import { nextCombination } from "./next-combination.ts";
import type { WeighedCoalitions } from "./selected-regression.ts";
import { shuffle } from "./shuffle.ts";

/** Coalitions as they are found; `count` of them so far. */
type Found = { players: number; masks: Uint8Array; weights: Float64Array; count: number };

/** The coalitions of one size, with their complements where those have another; `mass` is their share of the kernel. */
type SizeClass = { size: number; isPaired: boolean; coalitions: number; mass: number };

/**
 * The coalitions that shap's KernelExplainer takes, with its weights: whole sizes as long as the
 * budget that is left gives each coalition a sample; then draws, where a coalition that comes again
 * gains weight, scaled to the mass that is left. As there, at most four draws are made for each
 * sample, and half of a pair may be the last.
 */
export function compatibleCoalitions(
  players: number,
  { samples = "auto", random }: { samples?: number | "auto"; random: Random },
): WeighedCoalitions {
  const budget = coalitionBudget(players, samples);
  refuseTooMany(players, budget);
  const found: Found = {
    players,
    masks: new Uint8Array(budget * players),
    weights: new Float64Array(budget),
    count: 0,
  };
  const classes = sizeClasses(players);
  const sampled = classes.slice(wholeClasses(classes, budget));
  for (const whole of classes.slice(0, classes.length - sampled.length)) addWhole(found, whole);
  if (sampled.length > 0) addDrawn(found, sampled, random);
  return {
    players,
    masks: found.masks.subarray(0, found.count * players),
    weights: found.weights.subarray(0, found.count),
    complete: sampled.length === 0,
  };
}

function sizeClasses(players: number): SizeClass[] {
  const classes: SizeClass[] = [];
  let coalitions = 1;
  for (let size = 1; 2 * size <= players; size += 1) {
    coalitions = (coalitions * (players - size + 1)) / size;
    const isPaired = 2 * size < players;
    const mass = (isPaired ? 2 : 1) / (size * (players - size));
    classes.push({ size, isPaired, coalitions: isPaired ? 2 * coalitions : coalitions, mass });
    coalitions = Math.round(coalitions);
  }
  const total = classes.reduce((sum, { mass }) => sum + mass, 0);
  return classes.map((one) => ({ ...one, mass: one.mass / total }));
}

/** How many of the classes, from the first, the budget covers. */
function wholeClasses(classes: readonly SizeClass[], budget: number): number {
  let [left, massLeft] = [budget, 1];
  for (const [at, { coalitions, mass }] of classes.entries()) {
    if ((left * mass) / massLeft / coalitions < 1 - 1e-8) return at;
    left -= coalitions;
    massLeft -= mass;
  }
  return classes.length;
}

function addWhole(found: Found, { size, isPaired, coalitions, mass }: SizeClass): void {
  const members = Int32Array.from({ length: size }, (_, at) => at);
  for (let done = 0; done < coalitions; done += isPaired ? 2 : 1) {
    addCoalition(found, members, mass / coalitions, false);
    if (isPaired) addCoalition(found, members, mass / coalitions, true);
    nextCombination(members, found.players);
  }
}

function addDrawn(found: Found, classes: readonly SizeClass[], random: Random): void {
  const { players, weights } = found;
  const from = found.count;
  const budget = weights.length;
  const places = new Map<string, number>();
  const order = Int32Array.from({ length: players }, (_, player) => player);
  for (let draws = 4 * (budget - from); draws > 0 && found.count < budget; draws -= 1) {
    const { size, isPaired } = drawClass(classes, random);
    const members = shuffle(order, random, size).slice(0, size).sort();
    const key = String.fromCharCode(...members);
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, found.count);
      addCoalition(found, members, 1, false);
      if (isPaired && found.count < budget) addCoalition(found, members, 1, true);
    } else
      for (let at = place; at <= place + Number(isPaired); at += 1)
        weights[at] = (weights[at] ?? 0) + 1;
  }
  const drawn = weights.subarray(from, found.count);
  const mass = classes.reduce((sum, { mass }) => sum + mass, 0);
  const scale = mass / drawn.reduce((sum, weight) => sum + weight, 0);
  for (let at = 0; at < drawn.length; at += 1) drawn[at] = (drawn[at] ?? 0) * scale;
}

/** A paired class with half its chance, as each of its draws makes two coalitions. */
function drawClass(classes: readonly SizeClass[], random: Random): SizeClass {
  const chance = ({ isPaired, mass }: SizeClass): number => (isPaired ? mass / 2 : mass);
  let left = random.uniform() * classes.reduce((sum, one) => sum + chance(one), 0);
  const drawn = classes.find((one) => (left -= chance(one)) < 0) ?? classes.at(-1);
  if (drawn === undefined) throw new Error("there is no size to draw");
  return drawn;
}

function addCoalition(
  found: Found,
  members: Int32Array,
  weight: number,
  isComplement: boolean,
): void {
  const { players, masks, weights, count } = found;
  const mask = masks.subarray(count * players, (count + 1) * players);
  mask.fill(isComplement ? 1 : 0);
  for (const member of members) mask[member] = isComplement ? 0 : 1;
  weights[count] = weight;
  found.count += 1;
}
