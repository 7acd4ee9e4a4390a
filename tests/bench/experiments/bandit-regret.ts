import {
  type BanditPolicy,
  banditWeights,
  worthReweighing,
} from "../../../domain/experiments/bandit.ts";
import { apportion } from "../../../domain/experiments/apportion.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { binomialDraw } from "../../../domain/statistics/binomial-draw.ts";
import { type Random, seededRandom } from "../../../domain/statistics/random.ts";
import { meanOf, type Options, type Row, whole } from "./row.ts";

const RATES = [0.05, 0.06, 0.08];
const BEST = Math.max(...RATES);
const REQUESTS_PER_SECOND = 10;
const MINUTES = 90;
const REQUESTS = MINUTES * 60 * REQUESTS_PER_SECOND;
const POLICY: BanditPolicy = {
  metric: "conversion_rate",
  objective: "maximize",
  algorithm: "thompson",
  minimum_share: 0.01 * WHOLE,
};

const DELAYS = [
  { name: "every outcome", requests: 1 },
  { name: "every 100", requests: 100 },
  { name: "every 1,000", requests: 1_000 },
  { name: "every 15 minutes, GrowthBook's shortest,", requests: 900 * REQUESTS_PER_SECOND },
  { name: "hourly, as Statsig,", requests: 3_600 * REQUESTS_PER_SECOND },
];

/** What a bandit loses by looking at its outcomes later: the same rules, asked less often. */
export function measureBanditRegret({ quick }: Options): Row[] {
  const seeds = quick ? 2 : 20;
  const measured = DELAYS.map(({ name, requests }) => {
    const regrets = Array.from({ length: seeds }, (_, seed) =>
      regretOf(requests, seededRandom(`bandit/${seed}`)),
    );
    const mean = meanOf(regrets);
    const variance = meanOf(regrets.map((regret) => (regret - mean) ** 2)) / (seeds - 1);
    return { name, mean, written: `${whole(mean)} ± ${whole(Math.sqrt(variance))}` };
  });
  const [ours, ...later] = measured;
  if (!ours) return [];
  return [
    {
      measure: `conversions lost by a bandit of ${RATES.join("/")} in ${MINUTES} minutes at ${REQUESTS_PER_SECOND} a second`,
      ours: `${ours.written} with ${ours.name}`,
      peers: later.map(({ name, mean, written }) => ({
        name,
        value: written,
        ratio: (ours.mean / mean).toFixed(2),
      })),
      how: `simulation of domain/experiments/bandit.ts with each delay, mean of ${seeds} seeds ± standard error; in equal parts it is ${whole(regretOfEqualParts())}`,
    },
  ];
}

const regretOfEqualParts = (): number => REQUESTS * (BEST - meanOf(RATES));

/** The expected conversions that were not had, for outcomes that are looked at `delay` at a time. */
function regretOf(delay: number, random: Random): number {
  const arms = RATES.map(() => ({ successes: 0, trials: 0 }));
  let weights = apportion(
    WHOLE,
    RATES.map(() => 1),
  );
  let regret = 0;
  for (let served = 0; served < REQUESTS; served += delay) {
    let left = Math.min(delay, REQUESTS - served);
    let units = WHOLE;
    for (const [index, arm] of arms.entries()) {
      const weight = weights[index] ?? 0;
      const trials = units > 0 ? binomialDraw(random, left, Math.min(1, weight / units)) : 0;
      left -= trials;
      units -= weight;
      const rate = RATES[index] ?? 0;
      arm.trials += trials;
      arm.successes += binomialDraw(random, trials, rate);
      regret += trials * (BEST - rate);
    }
    const next = banditWeights(
      POLICY,
      arms.map((arm) => ({ kind: "rate", ...arm })),
    );
    if (worthReweighing(weights, next)) weights = next;
  }
  return regret;
}
