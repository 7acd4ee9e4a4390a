import { judge } from "../../../domain/experiments/guard.ts";
import type { Variant, RollbackPolicy } from "../../../domain/experiments/experiment.ts";
import { type Cell, noTotals } from "../../../domain/experiments/totals.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { binomialDraw } from "../../../domain/statistics/binomial-draw.ts";
import { type Random, seededRandom } from "../../../domain/statistics/random.ts";
import { twoProportionZTest } from "../../../domain/statistics/two-proportion-z-test.ts";
import { type Options, percent, quantileOf, type Row, whole } from "./row.ts";

const ERROR_RATE = 0.02;
const CANARY_SHARE = 0.1;
const ALPHA = 0.05;
/** Outcomes of both variants between two looks. */
const LOOK = 50;
/** Outcomes of both variants in a window of the ratio rule, so that it has 100 of the canary. */
const WINDOW = 1_000;
/** Outcomes of both variants after which an experiment is over. */
const HORIZON = 50_000;
const TOLERATED_RATIO = 1.2;

type Arm = { requests: number; errors: number };
/** Both variants so far, and in the window that ends here, if one does. */
type Look = {
  canary: Arm;
  control: Arm;
  window: { canary: Arm; control: Arm } | null;
  isLast: boolean;
};
type Rule = { name: string; isBroken: (look: Look) => boolean };

const policy: RollbackPolicy = {
  rule: "always_valid",
  false_rollback_rate: ALPHA,
  error_rate_threshold: 0.05,
  error_degradation_threshold: 0.1,
  latency_degradation_threshold: 0.2,
  min_requests: 100,
  guardrail_margins: {},
  compare_with: "control",
  mode: "automatic",
  cool_down_seconds: 300,
  no_data: { after_seconds: 3_600, action: "hold" },
};
const weights = [WHOLE * (1 - CANARY_SHARE), WHOLE * CANARY_SHARE];
const variants: Variant[] = weights.map((weight, index) => ({
  variant_id: `var_${index}`,
  name: `version ${index + 1}`,
  model: "bench",
  model_id: "mdl_bench",
  version: index + 1,
  weight,
  is_control: index === 0,
  is_baseline: false,
}));

const cellOf = (variant: number, { requests, errors }: Arm): Cell => ({
  ...noTotals,
  epoch: 1,
  variant,
  counts: { requests, errors, reported: requests, reported_errors: errors },
});
const errorRate = ({ errors, requests }: Arm): number => (requests === 0 ? 0 : errors / requests);

const guard: Rule = {
  name: "linnet",
  isBroken: ({ canary, control }) => {
    const judged = { variants, rollback: policy, guardrail_metrics: [] };
    const cells = [cellOf(0, control), cellOf(1, canary)];
    return judge(judged, cells, [{ epoch: 1, status: "running", weights }]).breach !== null;
  },
};
const isWorse = ({ canary, control }: Look): boolean => {
  const tested = twoProportionZTest(
    { successes: control.errors, trials: control.requests },
    { successes: canary.errors, trials: canary.requests },
    "larger",
  );
  return tested.ok && tested.value.pValue < ALPHA;
};
const OTHERS: readonly Rule[] = [
  { name: `z test at ${ALPHA} after each look:`, isBroken: isWorse },
  {
    name: `error rate over ${TOLERATED_RATIO} × the control's in any ${whole(WINDOW)} outcomes:`,
    isBroken: ({ window }) =>
      window !== null && errorRate(window.canary) > TOLERATED_RATIO * errorRate(window.control),
  },
  {
    name: `z test at ${ALPHA} once, at the end:`,
    isBroken: (look) => look.isLast && isWorse(look),
  },
];

/** How often a rule rolls a harmless canary back, and how soon one that fails twice as often. */
export function measureFalseAlarms({ quick }: Options): Row[] {
  const replications = quick ? 40 : 400;
  const [ours, ...theirs] = [guard, ...OTHERS].map((rule) => {
    const at = (ratio: number) =>
      Array.from({ length: replications }, (_, seed) =>
        requestsToAlarm(rule, ERROR_RATE * ratio, seededRandom(`alarms/${ratio}/${seed}`)),
      );
    const [harmless, doubled] = [at(1), at(2)];
    return {
      name: rule.name,
      false: shareOf(harmless),
      found: shareOf(doubled),
      delay: quantileOf(doubled, 0.5),
    };
  });
  if (!ours) return [];
  const how = `simulation, ${replications} replications of ${whole(HORIZON)} outcomes, canary ${percent(CANARY_SHARE, 0)}, errors ${percent(ERROR_RATE, 0)}, a look every ${LOOK}`;
  return [
    {
      measure: "harmless canaries rolled back",
      ours: percent(ours.false, 1),
      peers: theirs.map(({ name, ...rule }) => ({ name, value: percent(rule.false, 1) })),
      how,
    },
    {
      measure: "canary requests until one with twice the errors is rolled back, median",
      ours: `${written(ours.delay)}, found ${percent(ours.found, 0)}`,
      peers: theirs.map(({ name, delay, found }) => ({
        name,
        value: `${written(delay)}, found ${percent(found, 0)}`,
        ratio: (ours.delay / delay).toFixed(2),
      })),
      how,
    },
  ];
}

const written = (delay: number): string => (Number.isFinite(delay) ? whole(delay) : "never");
const shareOf = (delays: readonly number[]): number =>
  delays.filter(Number.isFinite).length / delays.length;

/** Canary requests until the rule is broken; Infinity if it never is. */
function requestsToAlarm(rule: Rule, canaryRate: number, random: Random): number {
  const canary: Arm = { requests: 0, errors: 0 };
  const control: Arm = { requests: 0, errors: 0 };
  let window = { canary: { ...canary }, control: { ...control } };
  for (let served = LOOK; served <= HORIZON; served += LOOK) {
    const inCanary = binomialDraw(random, LOOK, CANARY_SHARE);
    serve(inCanary, canaryRate, random, [canary, window.canary]);
    serve(LOOK - inCanary, ERROR_RATE, random, [control, window.control]);
    const ended = served % WINDOW === 0 ? window : null;
    const look = { canary, control, window: ended, isLast: served === HORIZON };
    if (rule.isBroken(look)) return canary.requests;
    if (ended) window = { canary: { requests: 0, errors: 0 }, control: { requests: 0, errors: 0 } };
  }
  return Number.POSITIVE_INFINITY;
}

function serve(requests: number, rate: number, random: Random, arms: readonly Arm[]): void {
  const errors = binomialDraw(random, requests, rate);
  for (const arm of arms) {
    arm.requests += requests;
    arm.errors += errors;
  }
}
