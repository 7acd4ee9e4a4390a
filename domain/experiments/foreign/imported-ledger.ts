import { fail, ok, type Result } from "../../result.ts";
import {
  type Encoding,
  GROWTHBOOK_BUCKETS,
  type HashScheme,
  UNLEASH_TOTAL_WEIGHT,
} from "../foreign-hash.ts";
import { append, type Ledger } from "../ledger.ts";
import { scale } from "../unit-position.ts";
import { WHOLE } from "../weight.ts";
import { bucketStart } from "./bucket-start.ts";

/** A split that runs elsewhere, with its variants in that system's order. */
export type ForeignSplit = GrowthbookSplit | UnleashSplit | FlagdSplit;

/** `ranges` are parts of [0, 1) and come before `weights` and `coverage`, as they do there. */
type GrowthbookSplit = {
  algorithm: "growthbook-v1" | "growthbook-v2";
  seed: string;
  weights: readonly number[];
  coverage?: number;
  ranges?: readonly (readonly [from: number, to: number])[];
  /** Who gets the units that take no part: the first variant if left out, as there. */
  control?: number;
};
/** `rollout` is a percentage. A flag without variants has the weights [0, 1] and the control 0. */
type UnleashSplit = {
  algorithm: "unleash";
  group_id: string;
  weights: readonly number[];
  rollout?: number;
  /** Who gets the units beyond the rollout: the first variant if left out. */
  control?: number;
  encoding?: Encoding;
};
type FlagdSplit = {
  algorithm: "flagd";
  flag_key: string;
  weights: readonly number[];
  encoding?: Encoding;
};

export type ForeignSplitError = { code: "split_invalid"; detail: string };

const LARGEST_UNLEASH_TOTAL = 1_000_000;
const LARGEST_FLAGD_TOTAL = 2 ** 31 - 1;

/**
 * The scheme and the intervals with which each unit gets the variant that it has there. Units that
 * take no part there (outside GrowthBook's coverage, beyond Unleash's rollout) get the control.
 * The ledger's weights are those that the other system really serves: 1/3 of 10,000 buckets is 0.3334.
 *
 * Not carried over: what a second hash decides (a namespace or filter of GrowthBook), overrides,
 * random stickiness, and assignments that a client has stored.
 */
export function importedLedger(
  split: ForeignSplit,
): Result<{ hash: HashScheme; ledger: Ledger }, ForeignSplitError> {
  const variants = ("ranges" in split ? split.ranges : undefined) ?? split.weights;
  if (variants.length === 0) return refuse("a split has at least one variant");
  const control = "control" in split ? (split.control ?? 0) : 0;
  if (!Number.isInteger(control) || control < 0 || control >= variants.length)
    return refuse(`there is no variant ${control} to be the control`);
  switch (split.algorithm) {
    case "growthbook-v1":
    case "growthbook-v2":
      return fromGrowthbook(split, control);
    case "unleash":
      return fromUnleash(split, control);
    case "flagd":
      return fromFlagd(split);
  }
}

const refuse = (detail: string): Result<never, ForeignSplitError> =>
  fail({ code: "split_invalid", detail });

function fromGrowthbook(
  split: GrowthbookSplit,
  control: number,
): Result<{ hash: HashScheme; ledger: Ledger }, ForeignSplitError> {
  const { algorithm, seed } = split;
  const ranges = split.ranges ?? growthbookRanges(split.weights, split.coverage ?? 1);
  if (!ranges.flat().every(Number.isFinite)) return refuse("a weight or range is not a number");
  const count = GROWTHBOOK_BUCKETS[algorithm];
  const ledger: Ledger = { ends: [], owners: [] };
  for (let bucket = 0; bucket < count; bucket++) {
    const share = bucket / count;
    const variant = ranges.findIndex(([from, to]) => share >= from && share < to);
    append(ledger, bucketStart(bucket + 1, count, WHOLE), variant === -1 ? control : variant);
  }
  return ok({ hash: { algorithm, seed }, ledger });
}

/** In the peer's order of operations, since its rounding decides about buckets. */
function growthbookRanges(weights: readonly number[], coverage: number): [number, number][] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const isFar = total < 0.99 || total > 1.01;
  const covered = Math.min(1, Math.max(0, coverage));
  let end = 0;
  return weights.map((given) => {
    const weight = isFar ? 1 / weights.length : given;
    const start = end;
    end += weight;
    return [start, start + covered * weight];
  });
}

function fromUnleash(
  split: UnleashSplit,
  control: number,
): Result<{ hash: HashScheme; ledger: Ledger }, ForeignSplitError> {
  const { algorithm, group_id, weights, encoding } = split;
  const asked = split.rollout ?? 100;
  if (!(asked >= 0 && asked <= 100)) return refuse("a rollout is a percentage from 0 to 100");
  const rollout = Math.floor(asked);
  const total = wholeTotal(weights, LARGEST_UNLEASH_TOTAL);
  if (total === null)
    return refuse(`weights are whole numbers, and sum to 1 to ${LARGEST_UNLEASH_TOTAL}`);

  const ledger: Ledger = { ends: [], owners: [] };
  const span = bucketStart(rollout, 100, WHOLE);
  let sum = 0;
  for (const [variant, weight] of weights.entries()) {
    sum += weight;
    append(ledger, bucketStart(sum, total, span), variant);
  }
  append(ledger, WHOLE, control);
  const hash: HashScheme = {
    algorithm,
    group_id,
    ...(rollout === 100 ? {} : { rollout }),
    ...(total === UNLEASH_TOTAL_WEIGHT ? {} : { total_weight: total }),
    ...(encoding ? { encoding } : {}),
  };
  return ok({ hash, ledger });
}

function fromFlagd(
  split: FlagdSplit,
): Result<{ hash: HashScheme; ledger: Ledger }, ForeignSplitError> {
  const { algorithm, flag_key, encoding } = split;
  const weights = split.weights.map((weight) => Math.max(0, weight));
  const total = wholeTotal(weights, LARGEST_FLAGD_TOTAL);
  if (total === null)
    return refuse(`weights are whole numbers, and sum to 1 to ${LARGEST_FLAGD_TOTAL}`);

  const ledger: Ledger = { ends: [], owners: [] };
  let sum = 0n;
  for (const [variant, weight] of weights.entries()) {
    sum += BigInt(weight);
    // The first hash with (hash * total) >> 32 at or beyond the sum.
    const first = ((sum << 32n) + BigInt(total) - 1n) / BigInt(total);
    append(ledger, scale(Number(first), 0), variant);
  }
  return ok({ hash: { algorithm, flag_key, ...(encoding ? { encoding } : {}) }, ledger });
}

function wholeTotal(weights: readonly number[], most: number): number | null {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const areWhole = weights.every((weight) => Number.isInteger(weight) && weight >= 0);
  return areWhole && total >= 1 && total <= most ? total : null;
}
