import { readFileSync } from "node:fs";
import jStat from "jstat";
import { cumulativeStdNormalProbability } from "simple-statistics";
import { betaCdf } from "../../../domain/statistics/beta.ts";
import { fisherExactTest } from "../../../domain/statistics/fisher-exact-test.ts";
import { chiSquareSf } from "../../../domain/statistics/gamma.ts";
import { normalSf } from "../../../domain/statistics/normal.ts";
import type { Proportion } from "../../../domain/statistics/proportion.ts";
import { studentTSf } from "../../../domain/statistics/student-t.ts";
import { twoProportionZTest } from "../../../domain/statistics/two-proportion-z-test.ts";
import { welchTTest } from "../../../domain/statistics/welch-t-test.ts";
import { ROOT } from "../../../scripts/lib/build.ts";
import type { Row } from "./row.ts";

/** Arguments, then the value as mpmath has it. */
type Case = [...number[], string];
type Value = (...arguments_: number[]) => number;
type Compared = { name: string; value: Value };
type Quantity = {
  measure: string;
  cases: readonly Case[];
  ours: Value;
  peers: readonly Compared[];
};

const JSTAT = "jstat";
const SIMPLE = "simple-statistics";
const SMALLEST_NORMAL = 2 ** -1022;

/** What people look at; below it only evidence over many looks needs to be right. */
const EVERYDAY = 1e-6;

/** The largest relative error of each, over the grid beside this file and the vectors of the tests. */
export function measurePValues(): Row[] {
  return quantities().map(({ measure, cases, ours, peers }) => {
    const smallest = Math.min(...cases.map((parts) => Number(parts.at(-1))));
    return {
      measure: `largest relative error (of p ≥ ${EVERYDAY}): ${measure}`,
      ours: errors(ours, cases),
      peers: peers.map(({ name, value }) => ({ name, value: errors(value, cases) })),
      how: `${cases.length} values down to ${smallest.toExponential(0)} against mpmath with 50 digits`,
    };
  });
}

const errors = (value: Value, cases: readonly Case[]): string => {
  const everyday = cases.filter((parts) => Number(parts.at(-1)) >= EVERYDAY);
  return `${errorOf(value, cases)} (${errorOf(value, everyday)})`;
};

function errorOf(value: Value, cases: readonly Case[]): string {
  const found = cases.map((parts) => {
    const expected = Number(parts.at(-1));
    return Math.abs(value(...parts.slice(0, -1).map(Number)) - expected) / expected;
  });
  return found.some(Number.isNaN) ? "not a number" : Math.max(0, ...found).toExponential(1);
}

const read = (path: string): unknown => JSON.parse(readFileSync(`${ROOT}/tests/${path}`, "utf8"));
const vectors = <T>(name: string): T[] =>
  (read(`unit/vectors/statistics/${name}.json`) as { cases: T[] }).cases;

/** A relative error means nothing where the value itself is subnormal. */
const seen = (cases: readonly Case[]): Case[] =>
  cases.filter((parts) => Number(parts.at(-1)) >= SMALLEST_NORMAL);

