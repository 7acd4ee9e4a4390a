import { describe, expect, it, vi } from "vitest";
import type { RollbackPolicy } from "../../../domain/experiments/experiment.ts";
import { judge } from "../../../domain/experiments/guard.ts";
import type { EpochWeights } from "../../../domain/experiments/sample-ratio.ts";
import { type Cell, noTotals } from "../../../domain/experiments/totals.ts";
import { binomialDraw } from "../../../domain/statistics/binomial-draw.ts";
import { binOf } from "../../../domain/statistics/quantile-sketch.ts";
import { lognormal, type Random, seededRandom } from "../../../domain/statistics/random.ts";
import { twoProportionZTest } from "../../../domain/statistics/two-proportion-z-test.ts";
import { epochOf, rollbackPolicy, variantsOf } from "./plain-cells.ts";

/** Every share that is simulated is allowed this many standard errors. */
const sure = (rate: number, runs: number): number =>
  rate + 3 * Math.sqrt((rate * (1 - rate)) / runs);

type Arm = { requests: number; errors: number; bins: Map<number, number> };
const armCell = (epoch: number, variant: number, { requests, errors, bins }: Arm): Cell => ({
  ...noTotals,
  epoch,
  variant,
  counts: { requests, errors, reported: 0, reported_errors: 0 },
  bins: [...bins],
});

type Looked = { control: Arm; canary: Arm; cells: Cell[]; epochs: EpochWeights[] };
type Plan = {
  /** Both arms' error rates and the canary's share, epoch by epoch. */
  epochs: readonly { control: number; canary: number; share: number; outcomes: number }[];
  outcomes_per_look: number;
  /** Milliseconds, in each arm; none by default. */
  latency?: (random: Random) => number;
};

/** Plays a plan and asks `stop` after every look, until it says so. */
function play(
  plan: Plan,
  seed: string,
  stop: (looked: Looked) => boolean,
): Looked & { stopped: boolean } {
  const random = seededRandom(seed);
  const nobody = (): Arm => ({ requests: 0, errors: 0, bins: new Map() });
  const [control, canary] = [nobody(), nobody()];
  const cells: Cell[] = [];
  const epochs: EpochWeights[] = [];
  const looked = { control, canary, cells, epochs };
  for (const [index, { share, outcomes, ...rates }] of plan.epochs.entries()) {
    const epoch = index + 1;
    epochs.push(epochOf(epoch, [1 - share, share]));
    const [here, there] = [nobody(), nobody()];
    cells.push(armCell(epoch, 0, here), armCell(epoch, 1, there));
    for (let done = 0; done < outcomes; done += plan.outcomes_per_look) {
      const ofCanary = binomialDraw(random, plan.outcomes_per_look, share);
      const sizes = [plan.outcomes_per_look - ofCanary, ofCanary] as const;
      for (const [all, one, size, rate] of [
        [control, here, sizes[0], rates.control],
        [canary, there, sizes[1], rates.canary],
      ] as const) {
        const errors = binomialDraw(random, size, rate);
        for (const arm of [all, one]) {
          arm.requests += size;
          arm.errors += errors;
        }
        for (let at = 0; plan.latency && at < size; at++) {
          const bin = binOf(plan.latency(random));
          one.bins.set(bin, (one.bins.get(bin) ?? 0) + 1);
        }
      }
      cells.splice(-2, 2, armCell(epoch, 0, here), armCell(epoch, 1, there));
      if (stop(looked)) return { ...looked, stopped: true };
    }
  }
  return { ...looked, stopped: false };
}

const guardOf = (policy: Partial<RollbackPolicy> = {}, guardrail_metrics: string[] = []) => {
  const definition = {
    variants: variantsOf(),
    rollback: rollbackPolicy(policy),
    guardrail_metrics,
  };
  return ({ cells, epochs }: Looked): boolean => judge(definition, cells, epochs).breach !== null;
};

/** What people do: a one-sided z test at 5 % at every look. */
const zTest = ({ control, canary }: Looked): boolean => {
  const counted = ({ errors, requests }: Arm) => ({ successes: errors, trials: requests });
  const tested = twoProportionZTest(counted(control), counted(canary), "larger");
  return tested.ok && tested.value.pValue < 0.05;
};

/** What people do: the canary's errors of the last window of its requests, 1.2 times control's. */
const windowRule = (window: number) => {
  const seen: { control: Arm; canary: Arm }[] = [];
  return ({ control, canary }: Looked): boolean => {
    seen.push({ control: { ...control }, canary: { ...canary } });
    const before = seen.findLast((look) => canary.requests - look.canary.requests >= window);
    const rate = (now: Arm, then: Arm | undefined): number =>
      (now.errors - (then?.errors ?? 0)) / Math.max(1, now.requests - (then?.requests ?? 0));
    if (canary.requests < window) return false;
    return rate(canary, before?.canary) > 1.2 * rate(control, before?.control);
  };
};

// Simulations share a machine with other suites.
vi.setConfig({ testTimeout: 60_000 });

