import { fail, ok, type Result } from "../result.ts";
import { type NormalPosterior, rankBetas, rankNormals } from "../statistics/probability-best.ts";
import { apportion } from "./apportion.ts";
import { WHOLE } from "./weight.ts";

export type BanditPolicy = {
  metric: string;
  objective: "maximize" | "minimize";
  algorithm: "thompson" | "top_two";
  /** What every arm gets whatever its evidence, as units of 10^-12. */
  minimum_share: number;
};

/** What is known of one arm's metric: a counted rate, or a mean with its unbiased sample variance. */
export type ArmEvidence =
  | { kind: "rate"; successes: number; trials: number }
  | { kind: "mean"; count: number; mean: number; variance: number };

export type BanditPolicyError = { code: "bandit_invalid"; pointer: string; detail: string };

export const MOST_ARMS = 20;

/** The policy, if so many arms can each have its minimum share. */
export function checkBanditPolicy(
  policy: BanditPolicy,
  arms: number,
): Result<BanditPolicy, BanditPolicyError> {
  const refused = (pointer: string, detail: string): Result<never, BanditPolicyError> =>
    fail({ code: "bandit_invalid", pointer, detail });
  if (arms < 2 || arms > MOST_ARMS)
    return refused("#/variants", `a bandit has from 2 to ${MOST_ARMS} variants, not ${arms}`);
  const { minimum_share } = policy;
  if (!Number.isSafeInteger(minimum_share) || minimum_share < 0 || minimum_share * arms > WHOLE)
    return refused(
      "#/bandit/minimum_share",
      `${arms} variants can each have at least 0 and at most 1/${arms}`,
    );
  return ok(policy);
}

/**
 * Weights of the arms, as units of 10^-12 that sum to exactly the whole, for a policy that `checkBanditPolicy` let pass.
 * All evidence describes a sample (RangeError if not); rates beside means count as the means of their 0s and 1s.
 *
 * With `thompson` an arm's share is the probability that it is the best (probability matching, Thompson 1933), so that a
 * position drawn by hash is a draw of the sampler and the share is the exact propensity. `top_two` gives half of that to
 * the best arm of the others, as if the leader were not there (top-two sampling with 1/2, Russo 2020, the runner-up taken
 * from the same posterior): fewer requests go to the leader, and more to finding out whether it is one.
 *
 * The minimum share m is added to, not cut out: w = m + (1 - k m) p keeps the order of the arms and moves smoothly.
 *
 * The prior is uniform for rates; for means it is worth one observation, see `meanPosteriors`.
 */
export function banditWeights(policy: BanditPolicy, arms: readonly ArmEvidence[]): number[] {
  const shares = sharesOf(policy, arms);
  const { minimum_share } = policy;
  const free = WHOLE - minimum_share * arms.length;
  return apportion(free, shares).map((units) => minimum_share + units);
}

/** The smallest total variation between the weights in force and new ones that is worth a new epoch. */
export const REWEIGH_STEP = 0.02;
/** Doublings of shares below this are not looked at: they move less than one request in a million. */
const SMALLEST_DOUBLING = WHOLE / 1_000_000;

/**
 * Whether new weights are different enough to be put in force. Every change begins an epoch: a stratum of the analysis,
 * an event, a table that all leases must fetch again. So a change must move at least 2% of the traffic, or double or
 * halve what an arm gets, which for an arm with little traffic matters long before that.
 */
export function worthReweighing(current: readonly number[], next: readonly number[]): boolean {
  const changes = current.map((units, arm) => ({ units, to: next[arm] ?? 0 }));
  const moved = changes.reduce((sum, { units, to }) => sum + Math.abs(to - units), 0) / 2;
  return (
    moved >= REWEIGH_STEP * WHOLE ||
    changes.some(({ units, to }) => {
      const larger = Math.max(units, to);
      return larger >= SMALLEST_DOUBLING && larger >= 2 * Math.min(units, to);
    })
  );
}