function quantities(): Quantity[] {
  type Grid = Record<"normal" | "studentT" | "chiSquare" | "beta", Case[]>;
  const grid = read("bench/experiments/tail-probabilities.json") as Grid;
  type Tail = { z: string; t: string; x: string; df: string | number; sf: string };
  const tails = (name: string, arguments_: (tail: Tail) => (string | number)[]): Case[] =>
    vectors<Tail>(name).map((tail) => [...arguments_(tail).map(Number), tail.sf]);
  return [
    {
      measure: "one-sided p of z",
      cases: seen([...grid.normal, ...tails("normal", ({ z }) => [z])]),
      ours: (z) => normalSf(z),
      peers: [
        // Its p-values are of |z|, so that a negative z is turned round as its users would.
        { name: JSTAT, value: (z) => (z < 0 ? 1 - jStat.ztest(z, 1) : jStat.ztest(z, 1)) },
        { name: SIMPLE, value: (z) => 1 - cumulativeStdNormalProbability(z) },
      ],
    },
    {
      measure: "one-sided p of Student's t",
      cases: seen([...grid.studentT, ...tails("student_t_sf", ({ t, df }) => [t, df])]),
      ours: (t, df) => studentTSf(t, df),
      peers: [{ name: JSTAT, value: (t, df) => jStat.ttest(t, df + 1, 1) }],
    },
    {
      measure: "p of chi-square",
      cases: seen([...grid.chiSquare, ...tails("chi2_sf", ({ x, df }) => [x, df])]),
      ours: (x, df) => chiSquareSf(x, df),
      peers: [{ name: JSTAT, value: (x, df) => 1 - jStat.chisquare.cdf(x, df) }],
    },
    {
      measure: "posterior P(rate ≤ x) of a beta",
      cases: seen(grid.beta),
      ours: (a, b, x) => betaCdf(x, a, b),
      peers: [{ name: JSTAT, value: (a, b, x) => jStat.beta.cdf(x, a, b) }],
    },
    ...tests(),
  ];
}

function tests(): Quantity[] {
  type ZTest = { x1: number; n1: number; x2: number; n2: number; p_two_sided: string };
  type Welch = Record<"mean1" | "sd1" | "n1" | "mean2" | "sd2" | "n2", number> & {
    p_two_sided: string;
  };
  type Fisher = { control: Proportion; variant: Proportion; p_two_sided: string };
  const pOf = (result: { ok: true; value: { pValue: number } } | { ok: false }): number =>
    result.ok ? result.value.pValue : Number.NaN;
  return [
    {
      measure: "two-proportion z test",
      cases: seen(
        vectors<ZTest>("two_proportion_z").map(({ x1, n1, x2, n2, p_two_sided }) => [
          x1,
          n1,
          x2,
          n2,
          p_two_sided,
        ]),
      ),
      ours: (x1, n1, x2, n2) =>
        pOf(twoProportionZTest({ successes: x1, trials: n1 }, { successes: x2, trials: n2 })),
      peers: [
        {
          name: JSTAT,
          value: (x1, n1, x2, n2) => {
            const pooled = (x1 + x2) / (n1 + n2);
            const error = Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
            return jStat.ztest((x2 / n2 - x1 / n1) / error, 2);
          },
        },
      ],
    },
    {
      measure: "Welch's t test",
      cases: vectors<Welch>("welch_t").map((c) => [
        c.mean1,
        c.sd1,
        c.n1,
        c.mean2,
        c.sd2,
        c.n2,
        c.p_two_sided,
      ]),
      ours: (mean1, sd1, n1, mean2, sd2, n2) =>
        pOf(
          welchTTest(
            { mean: mean1, variance: sd1 ** 2, count: n1 },
            { mean: mean2, variance: sd2 ** 2, count: n2 },
            0.95,
          ),
        ),
      peers: [
        {
          name: JSTAT,
          value: (mean1, sd1, n1, mean2, sd2, n2) => {
            const [v1, v2] = [sd1 ** 2 / n1, sd2 ** 2 / n2];
            const df = (v1 + v2) ** 2 / (v1 ** 2 / (n1 - 1) + v2 ** 2 / (n2 - 1));
            return jStat.ttest((mean2 - mean1) / Math.sqrt(v1 + v2), df + 1, 2);
          },
        },
      ],
    },
    {
      measure: "Fisher's exact test",
      cases: seen(
        vectors<Fisher>("fisher_exact").map(({ control, variant, p_two_sided }) => [
          control.successes,
          control.trials,
          variant.successes,
          variant.trials,
          p_two_sided,
        ]),
      ),
      ours: (x1, n1, x2, n2) =>
        pOf(fisherExactTest({ successes: x1, trials: n1 }, { successes: x2, trials: n2 })),
      peers: [],
    },
  ];
}
