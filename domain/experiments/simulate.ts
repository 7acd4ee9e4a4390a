import { fail, ok, type Result } from "../result.ts";
import { binomialDraw } from "../statistics/binomial-draw.ts";
import { isEvidenceAgainst } from "../statistics/e-values.ts";
import { type EventStratum, eventShareTest } from "../statistics/event-share-test.ts";
import { type Random, seededRandom } from "../statistics/random.ts";

export type SimulatedStep = {
  /** The canary's share of the requests, above 0 and at most 1: the last step of a ramp, which compares nothing. */
  share: number;
  hold_seconds: number;
  /** Requests of the canary before the step ends. */
  minimum_outcomes: number;
};

export type SimulationPlan = {
  /** Probability that a request of either arm has the event, such as an error or a conversion. */
  control_rate: number;
  variant_rate: number;
  /** Whether a higher or a lower rate than control's is what must not happen. */
  harm: "higher" | "lower";
  /** Of both arms together. */
  requests_per_second: number;
  steps: readonly SimulatedStep[];
  /** Rolls back on always-valid evidence at level `alpha` that the ratio of the rates is worse than `margin` >= 1. */
  rule: { alpha: number; margin: number };
  replications: number;
  /** Requests of both arms after which a replication ends. */
  horizon_requests: number;
  seed: string | number;
};

/** Of all replications; null where so many did not roll back. */
export type Quantiles = { p10: number | null; p50: number | null; p90: number | null };

export type Simulation = {
  /** The share of replications that rolled back: power when the variant is worse, false alarms when it is not. */
  rolled_back: number;
  /** The share that went through every step, and the share that met the horizon before. */
  completed: number;
  undecided: number;
  to_rollback: { seconds: Quantiles; requests: Quantiles; canary_requests: Quantiles };
  /** What the canary served before the end, by replication on average. */
  canary: {
    requests: number;
    events: number;
    /** Requests that went wrong and would not have in control: the difference of the rates times the requests, or 0. */
    harmed_requests: number;
  };
};

export type SimulationError = { code: "invalid_parameter"; pointer: string; detail: string };

/** How much of the requests so far may come between two looks at the evidence. */
const LOOK_GROWTH = 0.01;

/**
 * Plays a planned experiment against synthetic traffic: each request is the canary's with its step's share and has the event
 * with its arm's rate. The evidence is `eventShareTest`'s, a step a stratum. It is looked at after every request of the first
 * 100 and then each time requests have grown by 1%, so times to a rollback are at most 1% late; and a rule that looks more
 * often rolls back slightly more often, at most alpha of the harmless canaries. The same plan gives the same answer.
 */
export function simulateExperiment(plan: SimulationPlan): Result<Simulation, SimulationError> {
  const invalid = findInvalid(plan);
  if (invalid) return fail({ code: "invalid_parameter", ...invalid });
  const runs = Array.from({ length: plan.replications }, (_, replication) =>
    replicate(plan, seededRandom(`${plan.seed}/${replication}`)),
  );
  const shareOf = (conclusion: Run["conclusion"]): number =>
    runs.filter((run) => run.conclusion === conclusion).length / runs.length;
  const average = (of: (run: Run) => number): number =>
    runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  const canaryRequests = average((run) => run.canaryRequests);
  const worsening = (plan.harm === "higher" ? 1 : -1) * (plan.variant_rate - plan.control_rate);
  return ok({
    rolled_back: shareOf("rolled_back"),
    completed: shareOf("completed"),
    undecided: shareOf("undecided"),
    to_rollback: {
      seconds: quantilesOf(runs, (run) => run.requests / plan.requests_per_second),
      requests: quantilesOf(runs, (run) => run.requests),
      canary_requests: quantilesOf(runs, (run) => run.canaryRequests),
    },
    canary: {
      requests: canaryRequests,
      events: average((run) => run.canaryEvents),
      harmed_requests: canaryRequests * Math.max(0, worsening),
    },
  });
}

type Run = {
  conclusion: "rolled_back" | "completed" | "undecided";
  requests: number;
  canaryRequests: number;
  canaryEvents: number;
};