function sharesOf({ objective, algorithm }: BanditPolicy, arms: readonly ArmEvidence[]): number[] {
  const ranking = rankingOf(objective, arms);
  if (!ranking.ok) throw new RangeError(`the evidence of a bandit's arms is ${ranking.error.code}`);
  const { best, bestWithout } = ranking.value;
  if (algorithm === "thompson" || arms.length < 2) return best;
  return best.map((share, arm) => {
    const asRunnerUp = best.reduce(
      (sum, lead, leader) => sum + lead * (bestWithout[leader]?.[arm] ?? 0),
      0,
    );
    return (share + asRunnerUp) / 2;
  });
}

/** The best arm is the one with the largest value, so what is to be small is mirrored before it is ranked. */
function rankingOf(
  objective: BanditPolicy["objective"],
  arms: readonly ArmEvidence[],
): ReturnType<typeof rankBetas> {
  const rates = arms.filter((arm) => arm.kind === "rate");
  if (rates.length < arms.length) {
    const sign = objective === "minimize" ? -1 : 1;
    const posteriors = meanPosteriors(arms.map(asMean));
    return rankNormals(posteriors.map(({ mean, sd }) => ({ mean: sign * mean, sd })));
  }
  return rankBetas(
    rates.map(({ successes, trials }) => {
      const [alpha, beta] = [1 + successes, 1 + trials - successes];
      // Parameters below 1 are more successes than trials, or fewer than none.
      if (!(alpha >= 1 && beta >= 1)) return { alpha: NaN, beta: NaN };
      return objective === "minimize" ? { alpha: beta, beta: alpha } : { alpha, beta };
    }),
  );
}

type MeanEvidence = Extract<ArmEvidence, { kind: "mean" }>;

function asMean(arm: ArmEvidence): MeanEvidence {
  if (arm.kind === "mean") return arm;
  const { successes, trials } = arm;
  const mean = trials > 0 ? successes / trials : 0;
  const variance = trials > 1 ? (mean * (trials - successes)) / (trials - 1) : 0;
  return { kind: "mean", count: trials, mean, variance };
}

/**
 * The normal posterior of each mean, from a prior worth one observation: at the mean of all observations, with the largest
 * variance of any arm (unit information, Kass & Wasserman 1995). The variance of an arm's observations is averaged with
 * that same observation; an arm with fewer than two of them, or whose observations are all equal, has the largest variance
 * itself, so that it is explored. Where no arm has any variance, the largest distance of an arm from the mean of all
 * takes its place; where there is none, all arms are alike.
 */
function meanPosteriors(arms: readonly MeanEvidence[]): NormalPosterior[] {
  const count = arms.reduce((sum, arm) => sum + arm.count, 0);
  const centre =
    count > 0
      ? arms.reduce((sum, arm) => sum + (arm.count > 0 ? arm.mean * (arm.count / count) : 0), 0)
      : 0;
  const varies = (arm: MeanEvidence): boolean => arm.count >= 2 && arm.variance > 0;
  const seen = arms.filter((arm) => arm.count > 0);
  const widest = seen.some(varies)
    ? Math.max(...seen.filter(varies).map((arm) => arm.variance))
    : Math.max(0, ...seen.map((arm) => (arm.mean - centre) ** 2));
  return arms.map((arm) => {
    if (!isSample(arm)) return { mean: NaN, sd: NaN };
    const n = arm.count;
    const variance = varies(arm) ? ((n - 1) * arm.variance + widest) / n : widest;
    return {
      mean: n > 0 ? centre + (arm.mean - centre) * (n / (n + 1)) : centre,
      sd: Math.sqrt(variance / (n + 1)),
    };
  });
}

const isSample = ({ count, mean, variance }: MeanEvidence): boolean =>
  count >= 0 &&
  Number.isFinite(count) &&
  (count < 1 || Number.isFinite(mean)) &&
  (count < 2 || (variance >= 0 && Number.isFinite(variance)));