const RUNS = 500;
const shareOf = (plan: Plan, name: string, rule: () => (looked: Looked) => boolean): number =>
  Array.from({ length: RUNS }, (_, run) => play(plan, `${name}/${run}`, rule()).stopped).filter(
    Boolean,
  ).length / RUNS;

const at = (control: number, canary: number, share: number, outcomes: number): Plan => ({
  epochs: [{ control, canary, share, outcomes }],
  outcomes_per_look: 50,
});

describe("a canary that is harmless, with a look after every 50 outcomes", () => {
  it("is seldom rolled back: at most as declared, where other rules nearly always do", () => {
    const alike = at(0.05, 0.05, 0.5, 5_000);
    const policy = { error_rate_threshold: 0.05 };
    const guard = shareOf(alike, "alike", () => guardOf(policy));
    const fixed = shareOf(alike, "alike", () => zTest);
    const windowed = shareOf(alike, "alike", () => windowRule(500));
    console.info(
      `false rollbacks of ${RUNS} canaries that fail like control (5 %), 100 looks: ` +
        `guard ${guard}, z test ${fixed}, 1.2x in 500 requests ${windowed}`,
    );
    expect(guard).toBeLessThanOrEqual(sure(0.05, RUNS));
    expect(fixed).toBeGreaterThan(0.2);
    expect(windowed).toBeGreaterThan(0.5);
  });

  it("may be as bad as is tolerated, in each way at once", () => {
    const worst = at(0.05, 0.055, 0.5, 5_000);
    const guard = shareOf(worst, "worst", () => guardOf({ error_rate_threshold: 0.055 }));
    console.info(`false rollbacks at the margin of all guardrails: ${guard}`);
    expect(guard).toBeLessThanOrEqual(sure(0.05, RUNS));
  });

  it("may have several guardrails, all at their margins", () => {
    const plan: Plan = {
      ...at(0.05, 0.055, 0.5, 1_000),
      outcomes_per_look: 100,
      latency: (random) => lognormal(random, 4, 0.5),
    };
    const policy = { error_rate_threshold: 0.055, latency_degradation_threshold: 0 };
    const guardrails = ["latency_p50_ms", "latency_p99_ms", "success_rate"];
    const margins = { latency_p50_ms: 0, latency_p99_ms: 0, success_rate: 0.0053 };
    const guard = shareOf(plan, "several", () =>
      guardOf({ ...policy, guardrail_margins: margins }, guardrails),
    );
    console.info(`false rollbacks with six guardrails at their margins: ${guard}`);
    expect(guard).toBeLessThanOrEqual(sure(0.05, RUNS));
  });

  it("may run while the base rate and the weights drift, which a pooled test takes for harm", () => {
    const drifting: Plan = {
      epochs: [
        { control: 0.01, canary: 0.01, share: 0.05, outcomes: 2_000 },
        { control: 0.03, canary: 0.03, share: 0.25, outcomes: 1_000 },
        { control: 0.12, canary: 0.12, share: 0.75, outcomes: 2_000 },
      ],
      outcomes_per_look: 50,
    };
    const policy = { error_rate_threshold: 0.15 };
    const guard = shareOf(drifting, "drifting", () => guardOf(policy));
    const fixed = shareOf(drifting, "drifting", () => zTest);
    console.info(`false rollbacks under drift: guard ${guard}, pooled z test ${fixed}`);
    expect(guard).toBeLessThanOrEqual(sure(0.05, RUNS));
    expect(fixed).toBeGreaterThan(0.9);
  });

  it("may have heavy users: four requests of five, of one in five by weight", () => {
    // The design says 0.2, the requests say 0.8; every request fails as often.
    const plan = at(0.05, 0.05, 0.8, 5_000);
    const rollback = rollbackPolicy({ error_rate_threshold: 0.1 });
    const definition = { variants: variantsOf(), rollback, guardrail_metrics: [] };
    const rule = ({ cells }: Looked): boolean =>
      judge(definition, cells, [epochOf(1, [0.8, 0.2])]).breach !== null;
    const guard = shareOf(plan, "heavy", () => rule);
    console.info(`false rollbacks with heavy users in the canary: ${guard}`);
    expect(guard).toBeLessThanOrEqual(sure(0.05, RUNS));
  });
});

describe("a canary that doubles an error rate of 5 %", () => {
  it.each([0.5, 0.1])("is found after some hundred of its requests, at a share of %d", (share) => {
    const plan = { ...at(0.05, 0.1, share, 100_000), outcomes_per_look: share === 0.5 ? 50 : 100 };
    const runs = 200;
    const needed = Array.from({ length: runs }, (_, run) => {
      const { canary, stopped } = play(plan, `doubled/${share}/${run}`, guardOf());
      return stopped ? canary.requests : Infinity;
    }).toSorted((a, b) => a - b);
    const [median, most] = [needed[runs / 2] ?? NaN, needed[Math.floor(runs * 0.95)] ?? NaN];
    console.info(
      `canary requests to find 10 % for 5 % at a share of ${share}: median ${median}, 95 % within ${most}`,
    );
    expect(median).toBeLessThan(500);
    expect(most).toBeLessThan(1_200);
  });
});