function replicate(plan: SimulationPlan, random: Random): Run {
  const run: Run = { conclusion: "completed", requests: 0, canaryRequests: 0, canaryEvents: 0 };
  const strata: EventStratum[] = [];
  for (const step of plan.steps) {
    const stratum: EventStratum = { share: step.share, events_variant: 0, events_control: 0 };
    strata.push(stratum);
    const until = run.requests + Math.ceil(step.hold_seconds * plan.requests_per_second);
    const enough = run.canaryRequests + step.minimum_outcomes;
    while (run.requests < until || run.canaryRequests < enough) {
      const left = plan.horizon_requests - run.requests;
      if (left === 0) return { ...run, conclusion: "undecided" };
      const grown = Math.max(1, Math.floor(run.requests * LOOK_GROWTH));
      const chunk = Math.min(left, grown, run.requests < until ? until - run.requests : grown);
      const events = serve(plan, step.share, chunk, run, stratum, random);
      if (events > 0 && isHarmful(plan, strata)) return { ...run, conclusion: "rolled_back" };
    }
  }
  return run;
}

/** Adds `chunk` requests to the run and its stratum, and answers how many had the event. */
function serve(
  { control_rate, variant_rate }: SimulationPlan,
  share: number,
  chunk: number,
  run: Run,
  stratum: EventStratum,
  random: Random,
): number {
  const canary = binomialDraw(random, chunk, share);
  const inCanary = binomialDraw(random, canary, variant_rate);
  const inControl = binomialDraw(random, chunk - canary, control_rate);
  run.requests += chunk;
  run.canaryRequests += canary;
  run.canaryEvents += inCanary;
  stratum.events_variant += inCanary;
  stratum.events_control += inControl;
  return inCanary + inControl;
}

/** A lower rate is worse where the control's is too many times the canary's: the same test with the arms swapped. */
function isHarmful({ harm, rule }: SimulationPlan, strata: readonly EventStratum[]): boolean {
  const sides =
    harm === "higher"
      ? strata
      : strata.map(({ share, events_variant, events_control }) => ({
          share: 1 - share,
          events_variant: events_control,
          events_control: events_variant,
        }));
  const test = eventShareTest(sides, rule.margin);
  return test.ok && isEvidenceAgainst(test.value.logEValue, rule.alpha);
}

function quantilesOf(runs: readonly Run[], of: (run: Run) => number): Quantiles {
  const values = runs.filter(({ conclusion }) => conclusion === "rolled_back").map(of);
  values.sort((a, b) => a - b);
  const at = (q: number): number | null => values[Math.ceil(q * runs.length) - 1] ?? null;
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}

const MOST_REPLICATIONS = 2_000;
const FARTHEST_HORIZON = 100_000_000;
const MOST_STEPS = 50;

function findInvalid(plan: SimulationPlan): Omit<SimulationError, "code"> | null {
  const { rule, steps } = plan;
  const checks: [isRight: boolean, pointer: string, expected: string][] = [
    [isRate(plan.control_rate), "#/control_rate", "a rate from 0 to 1"],
    [isRate(plan.variant_rate), "#/variant_rate", "a rate from 0 to 1"],
    [isPositive(plan.requests_per_second), "#/requests_per_second", "a number above 0"],
    [isBetween(0, rule.alpha, 1), "#/rule/alpha", "a number between 0 and 1"],
    [rule.margin >= 1 && isPositive(rule.margin), "#/rule/margin", "a ratio of at least 1"],
    [
      isWhole(plan.replications, MOST_REPLICATIONS),
      "#/replications",
      `a whole number from 1 to ${MOST_REPLICATIONS}`,
    ],
    [
      isWhole(plan.horizon_requests, FARTHEST_HORIZON),
      "#/horizon_requests",
      `a whole number from 1 to ${FARTHEST_HORIZON}`,
    ],
    [steps.length >= 1 && steps.length <= MOST_STEPS, "#/steps", `1 to ${MOST_STEPS} steps`],
    ...steps.flatMap((step, index): [boolean, string, string][] => [
      [
        step.share === 1 || isBetween(0, step.share, 1),
        `#/steps/${index}/weight`,
        "a share above 0 and at most 1",
      ],
      [
        step.hold_seconds >= 0 && Number.isFinite(step.hold_seconds),
        `#/steps/${index}/hold_seconds`,
        "a number of at least 0",
      ],
      [
        step.minimum_outcomes >= 0 && Number.isSafeInteger(step.minimum_outcomes),
        `#/steps/${index}/minimum_outcomes`,
        "a whole number of at least 0",
      ],
    ]),
  ];
  const wrong = checks.find(([isRight]) => !isRight);
  return wrong ? { pointer: wrong[1], detail: `expected ${wrong[2]}` } : null;
}

const isRate = (x: number): boolean => x >= 0 && x <= 1;
const isPositive = (x: number): boolean => x > 0 && Number.isFinite(x);
const isBetween = (low: number, x: number, high: number): boolean => low < x && x < high;
const isWhole = (x: number, most: number): boolean =>
  Number.isSafeInteger(x) && x >= 1 && x <= most;
